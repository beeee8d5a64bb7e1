"""`Line`: the hardware that jobs may ask for, and which of those that wait comes next."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

from pioche.errors import InvalidInput
from pioche.jobs import store
from pioche.jobs.types import GIB, Flavor, Job, Stage
from pioche.machine.service import Machine
from pioche.machine.types import JOB, Count, Want, work_gpu_memory, work_memory
from pioche.ports.database import Database

REASONS_SECONDS = 1.0


class Line:
    def __init__(self, database: Database, machine: Machine) -> None:
        self._database = database
        self.machine = machine
        self._lock = threading.Lock()
        self._read: tuple[int | None, float, Mapping[int, str]] | None = None
        machine.join(JOB, self._claims, self._first)

    def flavors(self) -> Sequence[Flavor]:
        has = self.machine.executor.capacity()
        memory = work_memory(has)
        small = Flavor("cpu-basic", "CPU, basic", 1.0, min(2 * GIB, memory))
        large = Flavor("cpu-upgrade", "CPU, all of this machine", float(has.cpus), memory)
        found = [small, large] if has.cpus > 1 else [small]
        if has.gpus:
            # Half of the rest, so that what needs no GPU goes on beside it.
            label = f"GPU, {len(has.gpus)} x {has.gpus[0].name}"
            found.append(Flavor("gpu", label, max(1.0, has.cpus // 2), min(has.memory // 2, memory), has.gpus))
        return found

    def flavor(self, name: str) -> Flavor:
        found = {one.name: one for one in self.flavors()}
        if name not in found:
            raise InvalidInput(f"There is no hardware '{name[:40]}' here. There are: {', '.join(found)}.")
        return found[name]

    def next(self) -> Job | None:
        """Those of owners who have fewest running come first. Models that nobody asks fell asleep for it."""
        for job, want, reason in self._verdicts():
            if not reason:
                # A model that takes long to end holds up nobody who waits for this answer twice.
                return job if want is None or self.machine.make_room(want) else None
        return None

    def why(self, job: Job) -> str:
        """What a job waits for, in words; empty where it is about to start.

        Whoever follows logs asks often: all are reckoned together, at most once a second while nobody commits.
        """
        version, now = self._database.version(), time.monotonic()
        with self._lock:
            if self._read is None or version != self._read[0] or now - self._read[1] > REASONS_SECONDS:
                self._read = (version, now, {one.id: reason for one, _, reason in self._verdicts()})
            return self._read[2].get(job.id, "")

    def _verdicts(self) -> Iterator[tuple[Job, Want | None, str]]:
        """In their order: a job, what it takes, and why it may not start yet. Unknown hardware fails when it starts."""
        count = self.machine.count()
        firsts = self.machine.firsts(count, JOB)
        ahead: Want | None = None
        for job, want in self._in_order(count):
            reason = "" if want is None else self.machine.why_not(count, want, firsts, ahead)
            yield job, want, reason
            if reason:
                ahead = ahead or want

    def _in_order(self, count: Count) -> Sequence[tuple[Job, Want | None]]:
        flavors = {one.name: one for one in self.flavors()}
        with self._database.read() as tx:
            waiting = store.in_stage(tx, Stage.SCHEDULING)
        waiting.sort(key=lambda job: (count.busy(job.owner.id), job.id))
        return [(job, _want(job, flavors)) for job in waiting]

    def _first(self, count: Count) -> Want | None:
        return next((want for _, want in self._in_order(count) if want is not None), None)

    def _claims(self) -> Mapping[str, Want]:
        flavors = {one.name: one for one in self.flavors()}
        with self._database.read() as tx:
            running = store.in_stage(tx, Stage.RUNNING)
        wants = {job.run_id: _want(job, flavors) for job in running}
        return {run_id: want for run_id, want in wants.items() if want is not None}


def _want(job: Job, flavors: Mapping[str, Flavor]) -> Want | None:
    one = flavors.get(job.flavor)
    if one is None:
        return None
    since, gpu_memory = job.created_at, work_gpu_memory(one.gpus)
    return Want(JOB, one.cpus, one.memory, len(one.gpus), job.seconds, job.owner.id, since, gpu_memory)
