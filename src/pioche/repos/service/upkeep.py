"""Keeping what is there in order, in the background: git folders packed, rights of repositories that are gone ended."""

from __future__ import annotations

from pioche.errors import RepoNotFound
from pioche.lfs.service import Lfs
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitStore
from pioche.queue.service import Queue
from pioche.repos import store

MOVES_PER_PACKING = 20
"""Commits and pushes after which a git folder is packed: some hundred loose objects and a few small packs."""
PACKING_DELAY_MS = 5 * 60 * 1000
"""A burst of a thousand commits is packed once."""


def plan_packing(queue: Queue, tx: Tx, number: int) -> None:
    """To be done soon, once per repository."""
    queue.enqueue(tx, "repos.pack", {"repo_id": number}, unique=str(number), delay_ms=PACKING_DELAY_MS)


class Upkeep:
    """Verbs of tasks. Each may run at any time beside everything else, and again."""

    def __init__(self, database: Database, gitstore: GitStore, queue: Queue, lfs: Lfs) -> None:
        self._database = database
        self._gitstore = gitstore
        self._queue = queue
        self._lfs = lfs

    def pack(self, number: int) -> None:
        """One git folder."""
        with self._database.write() as tx:
            store.reset_moves(tx, number)
        try:
            self._gitstore.maintain(number)
        except RepoNotFound:
            return  # deleted in the meantime

    def find_untidy(self) -> None:
        """Plans the packing of folders that got untidy without refs moving: refused writes, crashes."""
        with self._database.read() as tx:
            numbers = store.numbers(tx)
        for number in numbers:
            try:
                untidy = self._gitstore.is_untidy(number)
            except RepoNotFound:
                continue
            if untidy:
                with self._database.write() as tx:
                    plan_packing(self._queue, tx, number)

    def forget(self, number: int) -> None:
        """Once more, long after a deletion: an upload that was under way then has given a right to nobody."""
        with self._database.write() as tx:
            if store.get(tx, number) is None:
                self._lfs.forget_repo(tx, number)
