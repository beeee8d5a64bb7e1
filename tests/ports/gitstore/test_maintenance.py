"""Maintenance beside readers, writers and pushes: nothing is lost, and what nobody reaches goes in its time."""

from __future__ import annotations

import itertools
import os
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from pioche.ports.gitstore import GitRepo, GitStore, PutBlob, PutFile
from pioche.testkit.gitstore import commit, git

DAY = 24 * 3600


def loose(store: GitStore, oid: str) -> Path:
    return store.path(1) / "objects" / oid[:2] / oid[2:]


def age(store: GitStore, days: int) -> None:
    """As if everything had been written so long ago."""
    then = time.time() - days * DAY
    for path in (store.path(1) / "objects").rglob("*"):
        os.utime(path, (then, then))


def exists(repo: GitRepo, oid: str) -> bool:
    try:
        repo.read(oid)
    except LookupError:
        return False
    return True


def test_a_commit_may_build_on_what_is_old_and_nobody_reaches(store: GitStore, repo: GitRepo) -> None:
    """An upload came twice, weeks apart: the second time its content is there, and must not be pruned under it."""
    commit(repo, PutFile("a", b"a"))
    (loose_blob,) = repo.write_blobs([b"once"])
    packed_blobs = repo.write_blobs([b"%d" % n for n in range(20)])
    age(store, days=30)
    assert repo.write_blobs([b"once"]) == [loose_blob]
    assert repo.write_blobs([b"%d" % n for n in range(20)]) == packed_blobs
    store.maintain(1)
    head = commit(repo, PutBlob("once", loose_blob), *(PutBlob(f"{n}", oid) for n, oid in enumerate(packed_blobs)))
    assert repo.read(repo.entry(head, "once").oid) == b"once"
    git(store, 1, "fsck", "--strict")


def test_what_nobody_reached_for_long_goes(store: GitStore, repo: GitRepo) -> None:
    commit(repo, PutFile("a", b"a"))
    (young,) = repo.write_blobs([b"young"])
    (old,) = repo.write_blobs([b"old"])
    then = time.time() - 15 * DAY
    os.utime(loose(store, old), (then, then))
    store.maintain(1)
    assert loose(store, young).exists(), "it may belong to a commit that is being made"
    assert not loose(store, old).exists()


def test_while_maintenance_runs_everything_is_written_again(store: GitStore, repo: GitRepo) -> None:
    (oid,) = repo.write_blobs([b"old"])
    (store.path(1) / "gc.pid").write_text("1 elsewhere\n")
    assert repo.write_blobs([b"old"]) == [oid]
    loose(store, oid).unlink()  # maintenance had decided so before the second write
    assert repo.read(oid) == b"old"


def test_two_at_once_are_one(store: GitStore, repo: GitRepo) -> None:
    commit(repo, PutFile("a", b"a"))
    host = os.uname().nodename
    (store.path(1) / "gc.pid").write_text(f"{os.getpid()} {host}")
    store.maintain(1)


def test_what_crashes_left_goes(store: GitStore, repo: GitRepo) -> None:
    head = commit(repo, PutFile("a", b"a"))
    objects = store.path(1) / "objects"
    (objects / "tmp_objdir-incoming-x").mkdir()
    (objects / "tmp_objdir-incoming-x" / "part").write_bytes(b"x")
    (objects / "pack" / "tmp_pack-x.pack").write_bytes(b"x")
    assert not store.is_untidy(1), "it may be in use"
    for path in (objects / "tmp_objdir-incoming-x", objects / "pack" / "tmp_pack-x.pack"):
        os.utime(path, (1, 1))
    assert store.is_untidy(1)
    store.maintain(1)
    assert not store.is_untidy(1)
    for name in ("new-x", "deleted-x"):
        (store.path(1).parent / name / "objects").mkdir(parents=True)
    store.sweep()
    assert [path.name for path in store.path(1).parent.iterdir()] == [store.path(1).name]
    assert repo.resolve("main") == head


def test_many_commits_make_it_untidy(store: GitStore, repo: GitRepo) -> None:
    for number in range(41):
        repo.write_blobs([b"%d-%d" % (number, n) for n in range(13)])
    assert store.is_untidy(1)
    store.maintain(1)


class Traffic:
    """Work that goes on in threads until it is stopped or one of them fails."""

    def __init__(self, store: GitStore, clone: Path) -> None:
        self.store = store
        self.clone = clone
        self.kept: dict[str, int] = {}
        self.faults: list[str] = []
        self._done = threading.Event()

    def run(self, seconds: float, works: Sequence[Callable[[int], None]]) -> None:
        threads = [threading.Thread(target=self._repeat, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        self._done.wait(seconds)
        self._done.set()
        for thread in threads:
            thread.join()

    def writer(self, branch: str, count: int) -> Callable[[int], None]:
        """Commits of so many files, which come again and again among others."""

        def once(number: int) -> None:
            files = [PutFile(f"{branch}/{number}/{n}", b"%d %d" % (number % 7, n)) for n in range(count)]
            commit(self.store.open(1), *files, branch=branch, at=number)
            self.kept[branch] = number + 1

        return once

    def read(self, _number: int) -> None:
        reader = self.store.open(1)
        for ref in reader.refs():
            for node in reader.tree(ref.target, recursive=True)[-5:]:
                if node.kind == "file":
                    reader.read(node.oid)

    def push(self, number: int) -> None:
        (self.clone / f"{number}").write_text(str(number))
        self._git("add", ".")
        self._git("-c", "user.name=a", "-c", "user.email=a@example.test", "commit", "-qm", "x")
        without_hooks = f"git -c core.hooksPath={self.clone} receive-pack"
        self._git("push", "-q", f"--receive-pack={without_hooks}", "origin", "HEAD:refs/heads/pushed")
        self.kept["pushed"] = number + 1

    def _git(self, *arguments: str) -> None:
        done = subprocess.run(["git", *arguments], cwd=self.clone, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def _repeat(self, work: Callable[[int], None]) -> None:
        try:
            for number in itertools.count():
                if self._done.is_set():
                    return
                work(number)
        except BaseException as error:
            self.faults.append("".join(traceback.format_exception(error)))
            self._done.set()


def test_writers_readers_and_pushes_beside_maintenance(store: GitStore, repo: GitRepo, tmp_path: Path) -> None:
    """Three branches grow, one of them by pushes, while maintenance runs again and again."""
    commit(repo, PutFile("a", b"a"))
    subprocess.run(["git", "clone", "-q", str(store.path(1)), str(tmp_path / "clone")], check=True)
    traffic = Traffic(store, tmp_path / "clone")
    works = [traffic.writer("small", 3), traffic.writer("many", 20), traffic.read, traffic.push]
    traffic.run(8, [*works, lambda _: store.maintain(1)])
    assert not traffic.faults, traffic.faults[0]
    git(store, 1, "fsck", "--strict", "--full")
    fresh = store.open(1)
    assert traffic.kept.keys() == {"small", "many", "pushed"}
    for branch, count in traffic.kept.items():
        assert fresh.count_commits(fresh.resolve(branch)) == count + (branch == "pushed")
