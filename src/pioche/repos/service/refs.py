"""Refs: branches, tags and pull request refs; the one way that they move.

A ref moves last in the transaction that records it, so what the database says and what git says change together.
A crash before the commit leaves a marker without a record: `reconcile` then puts the ref back where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from pioche import wiring
from pioche.accounts.access import Action, require
from pioche.accounts.types import Actor
from pioche.errors import RefMoved, RepoNotFound, RevisionNotFound
from pioche.events import RepoUpdated
from pioche.names import CommitOid
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitRepo, GitStore
from pioche.queue.service import Queue
from pioche.repos import store
from pioche.repos.service.markers import Marker, Markers
from pioche.repos.types import RefMove, Repo

HEADS = "refs/heads/"
TAGS = "refs/tags/"
PULL_REQUESTS = "refs/pr/"


class Refs:
    """The verbs of refs. `move` is what everybody who writes to a repository ends with."""

    def __init__(self, database: Database, gitstore: GitStore, queue: Queue, markers: Markers) -> None:
        self._database = database
        self._gitstore = gitstore
        self._queue = queue
        self._markers = markers
        self._settled: list[str] = []

    def move(
        self,
        actor: Actor,
        repo: Repo,
        moves: Sequence[RefMove],
        also: Callable[[Tx], None] | None = None,
    ) -> None:
        """Move refs and record it, all or nothing; `also` does its writes in the same transaction.

        Raises `RefMoved` if somebody was faster, `RepoNotFound` if the repository is gone, `Forbidden`.
        """
        with ExitStack() as settling:
            with self._database.write() as tx:
                current = _require_same(tx, actor, repo, moves)
                self._record(tx, actor.user_id, current, moves)
                if also is not None:
                    also(tx)
                git = self._gitstore.open(repo.id)
                _check_old(git, moves)
                content = Marker(repo.id, actor.user_id, "hub", tuple(moves))
                marker = self._markers.make(content)
                settling.callback(self._settle, marker, content)
                store.add_ref_move(tx, marker)
                store.drop_ref_moves(tx, self._take_settled())
                for move in moves:
                    git.move_ref(move.ref, move.new, expected=move.old)
            settling.pop_all()
        self._forget(marker)

    def will_move(self, actor: Actor, repo: Repo, moves: Sequence[RefMove]) -> str:
        """Before a push moves refs by itself: a marker to hand to `refs_moved`, which brings them in after a crash."""
        return self._markers.make(Marker(repo.id, actor.user_id, "git", tuple(moves)))

    def refs_moved(self, actor: Actor, repo: Repo, moves: Sequence[RefMove], marker: str = "") -> None:
        """Record what a push moved already. The right to do so was asked before the push was let in."""
        if moves:
            with self._database.write() as tx:
                current = store.get(tx, repo.id)
                if current is not None:
                    self._record(tx, actor.user_id, current, moves)
        if marker:
            self._markers.remove(marker)

    def reconcile(self) -> None:
        """At start-up, before the first request: settle what a crash left half done."""
        for name, marker in self._markers.left_over():
            self._settle(name, marker)
        with self._database.write() as tx:
            store.clear_ref_moves(tx)

    def _record(self, tx: Tx, actor_id: int | None, repo: Repo, moves: Sequence[RefMove]) -> None:
        for move in moves:
            if move.ref == f"{HEADS}{repo.default_branch}":
                store.set_head(tx, repo.id, None if move.new is None else CommitOid(move.new))
            event = RepoUpdated(actor_id=actor_id, repo_id=repo.id, ref=move.ref, old=move.old, new=move.new)
            wiring.announce(self._queue, tx, event)

    def _settle(self, name: str, marker: Marker) -> None:
        """The transaction is over and not known to have gone well: make git and the database agree."""
        with self._database.write() as tx:
            repo = store.get(tx, marker.repo_id)
            if repo is not None:
                git = self._gitstore.open(repo.id)
                if marker.owner == "git":
                    self._record(tx, marker.actor_id, repo, [m for m in marker.moves if _value(git, m.ref) == m.new])
                elif not store.has_ref_move(tx, name):
                    _move_back(git, marker.moves)
        self._forget(name)

    def _forget(self, marker: str) -> None:
        self._markers.remove(marker)
        self._settled.append(marker)

    def _take_settled(self) -> list[str]:
        taken, self._settled = self._settled, []
        return taken


def _require_same(tx: Tx, actor: Actor, repo: Repo, moves: Sequence[RefMove]) -> Repo:
    """The row as it is now; a pull request ref needs less than a branch."""
    missing = RepoNotFound(f"There is no {repo.repo_id.kind.value} '{repo.repo_id.full}' any more.")
    current = store.get(tx, repo.id)
    if current is None:
        raise missing
    is_pull_request = all(move.ref.startswith(PULL_REQUESTS) for move in moves)
    require(actor, Action.DISCUSS if is_pull_request else Action.WRITE, current.resource, missing)
    return current


def _check_old(git: GitRepo, moves: Sequence[RefMove]) -> None:
    """A marker may only be made where the move has a chance: what it undoes after a crash must be its own."""
    for move in moves:
        if _value(git, move.ref) != move.old:
            raise RefMoved(f"'{move.ref}' has moved on, or exists already. Look at it again and retry.")


def _move_back(git: GitRepo, moves: Sequence[RefMove]) -> None:
    for move in reversed(moves):
        try:
            git.move_ref(move.ref, move.old, expected=move.new)
        except RefMoved:
            continue  # it had not moved yet, or somebody built on it, and their move recorded that


def _value(git: GitRepo, ref: str) -> CommitOid | None:
    try:
        return git.resolve(ref)
    except RevisionNotFound:
        return None
