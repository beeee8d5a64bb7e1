"""`Running`: jobs that wait are started when there is room; those that run are watched until they end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import json

from pioche.accounts.access import may_run
from pioche.accounts.sealing import Sealer
from pioche.accounts.store import actor_of_user
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, HubError, RunNotFound
from pioche.jobs import store
from pioche.jobs.images import runtime_of
from pioche.jobs.installing import Installing
from pioche.jobs.line import Line
from pioche.jobs.logs import Logs, Others
from pioche.jobs.types import GIB, Flavor, Job, Stage
from pioche.jobs.volumes import Volumes
from pioche.machine.types import JOB, work_gpu_memory
from pioche.plans.service import Plans
from pioche.plans.types import WATTS_PER_CPU, Spent
from pioche.ports.database import Database
from pioche.ports.executor import Executor, Limits, Mount, RunSpec, RunStatus, Sample, Usage
from pioche.queue.service import Queue
from pioche.runtimes.service import Runtimes

LAUNCH_TASK = "jobs.launch"
START_TASK = "jobs.start"
CLEAR_TASK = "jobs.clear"
CLEAR_MS = 60_000
SETTLE_TASK = "jobs.settle"
WATCH_TASK = "jobs.watch"
WATCH_MS = 2_000
"""Between looks at runs that an earlier process of the hub started, and at what waits: others tell that they ended."""
_REASONS = {
    "timeout": "It took longer than the time it asked for.",
    "memory": "It took more memory than its hardware has.",
    "disk": "It wrote more to the disk than it may.",
    "lost": "The machine or its keeper stopped while it ran.",
    "failed": "It could not be started.",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a run: `url` is where this hub answers on this machine."""

    runtimes: Runtimes
    installing: Installing
    line: Line
    plans: Plans
    log_days: int
    url: str


class Running:
    def __init__(
        self, database: Database, queue: Queue, executor: Executor, sealer: Sealer, volumes: Volumes, setting: Setting
    ) -> None:
        self._database = database
        self._queue = queue
        self._executor = executor
        self._runtimes = setting.runtimes
        self._installing = setting.installing
        self._line = setting.line
        self._sealer = sealer
        self._volumes = volumes
        self._url = setting.url
        self._plans = setting.plans
        self.logs = Logs(database, executor, setting.log_days)
        self._launching = threading.Lock()
        self._preparing: set[int] = set()
        executor.listeners.append(lambda _: self._keep_watching(0))  # it may be one of these, or make room

    def flavors(self) -> Sequence[Flavor]:
        return self._line.flavors()

    def flavor(self, name: str) -> Flavor:
        return self._line.flavor(name)

    # -- starting --

    def launch(self) -> int:
        """Takes up what fits, of those who have fewest running first. The number of jobs taken up."""
        with self._launching, self._line.machine.deciding():
            taken = 0
            while (job := self._line.next()) is not None and self._take_up(job):
                taken += 1
        self._again_what_was_lost()
        self._keep_watching()
        return taken

    def start(self, number: int) -> None:
        """Prepares a job that was taken up, and starts it. Doing it again does no harm."""
        with self._launching:
            if number in self._preparing:
                return
            self._preparing.add(number)
        try:
            with self._database.read() as tx:
                job = store.get(tx, number)
            if job is not None and job.stage is Stage.RUNNING and not self._has_run(job):
                self._start(job)
        finally:
            self._preparing.discard(number)

    def _take_up(self, job: Job) -> bool:
        """False if somebody else moved it meanwhile."""
        with self._database.write() as tx:
            values = {"stage": Stage.RUNNING.value, "started_at": tx.now}
            if not store.move(tx, job.id, Stage.SCHEDULING, values):
                return False
            self._queue.enqueue(tx, START_TASK, {"job": job.id}, unique=str(job.id))
        return True

    def _again_what_was_lost(self) -> None:
        """What runs without a run is being prepared, or was when the hub was killed."""
        with self._database.read() as tx:
            running = store.in_stage(tx, Stage.RUNNING)
        lost = [job for job in running if job.id not in self._preparing and not self._has_run(job)]
        if lost:
            with self._database.write() as tx:
                for job in lost:
                    self._queue.enqueue(tx, START_TASK, {"job": job.id}, unique=str(job.id))

    def _start(self, job: Job) -> None:
        try:
            spec = self._spec(job)
            with self._database.write() as tx:
                # The time of preparing is not the job's.
                if not store.move(tx, job.id, Stage.RUNNING, {"started_at": tx.now}):
                    self._volumes.forget(job.run_id)
                    return
            self._executor.start(spec)
        except (HubError, OSError) as error:
            self._volumes.forget(job.run_id)
            said = error.message if isinstance(error, HubError) else f"It could not be started: {error.strerror}."
            self._end(job, Stage.ERROR, {"message": said[:500]})
            return
        with self._database.read() as tx:
            now = store.get(tx, job.id)
        if now is None or now.stage is not Stage.RUNNING:  # it was cancelled at the last moment
            self._executor.stop(job.run_id)

    def _spec(self, job: Job) -> RunSpec:
        name, _ = runtime_of(job.image)
        place = self._runtimes.ensure(name)
        flavor = self.flavor(job.flavor)
        with self._database.read() as tx:
            kept = store.secrets_of(tx, job.id)
        starter = self._starter(job)
        if not may_run(starter, job.owner.id, job.group_id):
            raise Forbidden(f"Whoever started this job may not run jobs as '{job.owner.name}' any more.")
        mounts, changing = self._volumes.prepare(starter, job.run_id, job.volumes)
        limits = Limits(job.seconds, flavor.cpus, flavor.memory)
        installs = self._installing.environment(place)
        known = {"JOB_ID": job.key, "CPU_CORES": f"{flavor.cpus:g}", "MEMORY": f"{flavor.memory / GIB:.0f}Gi"}
        return RunSpec(
            id=job.run_id,
            command=job.command,
            limits=replace(limits, disk=limits.disk + changing),
            environment={**installs, **known, **job.environment},
            secrets=json.decode(self._sealer.unseal(kept), type=dict[str, str]),
            mounts=[*mounts, Mount(place, str(place)), *self._installing.mounts()],
            path=f"{place}/bin:/usr/local/bin:/usr/bin:/bin",
            hub_url=self._url,
            hosts=self._installing.hosts,
            gpus=bool(flavor.gpus),
            gpu_memory=work_gpu_memory(flavor.gpus),
            kind=JOB,
        )

    def _starter(self, job: Job) -> Actor:
        """Whoever started it, with the rights of today."""
        with self._database.read() as tx:
            actor = None if job.initiator is None else actor_of_user(tx, job.initiator.id)
        if actor is None:
            raise Forbidden("Whoever started this job has no account any more.")
        return actor

    def _has_run(self, job: Job) -> bool:
        try:
            self._executor.status(job.run_id)
        except RunNotFound:
            return False
        return True

    # -- watching --

    def watch(self) -> None:
        """All that run."""
        with self._database.read() as tx:
            running = store.in_stage(tx, Stage.RUNNING)
        for job in running:
            self.refresh(job)
        self._keep_watching()

    def refresh(self, job: Job) -> Job:
        """As the executor sees it now. One with volumes has ended when they are written back. What waits says why."""
        if job.stage is Stage.SCHEDULING:
            return replace(job, message=f"{job.message} {self._line.why(job)}".strip())
        if job.stage is not Stage.RUNNING:
            return job
        try:
            status = self._executor.status(job.run_id)
        except RunNotFound:
            return job  # it is being started
        if status.state != "ended":
            return job
        if job.volumes:
            with self._database.write() as tx:
                self._queue.enqueue(tx, SETTLE_TASK, {"job": job.id}, unique=str(job.id))
            return job
        self._end(job, *self._ending(job, status))
        with self._database.read() as tx:
            return store.get(tx, job.id) or job

    def settle(self, number: int) -> None:
        """Writes the volumes of a job back, and ends it."""
        with self._database.read() as tx:
            job = store.get(tx, number)
        if job is None or job.stage is not Stage.RUNNING:
            return
        stage, values = self._ending(job, self._executor.status(job.run_id))
        try:
            fault = self._volumes.write_back(self._starter(job), job.run_id, job.volumes)
        except HubError as error:
            fault = error.message
        if fault:
            said = f"{values.get('message', '')} {fault}".strip()
            stage, values = Stage.ERROR, {**values, "message": said[:500]}
        self._end(job, stage, values)
        self._volumes.forget(job.run_id)

    def _cpus(self, flavor: str) -> float:
        return next((one.cpus for one in self.flavors() if one.name == flavor), 1.0)

    def _ending(self, job: Job, status: RunStatus) -> tuple[Stage, dict[str, Any]]:
        stage, values = _ending(status)
        took = max(0, (status.ended_at or 0) - (status.started_at or 0)) if status.ended_at else 0
        measured, estimated = status.usage.joules, status.usage.cpu_seconds * WATTS_PER_CPU
        values["compute_ms"] = int(took * self._cpus(job.flavor))
        values |= {"joules": measured or estimated, "joules_measured": measured > 0}
        if stage is Stage.ERROR and status.reason == "exit" and (hint := self._installing.hint(job.command)):
            values["message"] += f" {hint}"
        return stage, values

    def clear(self, run_id: str) -> None:
        """What a run that is over wrote outside its volumes, and old logs of its owner."""
        with contextlib.suppress(RunNotFound):
            self._executor.clear(run_id)
        self.logs.make_room(run_id.partition("-")[0])

    def tidy(self, others: Others = frozenset) -> None:
        """Volumes that nobody has, logs that are old, and runs of nobody: see `Logs.tidy`."""
        with self._database.read() as tx:
            running = store.in_stage(tx, Stage.RUNNING)
        self._volumes.tidy([job.run_id for job in running])
        self.logs.tidy(others)

    def cancel(self, job: Job) -> None:
        if job.stage is Stage.SCHEDULING:
            self._end(job, Stage.CANCELED, {})
            with self._database.read() as tx:  # it may have been taken up since it was read
                job = store.get(tx, job.id) or job
        if job.stage is Stage.RUNNING:
            try:
                self._executor.stop(job.run_id)
            except RunNotFound:
                self._end(job, Stage.CANCELED, {})

    def history(self, job: Job) -> Sequence[Sample]:
        try:
            return self._executor.history(job.run_id)
        except RunNotFound:
            return ()

    def usage(self, job: Job) -> Usage | None:
        """None unless it runs."""
        try:
            return self._executor.status(job.run_id).usage if job.stage is Stage.RUNNING else None
        except RunNotFound:
            return None

    def _keep_watching(self, delay_ms: int = WATCH_MS) -> None:
        """What waits is looked at too: it may be a training or a model that makes room."""
        with self._database.write() as tx:
            if store.in_stage(tx, Stage.RUNNING):
                self._queue.enqueue(tx, WATCH_TASK, {}, unique="all", delay_ms=delay_ms)
            if store.in_stage(tx, Stage.SCHEDULING):
                self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="later", delay_ms=delay_ms)

    def _end(self, job: Job, stage: Stage, values: dict[str, Any]) -> None:
        """Or, if it failed and may be tried again, puts it back in line."""
        with self._database.write() as tx:
            change = {"stage": stage.value, "ended_at": tx.now, **_added_up(job, values)}
            if stage is Stage.ERROR and "compute_ms" in values and job.attempt < job.attempts:
                said = f"Attempt {job.attempt} of {job.attempts} failed: {values.get('message', '')}"
                again = {"stage": Stage.SCHEDULING.value, "attempt": job.attempt + 1, "message": said[:500]}
                change |= {**again, "started_at": None, "ended_at": None, "exit_code": None}
            if store.move(tx, job.id, job.stage, change):
                self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
                if "compute_ms" in values:
                    spent = Spent(values["compute_ms"], values["cpu_seconds"], values["joules"])
                    self._plans.record(tx, job.owner.id, "job", spent)
                    self._queue.enqueue(tx, CLEAR_TASK, {"job": job.run_id}, delay_ms=CLEAR_MS)


def _added_up(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    """With what earlier attempts took."""
    if "compute_ms" not in values:
        return values
    sums = {name: getattr(job, name) + values[name] for name in ("compute_ms", "cpu_seconds", "joules")}
    return {**values, **sums, "peak_memory": max(job.peak_memory, values["peak_memory"])}


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
