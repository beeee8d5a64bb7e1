"""Writing commits: changes apply in order, and what cannot be is refused."""

from __future__ import annotations

import subprocess

import pytest

from pioche.errors import (
    Conflict,
    EntryNotFound,
    InvalidPath,
    RevisionNotFound,
)
from pioche.ports.gitstore import (
    Change,
    CopyEntry,
    DeleteFile,
    DeleteFolder,
    GitRepo,
    GitStore,
    PutBlob,
    PutFile,
    Signature,
)
from pioche.testkit.gitstore import ALICE, commit, git, paths


def test_changes_apply_in_order(repo: GitRepo) -> None:
    one = commit(repo, PutFile("a/x", b"1"), PutFile("a/y", b"2"), PutFile("b", b"3"))
    two = commit(
        repo,
        DeleteFolder("a"),
        PutFile("a", b"a file now"),
        CopyEntry("b", one, "copy/of/b"),
        DeleteFile("b"),
        PutFile("b/in", b"a folder now"),
        CopyEntry("a", one, "old-a"),
    )
    assert paths(repo, two) == [
        "a",
        "b",
        "b/in",
        "copy",
        "copy/of",
        "copy/of/b",
        "old-a",
        "old-a/x",
        "old-a/y",
    ]
    assert paths(repo, one) == ["a", "a/x", "a/y", "b"]


def test_empty_folders_vanish(repo: GitRepo) -> None:
    commit(repo, PutFile("a/b/c", b"1"), PutFile("d", b"2"))
    head = commit(repo, DeleteFile("a/b/c"))
    assert paths(repo, head) == ["d"]
    head = commit(repo, DeleteFile("d"))
    assert repo.tree(head) == []
    head = commit(repo, PutFile("e", b"1"))
    assert paths(repo, head) == ["e"]


def test_a_folder_emptied_in_the_same_commit_can_become_a_file(repo: GitRepo) -> None:
    commit(repo, PutFile("a/b", b"1"))
    head = commit(repo, DeleteFile("a/b"), PutFile("a", b"2"))
    assert paths(repo, head) == ["a"]


@pytest.mark.parametrize("change", [DeleteFile("nope"), DeleteFile("a"), DeleteFile("a/f/x"), DeleteFolder("f")])
def test_deleting_what_is_not_there(repo: GitRepo, change: Change) -> None:
    commit(repo, PutFile("a/f", b"1"), PutFile("f", b"1"))
    with pytest.raises(EntryNotFound, match="with this name doesn't exist"):
        commit(repo, change)


def test_copying_what_is_not_there(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    with pytest.raises(EntryNotFound):
        commit(repo, CopyEntry("nope", head, "b"))


@pytest.mark.parametrize(
    "change",
    [
        PutFile("a", b"over a folder"),
        PutFile("f/below", b"below a file"),
        PutFile("A/f", b"case of a folder"),
        PutFile("F", b"case of a file"),
        PutFile("../x", b""),
        PutFile(".git/config", b""),
        PutFile("x/.GIT/y", b""),
        PutFile("/abs", b""),
        PutFile("x\n", b""),
        DeleteFolder(""),
    ],
)
def test_paths_that_cannot_be(repo: GitRepo, change: Change) -> None:
    commit(repo, PutFile("a/f", b"1"), PutFile("f", b"1"))
    with pytest.raises(InvalidPath):
        commit(repo, change)


def test_case_can_be_changed_by_deleting_first(repo: GitRepo) -> None:
    commit(repo, PutFile("readme.MD", b"1"), PutFile("dir/a", b"1"))
    head = commit(
        repo, DeleteFile("readme.MD"), PutFile("README.md", b"1"), DeleteFile("dir/a"), PutFile("Dir/a", b"1")
    )
    assert paths(repo, head) == ["Dir", "Dir/a", "README.md"]


def test_an_executable_stays_one(repo: GitRepo) -> None:
    commit(repo, PutFile("run", b"1", executable=True))
    assert repo.entry(commit(repo, PutFile("run", b"2")), "run").executable


def test_a_commit_that_changes_nothing_has_the_same_tree(repo: GitRepo) -> None:
    one = commit(repo, PutFile("a", b"1"))
    two = repo.write_commit([one], [PutFile("a", b"1")], ALICE, "again")
    assert two != one
    assert repo.tree_oid(two) == repo.tree_oid(one)


@pytest.mark.parametrize("count", [3, 11, 12, 13, 300])
def test_few_or_many_objects_are_the_same_to_git(store: GitStore, repo: GitRepo, count: int) -> None:
    files = {f"d{n % 7}/f{n}": bytes([n % 256]) * (n * 37 % 5000) for n in range(count)}
    head = commit(repo, *(PutFile(path, content) for path, content in files.items()))
    git(store, 1, "fsck", "--strict", "--full")
    for pack in store.path(1).glob("objects/pack/*.idx"):
        subprocess.run(["git", "verify-pack", str(pack)], check=True)
    assert len(list(store.path(1).glob("objects/pack/*.pack"))) == (1 if count > 10 else 0)
    for path, content in files.items():
        assert repo.read(repo.entry(head, path).oid) == content


def test_messages_and_names_cannot_forge_headers(store: GitStore, repo: GitRepo) -> None:
    evil = Signature("Eve <x>\nauthor Bob", "e\n@x>", 5000)
    head = repo.write_commit([], [PutFile("a", b"")], evil, "title\n\nbody with \0 nul\n\n")
    info = repo.commit(head)
    assert (info.author_name, info.author_email, info.date_ms) == ("Eve xauthor Bob", "e@x", 5000)
    assert (info.title, info.message) == ("title", "title\n\nbody with  nul")
    git(store, 1, "fsck", "--strict")
    nobody = repo.commit(repo.write_commit([], [], Signature("", "", 0), "x"))
    assert nobody.author_name == "unknown"


def test_unknown_parents_are_refused(repo: GitRepo) -> None:
    with pytest.raises(RevisionNotFound):
        repo.write_commit(["1" * 40], [PutFile("a", b"")], ALICE, "x")


def test_squash_keeps_the_tree_and_drops_the_past(repo: GitRepo) -> None:
    commit(repo, PutFile("a", b"1"))
    head = commit(repo, PutFile("b", b"2"), at=1)
    lone = repo.squash(head, "all in one", ALICE)
    assert repo.tree_oid(lone) == repo.tree_oid(head)
    assert repo.commit(lone).parents == ()
    assert repo.count_commits(lone) == 1


def test_merge_and_conflicts(repo: GitRepo) -> None:
    base = commit(repo, PutFile("a", b"1\n"), PutFile("b", b"1\n"))
    ours = repo.write_commit([base], [PutFile("a", b"2\n")], ALICE, "ours")
    theirs = repo.write_commit([base], [PutFile("b", b"2\n")], ALICE, "theirs")
    rival = repo.write_commit([base], [PutFile("a", b"3\n")], ALICE, "rival")
    assert repo.merge_base(ours, theirs) == base
    assert repo.ahead_behind(ours, base) == (1, 0)
    merged = repo.merge(ours, theirs, ALICE, "merge")
    assert repo.commit(merged).parents == (ours, theirs)
    assert [repo.read(repo.entry(merged, p).oid) for p in "ab"] == [b"2\n", b"2\n"]
    assert repo.conflicts(ours, theirs) == []
    assert repo.conflicts(ours, rival) == ["a"]
    with pytest.raises(Conflict) as caught:
        repo.merge(ours, rival, ALICE, "no")
    assert caught.value.details["files"] == ["a"]


def test_contents_stored_before_are_committed_by_their_ids(repo: GitRepo) -> None:
    oids = repo.write_blobs([b"one", b"two", b"one"])
    assert oids[0] == oids[2] != oids[1]
    oid = repo.write_commit([], [PutBlob("a", oids[0]), PutBlob("d/b", oids[1])], ALICE, "from blobs")
    assert [repo.read(repo.entry(oid, path).oid) for path in ("a", "d/b")] == [b"one", b"two"]
