"""`Logs`: what jobs have said, over all of their attempts; and what of it is kept."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence

from pioche.errors import RunNotFound
from pioche.jobs import store
from pioche.jobs.types import Job, run_id_of
from pioche.ports.database import Database
from pioche.ports.executor import Executor, LogLine, Tail

KEPT = 1024**3
"""Bytes of the logs of one owner."""
LOGGED_JOBS = 2_000
RUNS_AT_ONCE = 500
_ATTEMPT_BITS = 40
_RUN = re.compile(r"[0-9a-f]{24}(-[0-9]+)?\Z")


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

    def tidy(self) -> None:
        """Drops those of jobs that ended long ago."""
        with self._database.read() as tx:
            now = tx.now
        runs = [name for name in self._executor.runs("") if _RUN.match(name)]
        for start in range(0, len(runs), RUNS_AT_ONCE):
            some = runs[start : start + RUNS_AT_ONCE]
            with self._database.read() as tx:
                old = store.ended_before(tx, {name[:24] for name in some}, now - self._days_ms)
            for name in some:
                if name[:24] in old:
                    self._executor.remove(name)

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
