"""`Logs`: what trainings have said, over all of their attempts; of old ones what their page shows, in short."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from pioche.errors import RunNotFound
from pioche.ports.database import Database
from pioche.ports.executor import Executor, key_of, run_id_of
from pioche.training import store
from pioche.training.following import Followed
from pioche.training.types import Progress, Stage, Training

KEPT = 1024**3
"""Bytes of the logs of one owner."""
KEYS_AT_ONCE = 500
SAMPLES, LINES, LINE = 4, 20, 500
"""What is kept in short: the last of each, and characters of a line. Curves are kept whole."""


class Logs:
    def __init__(self, database: Database, executor: Executor, days: int) -> None:
        self._database = database
        self._executor = executor
        self._days_ms = days * 24 * 3_600_000
        self._followed = Followed(executor)

    def progress(self, training: Training) -> Progress:
        """Out of the lines that its runs have said, of which those that are new since the last look are read."""
        return self._followed.progress(training.key, *self._told(training))

    def forget(self) -> None:
        """What nobody has looked at for a while: the next look reads it whole."""
        self._followed.forget()

    def tidy(self, settled: int) -> None:
        """Shortens logs that are old, and those that their owner has no room for: the newest are kept.

        Of what failed or was stopped, only those that ended before the moment `settled`: others may go on yet.
        """
        keys = sorted({key for name in self._executor.runs("") if (key := key_of(name))})
        ended: list[Training] = []
        for start in range(0, len(keys), KEYS_AT_ONCE):
            with self._database.read() as tx:
                now = tx.now
                ended += store.ended(tx, keys[start : start + KEYS_AT_ONCE])
        room: dict[int, int] = {}
        for training in sorted(ended, key=lambda one: one.id, reverse=True):
            room[training.owner_id] = room.get(training.owner_id, KEPT) - self._size(training)
            at = training.ended_at or 0
            is_over = training.stage is Stage.DONE or at < settled
            if is_over and (at < now - self._days_ms or room[training.owner_id] < 0):
                self._shorten(training)

    def _shorten(self, training: Training) -> None:
        told = Followed(self._executor).progress(training.key, *self._told(training))  # nobody looks on
        lines, samples = [line[:LINE] for line in told.lines[-LINES:]], told.samples[-SAMPLES:]
        with self._database.write() as tx:
            # Its result is kept with it already.
            if not store.keep_told(tx, training, replace(told, samples=samples, lines=lines, result={})):
                return
        for attempt in range(1, training.attempt + 1):
            with contextlib.suppress(RunNotFound):
                self._executor.remove(run_id_of(training.key, attempt))

    def _size(self, training: Training) -> int:
        size = 0
        for attempt in range(1, training.attempt + 1):
            with contextlib.suppress(RunNotFound):
                size += self._executor.tail(run_id_of(training.key, attempt), 1).position
        return size

    def _told(self, training: Training) -> tuple[Progress, Sequence[str]]:
        """What was kept in short, and the runs since then."""
        with self._database.read() as tx:
            attempt, before = store.told(tx, training.id)
        return before, [run_id_of(training.key, number) for number in range(attempt + 1, training.attempt + 1)]
