"""Repositories as a whole: made, copied, deleted, maintained."""

from __future__ import annotations

from pathlib import Path

import pytest

from pioche.errors import (
    Conflict,
    RepoNotFound,
    RevisionNotFound,
)
from pioche.ports.gitstore import (
    GitRepo,
    GitStore,
    PutFile,
)
from pioche.ports.gitstore.bare import BareGitStore
from pioche.testkit.gitstore import commit, git


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
