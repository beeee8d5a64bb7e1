"""`Machine`: one count for all that runs, and one lock for whoever decides that something starts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from pioche.errors import RunNotFound
from pioche.machine.types import GPU_MEMORY, MODEL, Count, Taken, Want
from pioche.ports.executor import Executor, Hold, RunStatus

LOOK_EVERY = 0.02
END_SECONDS = 10.0
"""What is told to end is killed; where that takes longer, whoever needs the room tries again later."""

Claims = Callable[[], Mapping[str, Want]]
"""id of a run -> what it takes. What was decided holds its part from then on, also while it is being prepared."""
First = Callable[[Count], Want | None]
"""Which of those that wait comes next, if one waits."""


class Machine:
    """Those who start things `join`, and start them while they are `deciding`."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._lock = threading.RLock()
        self._claims: dict[str, Claims] = {}
        self._lines: dict[str, First] = {}
        self._ended: set[str] = set()
        self._idle: Callable[[], Sequence[str]] = tuple
        self._sleep: Callable[[bool], str] = lambda _: ""

    def join(self, kind: str, claims: Claims, first: First) -> None:
        self._claims[kind], self._lines[kind] = claims, first

    def join_models(self, claims: Claims, idle: Callable[[], Sequence[str]], sleep: Callable[[bool], str]) -> None:
        """`idle`: runs of models that nobody asks. `sleep` ends the one that was asked longest ago, of all or
        (if so told) of those on a GPU; its run, or "".
        """
        self._claims[MODEL], self._idle, self._sleep = claims, idle, sleep

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Nothing else takes what is found to be free in here. What is decided shows in the claims before this ends."""
        with self._lock:
            yield

    def count(self, pid: int = 0) -> Count:
        """Now, within the limits of that process of the hub; 0 for this one.

        What runs is read first, so that nothing which begins meanwhile is overlooked.
        """
        runs = self._running()
        now = Count(self.executor.capacity(pid), (), time.time_ns() // 1_000_000)
        claims = {run_id: want for read in self._claims.values() for run_id, want in read().items()}
        idle = set(self._idle())
        taken = {
            run_id: now.as_taken(want, run_id in idle)
            for run_id, want in claims.items()
            if run_id in runs or not self._has_ended(run_id)
        }
        for run_id, status in runs.items():
            if status.hold is not None:
                taken[run_id] = _taken(status, status.hold, taken.get(run_id), now.now)
        return replace(now, taken=list(taken.values()))

    def firsts(self, count: Count, kind: str) -> list[Want]:
        """What comes next in the lines of the other kinds."""
        found = [first(count) for other, first in self._lines.items() if other != kind]
        return [one for one in found if one is not None]

    def why_not(self, count: Count, want: Want, firsts: Sequence[Want], ahead: Want | None = None) -> str:
        """What it waits for; empty if it may start. `firsts`: those of other kinds. `ahead`: who comes before it in its
        own line, and does not fit.

        What comes first of all is not passed for ever by what is smaller: that starts if it will have ended by the time
        at which the first can begin, or fits beside it.
        """
        if lack := count.lack(want):
            return f"Waits for {lack}."
        before = [one for one in firsts if count.comes_before(one, want)]
        before += [ahead] if ahead else []
        if before and count.delays(want, min(before, key=count.rank)):
            return "Waits for its turn: the room that is free is kept for what comes before it."
        return ""

    def make_room(self, want: Want) -> bool:
        """Puts models to sleep that nobody asks, as many as it takes. False if it does not fit even so."""
        until = time.monotonic() + END_SECONDS
        while what := (count := self.count()).lacks(want, awake=True):
            if count.lacks(want) or time.monotonic() > until:
                return False
            run_id = self._sleep(what == GPU_MEMORY)
            time.sleep(LOOK_EVERY)
            while run_id in self._running() and time.monotonic() < until:
                time.sleep(LOOK_EVERY)
        return True

    def _running(self) -> Mapping[str, RunStatus]:
        """Each is looked at until it has ended, and then no more: ids are not used twice, and old logs are many."""
        there = set(self.executor.runs(""))
        self._ended &= there
        found: dict[str, RunStatus] = {}
        for run_id in there - self._ended:
            with suppress(RunNotFound, FileNotFoundError):  # it was removed meanwhile
                status = self.executor.status(run_id)
                if status.state == "ended":
                    self._ended.add(run_id)
                else:
                    found[run_id] = status
        return found

    def _has_ended(self, run_id: str) -> bool:
        """Not of what has not begun."""
        try:
            return self.executor.status(run_id).state == "ended"
        except (RunNotFound, FileNotFoundError):
            return False


def _taken(status: RunStatus, hold: Hold, claim: Taken | None, now: int) -> Taken:
    until = (status.started_at or now) + 1000 * hold.seconds
    if claim is None:  # as a hub left it that was killed: nobody asks such a model
        return Taken(hold, until, is_idle=hold.kind == MODEL)
    return Taken(hold, until, claim.owner, claim.is_idle)
