"""`Logs`: what jobs have said, over all of their attempts; and what of it is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence

from pioche.accounts.store import any_user
from pioche.errors import RunNotFound
from pioche.jobs import store
from pioche.jobs.types import Job
from pioche.ports.database import Database
from pioche.ports.executor import Executor, LogLine, Tail, key_of, run_id_of

KEPT = 1024**3
"""Bytes of the logs of one owner."""
LOGGED_JOBS = 2_000
RUNS_AT_ONCE = 500
_ATTEMPT_BITS = 40

Others = Callable[[Collection[str]], Collection[str]]


class Logs:
    """A position is the number of an attempt, and one in the log of that."""

    def __init__(self, database: Database, executor: Executor, days: int) -> None:
        self._database = database
        self._executor = executor
        self._days_ms = days * 24 * 3_600_000

    def read(self, job: Job, position: int) -> tuple[Sequence[LogLine], int]:
        """Lines of all attempts, one after the other, from there on; and the next position."""
        attempt, place = max(1, position >> _ATTEMPT_BITS), position % (1 << _ATTEMPT_BITS)
        while True:
            try:
                lines, place = self._executor.logs(run_id_of(job.key, attempt), place)
            except RunNotFound:
                lines = ()
            if lines or attempt >= job.attempt:
                return lines, (attempt << _ATTEMPT_BITS) + place
            attempt, place = attempt + 1, 0

    def last(self, job: Job, most: int) -> Tail:
        """The last lines that there are."""
        found = self._tail(job, job.attempt, most)
        kept, is_all, position = found.lines, found.is_all, (job.attempt << _ATTEMPT_BITS) + found.position
        for attempt in range(job.attempt - 1, 0, -1):
            if not is_all or len(kept) >= most:
                return Tail(kept, position, is_all=False)
            before = self._tail(job, attempt, most - len(kept))
            kept, is_all = [*before.lines, *kept], before.is_all
        return Tail(kept, position, is_all)

    def _tail(self, job: Job, attempt: int, most: int) -> Tail:
        try:
            return self._executor.tail(run_id_of(job.key, attempt), most)
        except RunNotFound:
            return Tail()

    # -- what is kept --

    def tidy(self, others: Others = frozenset) -> None:
        """Drops those of jobs that ended long ago, and runs of nobody: their account was deleted.

        `others` tells which keys are those of jobs elsewhere: by default, all.
        """
        with self._database.read() as tx:
            if not any_user(tx):  # a new database beside an old folder: nothing tells whose these are
                return
        runs = [(key, name) for name in self._executor.runs("") if (key := key_of(name))]
        for start in range(0, len(runs), RUNS_AT_ONCE):
            some = runs[start : start + RUNS_AT_ONCE]
            keys = {key for key, _ in some}
            with self._database.read() as tx:
                old = store.ended_before(tx, keys, tx.now - self._days_ms)
                known = store.known(tx, keys)
            known |= set(others(keys - known))
            for key, name in some:
                if key in old:
                    self._executor.remove(name)
                elif key not in known:
                    self._drop(name)

    def _drop(self, name: str) -> None:
        """One that still runs is ended first, and goes the next time."""
        with contextlib.suppress(RunNotFound):
            if self._executor.status(name).state == "ended":
                self._executor.remove(name)
            else:
                self._executor.stop(name)

    def make_room(self, key: str) -> None:
        """For the owner of this job: the newest are kept, up to `KEPT` bytes together."""
        with self._database.read() as tx:
            ended = store.ended_beside(tx, key, LOGGED_JOBS)
        room = KEPT
        for job in ended:
            for attempt in range(job.attempt, 0, -1):
                with contextlib.suppress(RunNotFound):
                    room -= self._executor.tail(run_id_of(job.key, attempt), 1).position
                    if room < 0:
                        self._executor.remove(run_id_of(job.key, attempt))
