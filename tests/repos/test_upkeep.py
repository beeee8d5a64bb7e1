"""Packing in the background, and deletion in the middle of everything else."""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
import traceback
from collections.abc import Callable

import pytest
from sqlalchemy import delete, func, select, update

from pioche.errors import HubError, RepoNotFound
from pioche.lfs.tables import repo_large_files
from pioche.lfs.types import UploadSlot
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile, Signature
from pioche.queue.tables import tasks
from pioche.repos import store
from pioche.repos.service.upkeep import MOVES_PER_PACKING
from pioche.repos.types import CommitHeader, NewRepo, RefMove, Repo
from pioche.testkit.room import Room
from pioche.xet.tables import repo_files

MAIN = "refs/heads/main"


@pytest.fixture
def repo(room: Room) -> Repo:
    name = room.repo(room.cast.alice, "upkeep")
    return room.hub.repos.find(room.actor(room.cast.alice), RepoId.parse(RepoKind.MODEL, name))


def packings(room: Room) -> list[str]:
    with room.hub.database.read() as tx:
        return [row.arguments for row in tx.execute(select(tasks.c.arguments).where(tasks.c.name == "repos.pack"))]


def commit(room: Room, repo: Repo, number: int) -> None:
    files = [PutFile(f"{number}.txt", str(number).encode())]
    room.hub.commits.commit(room.actor(room.cast.alice), repo.repo_id, "main", CommitHeader("more"), files)


def loose(room: Room, repo: Repo) -> int:
    return sum(1 for _ in room.hub.gitstore.path(repo.id).glob("objects/[0-9a-f][0-9a-f]/*"))


# -- packing --


def test_some_commits_plan_one_packing(room: Room, repo: Repo) -> None:
    for number in range(MOVES_PER_PACKING - 2):
        commit(room, repo, number)
    assert packings(room) == []
    for number in range(MOVES_PER_PACKING, MOVES_PER_PACKING + 5):
        commit(room, repo, number)
    assert packings(room) == [f'{{"repo_id":{repo.id}}}']
    assert loose(room, repo) > 50
    with room.hub.database.write() as tx:
        tx.execute(update(tasks).where(tasks.c.name == "repos.pack").values(run_at=0))
    room.hub.queue.run_due(room.hub)
    assert loose(room, repo) == 0
    assert packings(room) == []
    commit(room, repo, 99)
    assert packings(room) == [], "counting starts again"


def test_an_untidy_folder_is_found(room: Room, repo: Repo) -> None:
    git = room.hub.gitstore.open(repo.id)
    for number in range(41):
        git.write_blobs([b"%d-%d" % (number, n) for n in range(13)])
    room.hub.upkeep.find_untidy()
    assert packings(room) == [f'{{"repo_id":{repo.id}}}']
    with room.hub.database.write() as tx:
        tx.execute(delete(tasks).where(tasks.c.name == "repos.pack"))


def test_packing_what_is_gone_is_no_fault(room: Room, repo: Repo) -> None:
    room.hub.repos.delete(room.actor(room.cast.alice), repo.repo_id)
    room.hub.repos.erase(repo.id)
    room.hub.upkeep.pack(repo.id)
    room.hub.upkeep.find_untidy()


# -- deletion --


def upload(room: Room, repo: Repo, data: bytes) -> str:
    slot = UploadSlot(repo.id, hashlib.sha256(data).hexdigest(), len(data))
    incoming = room.hub.lfs.uploads.receive(slot)
    incoming.write(data)
    room.hub.lfs.uploads.finish(slot, incoming)
    return slot.sha256


def rights(room: Room, repo: Repo) -> int:
    """How many files the content store and the plain files hold for the repository."""
    with room.hub.database.read() as tx:
        queries = (
            select(func.count()).where(repo_large_files.c.repo_id == repo.id),
            select(func.count()).where(repo_files.c.repo_id == repo.id),
        )
        return sum(int(tx.execute(query).scalar_one()) for query in queries)


def push(room: Room, repo: Repo, number: int) -> None:
    """What git and the hub do for a push, without the wire."""
    git, alice = room.hub.gitstore.open(repo.id), room.actor(room.cast.alice)
    old = git.resolve(MAIN)
    files = [PutFile(f"pushed-{number}-{n}", b"%d" % n) for n in range(20)]
    new = git.write_commit([old], files, Signature("a", "a@example.test", 0), "push")
    moves = [RefMove(MAIN, old, new)]
    marker = room.hub.refs.will_move(alice, repo, moves)
    moved: list[RefMove] = []
    try:
        git.move_ref(MAIN, new, expected=old)
        moved = moves
    finally:
        room.hub.refs.refs_moved(alice, repo, moved, marker)


def everything(room: Room, repo: Repo) -> list[Callable[[int], object]]:
    """What may be under way in a repository."""
    hub, alice = room.hub, room.actor(room.cast.alice)

    def duplicate(number: int) -> None:
        name = RepoId(RepoKind.MODEL, "alice", f"copy-{repo.id}-{number}")
        hub.repos.duplicate(alice, repo.repo_id, NewRepo(name))

    return [
        lambda number: commit(room, repo, number),
        lambda number: push(room, repo, number),
        lambda number: hub.lfs.conversion.run(upload(room, repo, b"%d %d" % (repo.id, number) * 5000)),
        lambda _: hub.refs.refresh(repo.id),
        lambda _: hub.infos.measure(repo.id),
        lambda _: hub.upkeep.pack(repo.id),
        duplicate,
    ]


def repeat(once: Callable[[int], object], done: threading.Event, faults: list[str]) -> None:
    for number in itertools.count():
        if done.is_set():
            return
        try:
            once(number)
        except HubError:
            continue  # "there is no such repository" is the answer that everybody should get
        except BaseException:
            faults.append(traceback.format_exc())
            return


@pytest.mark.parametrize("erased", ["later", "at once"])
def test_deletion_in_the_middle_of_everything(room: Room, repo: Repo, erased: str) -> None:
    hub, alice = room.hub, room.actor(room.cast.alice)
    faults: list[str] = []
    done = threading.Event()
    threads = [threading.Thread(target=repeat, args=(way, done, faults)) for way in everything(room, repo)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    hub.repos.delete(alice, repo.repo_id)
    if erased == "at once":
        hub.repos.erase(repo.id)
    time.sleep(0.5)
    done.set()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]

    hub.repos.erase(repo.id)
    hub.upkeep.forget(repo.id)
    assert not hub.gitstore.path(repo.id).exists()
    assert rights(room, repo) == 0
    with pytest.raises(RepoNotFound):
        hub.repos.find(alice, repo.repo_id)
    with hub.database.read() as tx:
        assert store.reserved_numbers(tx) == []
    assert list((hub.settings.data / "moves").glob(f"{repo.id}-*")) == []
    assert hub.repos.create(alice, NewRepo(repo.repo_id)).id > repo.id


def test_a_right_that_came_too_late_ends(room: Room, repo: Repo) -> None:
    hub = room.hub
    hub.repos.delete(room.actor(room.cast.alice), repo.repo_id)
    sha256 = upload(room, repo, b"too late" * 1000)
    assert rights(room, repo) == 1
    living = room.number(room.cast.alice, room.repo(room.cast.alice, "living"))
    with hub.database.write() as tx:
        hub.lfs.entitle(tx, living, sha256)
    with hub.database.write() as tx:
        tx.execute(update(tasks).where(tasks.c.name == "repos.forget").values(run_at=0))
    hub.queue.run_due(hub)
    hub.upkeep.forget(living)
    with hub.database.read() as tx:
        assert hub.lfs.missing(tx, repo.id, [sha256]) == {sha256}
        assert hub.lfs.missing(tx, living, [sha256]) == set()
