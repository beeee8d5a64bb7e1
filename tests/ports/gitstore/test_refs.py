"""Revisions and refs: every spelling resolves, and a ref moves only from where it was expected."""

from __future__ import annotations

import threading

import pytest

from pioche.errors import (
    Conflict,
    InvalidName,
    RefMoved,
    RevisionNotFound,
)
from pioche.ports.gitstore import (
    GitRepo,
    GitStore,
    PutFile,
)
from pioche.testkit.gitstore import ALICE, commit, git


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
