"""Repositories as a whole: making, finding, renaming, deleting them, and their settings."""

from __future__ import annotations

from contextlib import ExitStack

from sqlalchemy.exc import IntegrityError

from pioche import wiring
from pioche.accounts.access import Action, may_create
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, RepoExists, Unauthenticated
from pioche.events import RepoCreated, RepoUpdated
from pioche.names import CommitOid, RepoId, check_name
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitStore, PutFile, Signature
from pioche.queue.service import Queue
from pioche.repos import store
from pioche.repos.service.find import require_repo
from pioche.repos.starters import starter_files
from pioche.repos.types import NewRepo, Owner, Repo


class Repos:
    """The verbs of whole repositories."""

    def __init__(self, database: Database, gitstore: GitStore, queue: Queue) -> None:
        self._database = database
        self._gitstore = gitstore
        self._queue = queue

    def find(self, actor: Actor, repo_id: RepoId, action: Action = Action.READ) -> Repo:
        """The repository, if the actor may do `action` to it; raises as `require_repo` does."""
        with self._database.read() as tx:
            return require_repo(tx, actor, repo_id, action)

    def create(self, actor: Actor, new: NewRepo) -> Repo:
        """A repository with one commit. Raises `RepoExists`, `Forbidden`, `InvalidName`.

        Nobody sees it before its row is committed; what a crash leaves behind is swept away at start-up.
        """
        with self._database.write() as tx:
            owner = _require_owner(tx, actor, new.repo_id)
            _require_free(tx, actor, new.repo_id)
            number = store.reserve_number(tx)
            now = tx.now
        with ExitStack() as undo:
            undo.callback(self._gitstore.delete, number)
            self._gitstore.create(number)
            commit = self._write_starters(number, actor, new.repo_id, now)
            repo = self._publish(actor, owner, new, number, commit)
            undo.pop_all()
        return repo

    def sweep(self) -> None:
        """At start-up: remove the git folders of repositories whose making was cut off."""
        with self._database.read() as tx:
            numbers = store.reserved_numbers(tx)
        for number in numbers:
            self._gitstore.delete(number)
            with self._database.write() as tx:
                store.drop_number(tx, number)

    def _write_starters(self, number: int, actor: Actor, repo_id: RepoId, now: int) -> CommitOid:
        files = [PutFile(path, content) for path, content in starter_files(repo_id.kind).items()]
        author = Signature(actor.fullname or actor.name, actor.email, now)
        return self._gitstore.open(number).write_commit([], files, author, "Initial commit")

    def _publish(self, actor: Actor, owner: Owner, new: NewRepo, number: int, commit: CommitOid) -> Repo:
        branch = "refs/heads/main"
        try:
            with self._database.write() as tx:
                _require_free(tx, actor, new.repo_id)
                store.insert_repo(tx, number, owner.id, new, actor.user_id, commit)
                store.drop_number(tx, number)
                wiring.announce(self._queue, tx, RepoCreated(actor_id=actor.user_id, repo_id=number))
                event = RepoUpdated(actor_id=actor.user_id, repo_id=number, ref=branch, old=None, new=commit)
                wiring.announce(self._queue, tx, event)
                self._gitstore.open(number).move_ref(branch, commit, expected=None)
        except IntegrityError as error:
            raise _exists(new.repo_id) from error
        with self._database.read() as tx:
            repo = store.get(tx, number)
        if repo is None:
            raise _exists(new.repo_id)
        return repo


def _require_owner(tx: Tx, actor: Actor, repo_id: RepoId) -> Owner:
    """The account that will own it, if the actor may make repositories there."""
    if actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to make a repository.")
    check_name(repo_id.name)
    owner = store.find_owner(tx, repo_id.namespace)
    if owner is None or not may_create(actor, owner.id):
        raise Forbidden(f"You may not make repositories under '{repo_id.namespace}'.")
    return owner


def _require_free(tx: Tx, actor: Actor, repo_id: RepoId) -> None:
    if store.find(tx, repo_id) is not None:
        raise _exists(repo_id)


def _exists(repo_id: RepoId) -> RepoExists:
    return RepoExists(f"The {repo_id.kind.value} '{repo_id.full}' exists already.", path=f"/{repo_id.path}")
