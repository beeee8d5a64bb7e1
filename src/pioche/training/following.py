"""`Followed`: what was understood of logs that are looked at again and again, so that each look reads what is new."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from pioche.errors import RunNotFound
from pioche.ports.executor import Executor, LogLine
from pioche.training.progress import Telling
from pioche.training.types import Progress

MOST, FORGOTTEN = 16, 600.0
"""Trainings at once, of a few megabytes each where they show pictures; seconds after the last look."""
TRIES = 3


@dataclass(slots=True)
class _Place:
    """How far the log of an attempt was read, in bytes, and its first line: another log in its place has another."""

    position: int = 0
    opening: LogLine | None = None


class Followed:
    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._lock = threading.Lock()
        self._all: OrderedDict[str, _Follower] = OrderedDict()

    def __len__(self) -> int:
        return len(self._all)

    def progress(self, key: str, before: Progress, runs: Sequence[str]) -> Progress:
        """As `progress_of` says of all lines of these runs, of attempt after attempt, after what was told `before`."""
        with self._lock:
            follower = self._all.pop(key, None) or _Follower(before)
            follower.asked = time.monotonic()
            self._all[key] = follower
        self.forget()
        with follower.lock:  # others who look at the same one wait, and have less to read
            return follower.look(self._executor, before, runs)

    def forget(self) -> None:
        """Those that nobody has looked at for a while, and the oldest where there are too many."""
        with self._lock:
            now = time.monotonic()
            while self._all:
                oldest = next(iter(self._all.values()))
                if len(self._all) <= MOST and now - oldest.asked < FORGOTTEN:
                    return
                self._all.popitem(last=False)


class _Follower:
    def __init__(self, before: Progress) -> None:
        self.lock = threading.Lock()
        self.asked = 0.0
        self._begin(before)

    def look(self, executor: Executor, before: Progress, runs: Sequence[str]) -> Progress:
        if before != self._before or list(runs[: len(self._runs)]) != self._runs:
            self._begin(before)
        for _ in range(TRIES):
            if self._goes_on(executor, runs):
                break
            self._begin(before)
        return self._telling.whole()

    def _begin(self, before: Progress) -> None:
        self._before = before
        self._telling = Telling(before)
        self._runs: list[str] = []
        self._places: list[_Place] = []

    def _goes_on(self, executor: Executor, runs: Sequence[str]) -> bool:
        """False where a log is not the one that was read any more."""
        for number, run_id in enumerate(runs):
            if number == len(self._runs):
                self._runs.append(run_id)
                self._places.append(_Place())
            # What an earlier attempt says only now belongs before what is heard already.
            is_last = number == len(self._runs) - 1
            if not self._read(executor, run_id, self._places[number], is_last):
                return False
        return True

    def _read(self, executor: Executor, run_id: str, place: _Place, is_last: bool) -> bool:
        try:
            if place.position and _opening(executor, run_id) != place.opening:
                return False
            while True:
                lines, after = executor.logs(run_id, place.position)
                if after == place.position:
                    return True
                if after < place.position or not is_last:
                    return False
                if not place.position:
                    place.opening = _opening(executor, run_id)
                self._telling.hear(line.text for line in lines)
                place.position = after
        except RunNotFound:
            return not place.position


def _opening(executor: Executor, run_id: str) -> LogLine | None:
    lines, _ = executor.logs(run_id, 0, most=1)
    return lines[0] if lines else None
