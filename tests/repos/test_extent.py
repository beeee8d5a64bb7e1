"""A folder can stand in many places: a few hundred bytes of git objects must not become a billion files in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pioche.errors import HubError, TooLarge
from pioche.git.types import Push, RefUpdate
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import CopyEntry, DeleteFolder, GitRepo, PutFile, Signature
from pioche.ports.gitstore.bare.extent import MAX_DEPTH
from pioche.repos.service.trees import TreeQuery
from pioche.repos.types import CommitHeader, CopyFile
from pioche.testkit.room import Room

ALICE = Signature("alice", "alice@example.org", 0)
WIDTH = 40  # 40^4 files are more than anybody means


def _bomb(git: GitRepo) -> str:
    """Four levels of folders, each with the one below in it forty times: some 4 kB of git objects."""
    commit = git.write_commit([], [PutFile(f"d0/{n}", b"x") for n in range(WIDTH)], ALICE, "0")
    for level in range(1, 4):
        copies = [CopyEntry(f"d{level - 1}", commit, f"d{level}/{n}") for n in range(WIDTH)]
        commit = git.write_commit([commit], [*copies, DeleteFolder(f"d{level - 1}")], ALICE, "deeper")
    return commit


def _tower(git: GitRepo) -> str:
    """One folder more than may lie in each other."""
    commit = git.write_commit([], [PutFile("a/" * (MAX_DEPTH - 2) + "f", b"x")], ALICE, "1")
    for _ in range(2):
        commit = git.write_commit([commit], [CopyEntry("a", commit, "b/a"), DeleteFolder("a")], ALICE, "up")
        commit = git.write_commit([commit], [CopyEntry("b", commit, "a"), DeleteFolder("b")], ALICE, "name")
    return commit


@pytest.mark.parametrize("make", [_bomb, _tower])
def test_what_is_too_large_is_neither_listed_nor_put_on_a_branch(room: Room, make: Callable[[GitRepo], str]):
    hub, alice = room.hub, room.actor(room.cast.alice)
    repo_id = RepoId.parse(RepoKind.MODEL, room.repo(room.cast.alice, "wide"))
    repo = hub.repos.find(alice, repo_id)
    oid = make(hub.gitstore.open(repo.id))
    doors = [
        lambda: hub.trees.tree(alice, repo_id, oid, TreeQuery(recursive=True)),
        lambda: hub.infos.show(alice, repo_id, oid).files,
        lambda: hub.refs.create_branch(alice, repo_id, "wide", oid),
        lambda: hub.commits.commit(
            alice, repo_id, "main", CommitHeader("Copy"), [CopyFile("x", next(iter(_top(hub, repo.id, oid))), oid)]
        ),
    ]
    for door in doors:
        with pytest.raises(TooLarge):
            door()


def test_what_is_too_large_cannot_be_pushed(room: Room, tmp_path: Path):
    hub, alice = room.hub, room.actor(room.cast.alice)
    repo = hub.repos.find(alice, RepoId.parse(RepoKind.MODEL, room.repo(room.cast.alice, "wide")))
    push = Push(alice, repo, True)
    update = RefUpdate("refs/heads/wide", None, _bomb(hub.gitstore.open(repo.id)))
    with pytest.raises(TooLarge):
        hub.git.check_push(push, [update], tmp_path)
    assert push.moves == {}, "nothing may move"


def _top(hub: Hub, number: int, oid: str) -> list[str]:
    return [node.path for node in hub.gitstore.open(number).tree(oid)]


def test_the_deepest_path_that_can_be_written_can_be_listed(room: Room):
    hub, alice = room.hub, room.actor(room.cast.alice)
    repo_id = RepoId.parse(RepoKind.MODEL, room.repo(room.cast.alice, "deep"))
    path = "a/" * (MAX_DEPTH - 1) + "f"
    try:
        oid = hub.commits.commit(alice, repo_id, "main", CommitHeader("Deep"), [PutFile(path, b"x")])
    except HubError as error:
        pytest.fail(f"refused: {error.message}")
    assert path in [node.path for node in hub.infos.show(alice, repo_id, oid).files]
