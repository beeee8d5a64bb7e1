"""Pushes, commits of the API and refreshes of one repository at the same time: the index says what git says."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from pioche.accounts.types import Actor
from pioche.errors import RefMoved
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile, Signature
from pioche.repos.types import CommitHeader, RefMove, Repo
from pioche.testkit.room import Room

MAIN = "refs/heads/main"
AUTHOR = Signature("alice", "alice@example.test", 0)


@pytest.fixture
def repo(room: Room) -> Repo:
    name = room.repo(room.cast.alice, "together")
    return find(room, RepoId.parse(RepoKind.MODEL, name))


def find(room: Room, repo_id: RepoId) -> Repo:
    return room.hub.repos.find(room.actor(room.cast.alice), repo_id)


def card(tag: str) -> PutFile:
    return PutFile("README.md", f"---\ntags: [{tag}]\n---\n".encode())


def push(room: Room, repo: Repo, actor: Actor, tag: str) -> Callable[[], None]:
    """Moves the branch as git does for a push; what it returns is the record, which follows later."""
    git = room.hub.gitstore.open(repo.id)
    old = git.resolve(MAIN)
    new = git.write_commit([old], [card(tag)], AUTHOR, "push")
    moves = [RefMove(MAIN, old, new)]
    marker = room.hub.refs.will_move(actor, repo, moves)
    try:
        git.move_ref(MAIN, new, expected=old)
    except RefMoved:
        room.hub.refs.refs_moved(actor, repo, [], marker)
        raise
    return lambda: room.hub.refs.refs_moved(actor, repo, moves, marker)


def commit(room: Room, repo: Repo, actor: Actor, tag: str) -> str:
    return room.hub.commits.commit(actor, repo.repo_id, "main", CommitHeader("commit"), [card(tag)])


def test_the_record_of_a_push_does_not_take_back_a_commit_on_top_of_it(room: Room, repo: Repo) -> None:
    alice = room.actor(room.cast.alice)
    record = push(room, repo, alice, "pushed")
    new = commit(room, repo, alice, "committed")
    record()
    row = find(room, repo.repo_id)
    assert (row.head, row.tags) == (new, ("committed",))


def test_writers_in_many_threads_leave_the_index_where_git_is(room: Room, repo: Repo) -> None:
    alice = room.actor(room.cast.alice)
    faults: list[BaseException] = []
    numbers = itertools.count(1)

    def work(once: Callable[[str], None]) -> None:
        for _ in range(12):
            try:
                once(f"t{next(numbers)}")
            except RefMoved:
                continue  # somebody was faster, as it happens to every writer
            except BaseException as error:
                faults.append(error)

    ways: list[Callable[[str], None]] = [
        lambda tag: push(room, repo, alice, tag)(),
        lambda tag: push(room, repo, alice, tag)(),
        lambda tag: commit(room, repo, alice, tag) and None,
        lambda tag: room.hub.refs.refresh(repo.id),
    ]
    threads = [threading.Thread(target=work, args=(way,)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    row, git = find(room, repo.repo_id), room.hub.gitstore.open(repo.id)
    head = git.resolve(MAIN)
    assert row.head == head
    text = git.read(git.entry(head, "README.md").oid).decode()
    assert row.tags
    assert f"tags: [{row.tags[0]}]" in text
