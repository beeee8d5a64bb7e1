"""`Running`: jobs that wait are started when there is room; those that run are watched until they end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import json

from pioche.accounts.sealing import Sealer
from pioche.errors import HubError, InvalidInput, RunNotFound
from pioche.jobs import store
from pioche.jobs.images import runtime_of
from pioche.jobs.types import GIB, Flavor, Job, Stage
from pioche.ports.database import Database
from pioche.ports.executor import Executor, Limits, LogLine, Mount, RunSpec, RunStatus, Usage
from pioche.queue.service import Queue
from pioche.runtimes.service import Runtimes

LAUNCH_TASK = "jobs.launch"
WATCH_TASK = "jobs.watch"
WATCH_MS = 1_000
_REASONS = {
    "timeout": "It took longer than the time it asked for.",
    "memory": "It took more memory than its hardware has.",
    "disk": "It wrote more to the disk than it may.",
    "lost": "The machine or its keeper stopped while it ran.",
    "failed": "It could not be started.",
}


class Running:
    """`url`: where this hub answers on this machine, for runs that use it."""

    def __init__(
        self, database: Database, queue: Queue, executor: Executor, runtimes: Runtimes, sealer: Sealer, url: str
    ) -> None:
        self._database = database
        self._queue = queue
        self._executor = executor
        self._runtimes = runtimes
        self._sealer = sealer
        self._url = url
        self._launching = threading.Lock()

    # -- hardware --

    def flavors(self) -> Sequence[Flavor]:
        has = self._executor.capacity()
        small = Flavor("cpu-basic", "CPU, basic", 1.0, min(2 * GIB, has.memory))
        large = Flavor("cpu-upgrade", "CPU, all of this machine", float(has.cpus), has.memory)
        return [small, large] if has.cpus > 1 else [small]

    def flavor(self, name: str) -> Flavor:
        found = {one.name: one for one in self.flavors()}
        if name not in found:
            raise InvalidInput(f"There is no hardware '{name[:40]}' here. There are: {', '.join(found)}.")
        return found[name]

    # -- starting --

    def launch(self) -> int:
        """Starts what fits, of those who have fewest running first. The number of jobs started."""
        with self._launching:
            self._take_back()
            started = 0
            while (job := self._next()) is not None and self._start(job):
                started += 1
        self._keep_watching()
        return started

    def _take_back(self) -> None:
        """All starting is done under this lock: what runs without a run was being started when the hub was killed."""
        with self._database.read() as tx:
            running = store.in_stage(tx, Stage.RUNNING)
        for job in running:
            try:
                self._executor.status(job.key)
            except RunNotFound:
                with self._database.write() as tx:
                    store.move(tx, job.id, Stage.RUNNING, {"stage": Stage.SCHEDULING.value, "started_at": None})

    def _next(self) -> Job | None:
        with self._database.read() as tx:
            waiting, running = store.in_stage(tx, Stage.SCHEDULING), store.in_stage(tx, Stage.RUNNING)
        has, flavors = self._executor.capacity(), {one.name: one for one in self.flavors()}
        cpus = has.cpus - sum(flavors[job.flavor].cpus for job in running if job.flavor in flavors)
        memory = has.memory - sum(flavors[job.flavor].memory for job in running if job.flavor in flavors)
        busy = Counter(job.owner.id for job in running)
        for job in sorted(waiting, key=lambda job: (busy[job.owner.id], job.id)):
            wanted = flavors.get(job.flavor)
            if wanted is None or (wanted.cpus <= cpus and wanted.memory <= memory):
                return job
        return None

    def _start(self, job: Job) -> bool:
        """False if somebody else moved it meanwhile."""
        with self._database.write() as tx:
            if not store.move(tx, job.id, Stage.SCHEDULING, {"stage": Stage.RUNNING.value, "started_at": tx.now}):
                return False
            kept = store.secrets_of(tx, job.id)
        try:
            name, _ = runtime_of(job.image)
            place = self._runtimes.ensure(name)
            flavor = self.flavor(job.flavor)
            spec = RunSpec(
                id=job.key,
                command=job.command,
                limits=Limits(job.seconds, flavor.cpus, flavor.memory),
                environment={"JOB_ID": job.key, **job.environment},
                secrets=json.decode(self._sealer.unseal(kept), type=dict[str, str]),
                mounts=[Mount(place, str(place))],
                path=f"{place}/bin:/usr/local/bin:/usr/bin:/bin",
                hub_url=self._url,
            )
            self._executor.start(spec)
        except HubError as error:
            self._end(job, Stage.ERROR, {"message": error.message[:500]})
        return True

    # -- watching --

    def watch(self) -> None:
        """All that run; and what waits, if one has ended."""
        with self._database.read() as tx:
            running = store.in_stage(tx, Stage.RUNNING)
        ended = [job for job in running if self.refresh(job).has_ended]
        if ended:
            with self._database.write() as tx:
                self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        self._keep_watching()

    def refresh(self, job: Job) -> Job:
        """As the executor sees it now."""
        if job.stage is not Stage.RUNNING:
            return job
        try:
            status = self._executor.status(job.key)
        except RunNotFound:
            return job  # it is being started
        if status.state != "ended":
            return job
        self._end(job, *_ending(status))
        with self._database.read() as tx:
            return store.get(tx, job.id) or job

    def cancel(self, job: Job) -> None:
        if job.stage is Stage.SCHEDULING:
            self._end(job, Stage.CANCELED, {})
        elif job.stage is Stage.RUNNING:
            try:
                self._executor.stop(job.key)
            except RunNotFound:
                self._end(job, Stage.CANCELED, {})

    def logs(self, job: Job, position: int) -> tuple[Sequence[LogLine], int]:
        try:
            return self._executor.logs(job.key, position)
        except RunNotFound:
            return (), position

    def usage(self, job: Job) -> Usage | None:
        """None unless it runs."""
        try:
            return self._executor.status(job.key).usage if job.stage is Stage.RUNNING else None
        except RunNotFound:
            return None

    def _keep_watching(self) -> None:
        with self._database.write() as tx:
            if store.in_stage(tx, Stage.RUNNING):
                self._queue.enqueue(tx, WATCH_TASK, {}, unique="all", delay_ms=WATCH_MS)

    def _end(self, job: Job, stage: Stage, values: dict[str, Any]) -> None:
        with self._database.write() as tx:
            store.move(tx, job.id, job.stage, {"stage": stage.value, "ended_at": tx.now, **values})


def _ending(status: RunStatus) -> tuple[Stage, dict[str, Any]]:
    values: dict[str, Any] = {
        "ended_at": status.ended_at,
        "exit_code": status.exit_code,
        "cpu_seconds": status.usage.cpu_seconds,
        "peak_memory": status.usage.peak_memory,
    }
    if status.reason == "stopped":
        return Stage.CANCELED, values
    if status.reason == "exit":
        if status.exit_code == 0:
            return Stage.COMPLETED, values
        return Stage.ERROR, {**values, "message": f"The command ended with status {status.exit_code}."}
    return Stage.ERROR, {**values, "message": status.message or _REASONS.get(status.reason or "", "")}
