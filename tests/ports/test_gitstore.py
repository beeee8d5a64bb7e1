"""What every `GitStore` promises. A new implementation adds itself to `IMPLEMENTATIONS`."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pioche.errors import (
    BlobNotFound,
    Conflict,
    EntryNotFound,
    InvalidName,
    InvalidPath,
    RefMoved,
    RepoNotFound,
    RevisionNotFound,
)
from pioche.ports.gitstore import (
    Change,
    CopyEntry,
    DeleteFile,
    DeleteFolder,
    GitRepo,
    GitStore,
    PutFile,
    PutPointer,
    Signature,
)
from pioche.ports.gitstore.bare import BareGitStore
from pioche.protocols.lfs import format_pointer

IMPLEMENTATIONS: dict[str, Callable[[Path], GitStore]] = {"bare": BareGitStore}
ALICE = Signature("Alice Ä", "alice@example.org", 1_700_000_000_000)
SHA = "ab" * 32


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GitStore:
    return IMPLEMENTATIONS[request.param](tmp_path / "git")


@pytest.fixture
def repo(store: GitStore) -> GitRepo:
    store.create(1)
    return store.open(1)


def later(seconds: int) -> Signature:
    return Signature(ALICE.name, ALICE.email, ALICE.date_ms + seconds * 1000)


def commit(repo: GitRepo, *changes: Change, branch: str = "main", at: int = 0, text: str = "a change") -> str:
    """Put a commit on a branch, as the hub does."""
    ref = f"refs/heads/{branch}"
    try:
        old: str | None = repo.resolve(ref)
    except RevisionNotFound:
        old = None
    new = repo.write_commit([old] if old else [], changes, later(at), text)
    repo.move_ref(ref, new, old)
    return new


def git(store: GitStore, repo: int, *arguments: str) -> str:
    command = ["git", "-C", str(store.path(repo)), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def paths(repo: GitRepo, oid: str, path: str = "", recursive: bool = True) -> list[str]:
    return [node.path for node in repo.tree(oid, path, recursive)]


# -- the store --


def test_an_empty_repository(store: GitStore, repo: GitRepo) -> None:
    for revision in ("main", "HEAD", "refs/heads/main", "0" * 40):
        with pytest.raises(RevisionNotFound):
            repo.resolve(revision)
    assert repo.refs() == []
    with pytest.raises(Conflict):
        store.create(1)


def test_a_missing_repository(store: GitStore) -> None:
    with pytest.raises(RepoNotFound):
        store.open(99).refs()
    store.delete(99)


def test_delete_is_final_and_the_id_can_be_used_again(store: GitStore, repo: GitRepo) -> None:
    commit(repo, PutFile("a", b"1"))
    store.delete(1)
    with pytest.raises(RepoNotFound):
        repo.resolve("main")
    store.create(1)
    with pytest.raises(RevisionNotFound):
        repo.resolve("main")


def test_copy_takes_branches_and_tags_and_not_pull_requests(store: GitStore, repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    repo.move_ref("refs/pr/1", head, None)
    repo.move_ref("refs/tags/v1", head, None)
    store.copy(1, 2)
    store.delete(1)
    twin = store.open(2)
    assert [r.ref for r in twin.refs(include_prs=True)] == ["refs/heads/main", "refs/tags/v1"]
    assert twin.resolve("HEAD") == head
    assert twin.read(twin.entry(head, "a").oid) == b"1"
    with pytest.raises(RepoNotFound):
        store.copy(77, 3)


def test_the_store_can_be_moved(tmp_path: Path) -> None:
    store = BareGitStore(tmp_path / "one")
    store.create(5)
    head = commit(store.open(5), PutFile("a", b"1"))
    (tmp_path / "one").rename(tmp_path / "two")
    moved = BareGitStore(tmp_path / "two")
    assert moved.open(5).resolve("main") == head
    assert git(moved, 5, "config", "gc.auto").strip() == "0"


def test_maintenance_keeps_everything_readable(store: GitStore, repo: GitRepo) -> None:
    for n in range(5):
        commit(repo, *(PutFile(f"d/{n}-{k}", b"%d" % k) for k in range(30)), at=n)
    head = repo.resolve("main")
    before = repo.tree(head, recursive=True)
    store.maintain(1)
    assert store.open(1).tree(head, recursive=True) == before
    assert repo.read(repo.entry(head, "d/4-7").oid) == b"7"
    assert repo.resolve("main") == head


# -- revisions and refs --


def test_resolve_every_way(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    repo.move_ref("refs/pr/7", head, None)
    tag = repo.create_tag("v1", head, ALICE, "one")
    repo.move_ref("refs/tags/v1", tag, None)
    for revision in (
        "main",
        "v1",
        "refs/pr/7",
        "refs/heads/main",
        "refs/tags/v1",
        head,
        head[:7],
        tag,
        "HEAD",
    ):
        assert repo.resolve(revision) == head
    blob = repo.entry(head, "a").oid
    for revision in (
        "",
        "nope",
        head[:6],
        blob,
        blob[:9],
        "main~1",
        "main:a",
        "main^{tree}",
        "a b",
        "../x",
        "\0",
    ):
        with pytest.raises(RevisionNotFound):
            repo.resolve(revision)


def test_refs_are_sorted_and_peeled(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    repo.move_ref("refs/tags/v1", repo.create_tag("v1", head, ALICE, "one"), None)
    repo.move_ref("refs/heads/a/b", head, None)
    repo.move_ref("refs/pr/3", head, None)
    repo.move_ref("refs/convert/parquet", head, None)
    assert [(r.name, r.target) for r in repo.refs()] == [
        ("parquet", head),
        ("a/b", head),
        ("main", head),
        ("v1", head),
    ]
    assert [r.name for r in repo.refs(include_prs=True)] == ["parquet", "a/b", "main", "3", "v1"]


def test_move_ref_compares_and_swaps(repo: GitRepo) -> None:
    one = commit(repo, PutFile("a", b"1"))
    two = repo.write_commit([one], [PutFile("a", b"2")], ALICE, "two")
    with pytest.raises(RefMoved):
        repo.move_ref("refs/heads/main", two, None)
    with pytest.raises(RefMoved):
        repo.move_ref("refs/heads/main", two, two)
    with pytest.raises(RefMoved):
        repo.move_ref("refs/heads/new", two, one)
    assert repo.resolve("main") == one
    repo.move_ref("refs/heads/main", two, one)
    assert repo.resolve("main") == two
    with pytest.raises(RefMoved):
        repo.move_ref("refs/heads/main", None, one)
    repo.move_ref("refs/heads/main", None, two)
    with pytest.raises(RevisionNotFound):
        repo.resolve("main")


def test_move_ref_refuses_what_cannot_be(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    blob = repo.entry(head, "a").oid
    for target in (blob, "1" * 40):
        with pytest.raises(RevisionNotFound):
            repo.move_ref("refs/heads/x", target, None)
    with pytest.raises(RevisionNotFound):
        repo.move_ref("refs/heads/gone", None, None)
    with pytest.raises(InvalidName):
        repo.move_ref("refs/heads/a..b", head, None)
    for name in ("refs/heads/main/deep", "refs/heads/main/deep/er"):
        with pytest.raises(Conflict, match="beside"):
            repo.move_ref(name, head, None)


def test_an_annotated_tag_is_deleted_by_its_commit(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    repo.move_ref("refs/tags/v1", repo.create_tag("v1", head, ALICE, "one"), None)
    repo.move_ref("refs/tags/v1", None, head)
    with pytest.raises(RevisionNotFound):
        repo.resolve("v1")


def test_one_of_many_racing_writers_wins_each_round(store: GitStore, repo: GitRepo) -> None:
    base = commit(repo, PutFile("a", b"0"))
    wins: list[int] = []
    barrier = threading.Barrier(8)

    def race(me: int) -> None:
        mine = store.open(1)
        new = mine.write_commit([base], [PutFile("a", b"%d" % me)], ALICE, "race")
        barrier.wait()
        try:
            mine.move_ref("refs/heads/main", new, base)
            wins.append(me)
        except RefMoved:
            pass

    threads = [threading.Thread(target=race, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert repo.read(repo.entry(repo.resolve("main"), "a").oid) == b"%d" % wins[0]


def test_a_ref_moved_by_the_git_program_is_seen(store: GitStore, repo: GitRepo) -> None:
    one = commit(repo, PutFile("a", b"1"))
    two = repo.write_commit([one], [PutFile("a", b"2")], ALICE, "two")
    git(store, 1, "pack-refs", "--all")
    git(store, 1, "update-ref", "refs/heads/main", two, one)
    assert repo.resolve("main") == two


# -- trees --


def test_tree_and_entries(repo: GitRepo) -> None:
    head = commit(
        repo,
        PutFile("README.md", b"# hi\n"),
        PutFile("run.sh", b"#!/bin/sh\n", executable=True),
        PutFile("a.txt", b"x"),
        PutFile("a/b/c.bin", b"\0" * 2000),
        PutPointer("a/w.safetensors", SHA, 5_000_000_000),
    )
    assert paths(repo, head, recursive=False) == ["README.md", "a.txt", "a", "run.sh"]
    assert paths(repo, head) == ["README.md", "a.txt", "a", "a/b", "a/b/c.bin", "a/w.safetensors", "run.sh"]
    assert paths(repo, head, "a") == ["a/b", "a/b/c.bin", "a/w.safetensors"]
    node = repo.entry(head, "a/w.safetensors")
    assert (node.kind, node.size, node.name) == ("file", 5_000_000_000, "w.safetensors")
    assert node.pointer is not None
    assert (node.pointer.sha256, node.pointer.size) == (SHA, 5_000_000_000)
    assert node.pointer.pointer_size == len(format_pointer(SHA, 5_000_000_000))
    assert repo.entry(head, "run.sh").executable
    assert repo.entry(head, "a").kind == "directory"
    assert repo.entry(head, "").oid == repo.tree_oid(head)
    assert repo.entry(head, "a/b/c.bin").size == 2000
    assert repo.read(repo.entry(head, "a/b/c.bin").oid, limit=5) == b"\0" * 5


def test_the_listing_is_what_git_lists(store: GitStore, repo: GitRepo) -> None:
    names = ["z", "a-b", "a/x", "a.b/y", "ä/é.txt", "a0", 'sp ace/q uote".txt', "d/e/f/g"]
    head = commit(repo, *(PutFile(name, name.encode()) for name in names))
    listed = [f"{n.oid}\t{n.path}" for n in repo.tree(head, recursive=True)]
    raw = git(store, 1, "ls-tree", "-r", "-t", "-z", head)
    assert listed == [line.split(" ", 2)[2] for line in raw.strip("\0").split("\0")]
    git(store, 1, "fsck", "--strict")


@pytest.mark.parametrize("path", ["nope", "a/nope", "a/f/deeper", "/a", "a//f", "..", "a/", "a\0b"])
def test_missing_entries_name_the_commit(repo: GitRepo, path: str) -> None:
    head = commit(repo, PutFile("a/f", b"1"))
    with pytest.raises(EntryNotFound) as caught:
        repo.entry(head, path)
    assert caught.value.details["commit"] == head


def test_a_file_has_no_listing(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    with pytest.raises(EntryNotFound):
        repo.tree(head, "a")
    with pytest.raises(RevisionNotFound):
        repo.tree("1" * 40)


def test_read_knows_only_file_contents(repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"1"))
    for oid in (head, repo.tree_oid(head), "1" * 40, "main", ""):
        with pytest.raises(BlobNotFound):
            repo.read(oid)


def test_pointers_of_all_history(repo: GitRepo) -> None:
    one = commit(repo, PutPointer("a", SHA, 7), PutPointer("again", SHA, 7))
    two = commit(repo, DeleteFile("a"), DeleteFile("again"), PutPointer("b", "cd" * 32, 8))
    other = repo.write_commit([two], [PutPointer("c", "ef" * 32, 9)], ALICE, "in a pull request")
    repo.move_ref("refs/pr/1", other, None)
    assert {p.sha256 for p in repo.pointers()} == {SHA, "cd" * 32, "ef" * 32}
    assert [p.sha256 for p in repo.pointers([one])] == [SHA]
    lone = repo.squash(two, "squashed", ALICE)
    assert [p.sha256 for p in repo.pointers([lone])] == ["cd" * 32]


# -- writing --


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


# -- history --


def test_history_and_count(repo: GitRepo) -> None:
    oids = [commit(repo, PutFile("ab"[n % 2], b"%d" % n), at=n, text=f"change {n}\n\nwhy") for n in range(6)]
    head = oids[-1]
    assert [c.oid for c in repo.history(head)] == oids[::-1]
    assert [c.oid for c in repo.history(head, skip=2, limit=2)] == [oids[3], oids[2]]
    assert [c.oid for c in repo.history(head, path="a")] == [oids[4], oids[2], oids[0]]
    assert repo.history(head, path="*") == []
    assert repo.count_commits(head) == 6
    info = repo.commit(head)
    assert (info.title, info.message, info.parents) == ("change 5", "change 5\n\nwhy", (oids[4],))
    assert (info.author_name, info.date_ms) == (ALICE.name, ALICE.date_ms + 5000)
    with pytest.raises(RevisionNotFound):
        repo.commit(repo.tree_oid(head))


def test_last_commits_of_a_folder(repo: GitRepo) -> None:
    one = commit(repo, PutFile("top", b"1"), PutFile("d/a", b"1"), PutFile("d/b", b"1"), PutFile("d/s/x", b"1"))
    two = commit(repo, PutFile("d/a", b"2"), at=1)
    three = commit(repo, PutFile("d/s/x", b"2"), PutFile("d/gone", b""), at=2)
    four = commit(repo, DeleteFile("d/gone"), at=3)
    last = {path: info.oid for path, info in repo.last_commits(four, "d").items()}
    assert last == {"d/a": two, "d/b": one, "d/s": three}
    assert {p: i.oid for p, i in repo.last_commits(four).items()} == {"top": one, "d": four}
    assert repo.last_commits(four, "nope") == {}


def test_last_commits_looks_into_merges(repo: GitRepo) -> None:
    base = commit(repo, PutFile("a", b"1"), PutFile("b", b"1"), PutFile("c", b"1"))
    left = repo.write_commit([base], [PutFile("a", b"2")], later(1), "left")
    right = repo.write_commit([base], [PutFile("b", b"2")], Signature("r", "r", ALICE.date_ms + 2000), "right")
    merged = repo.merge(left, right, later(3), "merge")
    last = {path: info.oid for path, info in repo.last_commits(merged).items()}
    assert last == {"a": left, "b": right, "c": base}


def test_diff(repo: GitRepo) -> None:
    text = b"".join(b"line %d\n" % n for n in range(40))
    one = commit(
        repo,
        PutFile("edit", text),
        PutFile("gone", b"bye\n"),
        PutFile("old-name", text * 2),
        PutFile("bin", b"\0" * 50),
        PutPointer("big", SHA, 10),
    )
    two = commit(
        repo,
        PutFile("edit", text.replace(b"line 7\n", b"LINE 7\nline 7b\n")),
        DeleteFile("gone"),
        DeleteFile("old-name"),
        PutFile("new-name", text * 2 + b"one more\n"),
        PutFile("bin", b"\0" * 51),
        PutPointer("big", "cd" * 32, 20),
        PutFile("fresh", b"a\nb\n"),
    )
    found = {f.path: f for f in repo.diff(one, two)}
    assert {(p, f.status, f.additions, f.deletions) for p, f in found.items()} == {
        ("edit", "modified", 2, 1),
        ("gone", "deleted", 0, 1),
        ("new-name", "renamed", 1, 0),
        ("bin", "modified", 0, 0),
        ("big", "modified", 2, 2),
        ("fresh", "added", 2, 0),
    }
    assert found["new-name"].old_path == "old-name"
    assert found["bin"].patch is None
    assert "+LINE 7\n" in (found["edit"].patch or "")
    assert found["fresh"].old is None
    assert found["gone"].new is None
    big = found["big"]
    assert big.old is not None
    assert big.new is not None
    assert (big.old.size, big.new.size) == (10, 20)
    assert {f.status for f in repo.diff(None, one)} == {"added"}
    assert [f.additions for f in repo.diff(None, one) if f.path == "edit"] == [40]


def test_a_huge_file_is_listed_without_its_lines(repo: GitRepo) -> None:
    one = commit(repo, PutFile("a", b"x\n" * 400_000))
    [file] = repo.diff(None, one)
    assert (file.status, file.patch) == ("added", None)


def test_patch_applies_and_can_be_cut(store: GitStore, repo: GitRepo, tmp_path: Path) -> None:
    one = commit(repo, PutFile("a", b"1\n"))
    two = commit(repo, PutFile("a", b"2\n"), PutFile("b", b"3\n" * 2000))
    whole = repo.patch(one, two)
    assert b"-1\n+2\n" in whole
    cut = repo.patch(one, two, limit=200)
    assert whole.startswith(cut)
    assert 0 < len(cut) <= 200
    assert cut.endswith(b"\n")
    assert b"new file mode" in repo.patch(None, one)


# -- speed: an order of magnitude, so that nobody makes it quadratic --


def test_ten_thousand_files_in_one_commit(store: GitStore, repo: GitRepo) -> None:
    changes = [PutFile(f"data/{n // 1000}/file-{n:05}.json", b'{"n": %d}' % n) for n in range(10_000)]
    start = time.perf_counter()
    head = commit(repo, *changes)
    assert time.perf_counter() - start < 6
    start = time.perf_counter()
    assert len(repo.tree(head, recursive=True)) == 10_011
    assert time.perf_counter() - start < 2


def test_last_commits_of_a_wide_folder(repo: GitRepo) -> None:
    for n in range(26):
        commit(repo, *(PutFile(f"data/f{n}-{k}", b"%d" % k) for k in range(250)), at=n)
    head = repo.resolve("main")
    start = time.perf_counter()
    last = repo.last_commits(head, "data")
    assert time.perf_counter() - start < 2
    assert len(last) == 6500
    assert last["data/f0-0"].oid == repo.history(head, limit=1, skip=25)[0].oid
