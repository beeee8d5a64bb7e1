"""Locks on paths, for files that cannot be merged."""

from __future__ import annotations

from pioche.accounts.types import Actor
from pioche.errors import Forbidden, NotFound, Unauthenticated
from pioche.lfs import store
from pioche.lfs.types import Lock
from pioche.names import check_path
from pioche.ports.database import Database, Tx


class Locks:
    """`repo_id` is a repository that the caller has asked `access` about."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, actor: Actor, repo_id: int, path: str) -> tuple[Lock, bool]:
        """The lock on `path`, and whether it was made now. If not, someone (the actor, perhaps) had it before."""
        user_id = _user_of(actor)
        check_path(path)
        with self._database.write() as tx:
            found = store.lock_at(tx, repo_id, path)
            return (found, False) if found else (store.add_lock(tx, repo_id, path, user_id), True)

    def list(self, tx: Tx, repo_id: int, after: int = 0, limit: int = 100) -> list[Lock]:
        """Up to `limit` locks, oldest first, whose ids are greater than `after`."""
        return store.locks(tx, repo_id, after, limit)

    def find(self, tx: Tx, repo_id: int, path: str = "", lock_id: int = 0) -> Lock | None:
        """The lock on this path, or of this id."""
        return store.lock_by_id(tx, repo_id, lock_id) if lock_id else store.lock_at(tx, repo_id, path)

    def remove(self, actor: Actor, repo_id: int, lock_id: int, force: bool) -> Lock:
        """Whoever holds it removes it; `force` is for the callers that found the actor to be an admin."""
        user_id = _user_of(actor)
        with self._database.write() as tx:
            lock = store.lock_by_id(tx, repo_id, lock_id)
            if lock is None:
                raise NotFound(f"There is no lock {lock_id} here.")
            if lock.owner_id != user_id and not force:
                raise Forbidden(f"'{lock.path}' is locked by {lock.owner_name}. Use --force if you are an admin.")
            store.remove_lock(tx, lock.id)
        return lock


def _user_of(actor: Actor) -> int:
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to lock files.")
    return actor.user_id
