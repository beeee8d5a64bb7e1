"""The hub is killed while it commits: right before, when the ref has moved already, and right after."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pioche.app import build_hub
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile, Signature
from pioche.repos import store
from pioche.repos.types import NewRepo, RefMove
from pioche.settings import Settings
from pioche.testkit.people import make_cast

pytestmark = pytest.mark.crash

REPO = RepoId(RepoKind.MODEL, "alice", "crash")


def child(data: Path, what: str, when: str) -> None:
    """Runs in a process of its own and dies. `when`: "before" or "after" COMMIT of the deciding transaction."""
    from sqlalchemy import event

    hub = build_hub(Settings(data=data))
    alice = hub.accounts.actor_of_password("alice", "alice has a long password", "")
    commits_until_death = 2 if what == "create" else 1

    def count_down(connection: object) -> None:
        nonlocal commits_until_death
        commits_until_death -= 1
        if commits_until_death == 0:
            die()

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if when == "before":
        event.listen(hub.database.writer, "commit", count_down)  # type: ignore[attr-defined]
    if what == "create":
        hub.repos.create(alice, NewRepo(REPO))
    elif what == "move":
        repo = hub.repos.find(alice, REPO)
        author = Signature("alice", "alice@example.test", 0)
        git = hub.gitstore.open(repo.id)
        new = git.write_commit([str(repo.head)], [PutFile("a.txt", b"a")], author, "change")
        moves = [RefMove("refs/heads/main", repo.head, new), RefMove("refs/heads/new", None, new)]
        hub.refs.move(alice, repo, moves, also=lambda tx: tx.after_commit(die))


def crash(data: Path, what: str, when: str) -> None:
    done = subprocess.run([sys.executable, __file__, str(data), what, when], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL


def test_a_repository_that_was_being_made_is_not_there(tmp_path: Path) -> None:
    hub = build_hub(Settings(data=tmp_path))
    cast = make_cast(hub.accounts)
    crash(tmp_path, "create", "before")
    with hub.database.read() as tx:
        (number,) = store.reserved_numbers(tx)
        assert store.find(tx, REPO) is None
    assert hub.gitstore.open(number).resolve("main"), "the ref had moved when the process died"
    hub.repos.sweep()
    assert not hub.gitstore.path(number).exists()
    assert hub.repos.create(hub.accounts.actor_of_token(cast.alice.token), NewRepo(REPO)).id > number
    hub.database.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_refs_that_were_moving_moved_all_or_not_at_all(tmp_path: Path, when: str) -> None:
    hub = build_hub(Settings(data=tmp_path))
    alice = hub.accounts.actor_of_token(make_cast(hub.accounts).alice.token)
    old = hub.repos.create(alice, NewRepo(REPO))
    crash(tmp_path, "move", when)
    git = hub.gitstore.open(old.id)
    assert [ref.name for ref in git.refs()] == ["main", "new"], "the refs had moved when the process died"
    hub.refs.reconcile()
    head = hub.repos.find(alice, REPO).head
    assert git.resolve("main") == head
    assert (head == old.head) == (when == "before")
    assert [ref.name for ref in git.refs()] == (["main"] if when == "before" else ["main", "new"])
    assert list((tmp_path / "moves").iterdir()) == []
    hub.database.close()


if __name__ == "__main__":
    child(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
