"""`Running`: trainings that wait are started one after the other, watched, and published when they end well."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pioche.accounts import store as account_store
from pioche.errors import HubError, InvalidInput, QuotaExceeded, RunNotFound
from pioche.machine.types import TRAINING
from pioche.plans.service import Plans
from pioche.plans.types import WATTS_PER_CPU, Spent
from pioche.ports.database import Database
from pioche.ports.executor import Executor, Limits, Mount, RunSpec, RunStatus, run_id_of
from pioche.queue.service import Queue
from pioche.runtimes.service import Runtimes
from pioche.training import recipes, store
from pioche.training.catalogue import TASKS
from pioche.training.inputs import Inputs
from pioche.training.line import SECONDS, Line
from pioche.training.logs import Logs
from pioche.training.publishing import Publisher
from pioche.training.results import written
from pioche.training.types import Stage, Training

LAUNCH_TASK, WATCH_TASK = "training.launch", "training.watch"
WATCH_MS = 2_000
"""Between looks at runs that an earlier process of the hub started, and at what waits: others tell that they ended."""
LEAST_SECONDS = 30
KEPT_MS = 7 * 24 * 3600 * 1000

_REASONS = {
    "timeout": "It took two hours, or all the compute-minutes that were left. It can go on when there are more.",
    "memory": "It needed more memory than there is for it. Try a smaller batch size, or less data.",
    "disk": "It wrote more to the disk than it may.",
    "lost": "The machine stopped while it ran.",
    "failed": "It could not be started.",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a training. `log_days`: how long all that it said is kept."""

    runtimes: Runtimes
    line: Line
    inputs: Inputs
    publisher: Publisher
    plans: Plans
    log_days: int


class Running:
    def __init__(self, database: Database, queue: Queue, executor: Executor, setting: Setting) -> None:
        self._database = database
        self._queue = queue
        self._executor = executor
        self._runtimes = setting.runtimes
        self._line = setting.line
        self._inputs = setting.inputs
        self._publisher = setting.publisher
        self._plans = setting.plans
        self.logs = Logs(database, executor, setting.log_days)
        self._plans.holders.append(store.held_ms)
        executor.listeners.append(lambda _: self._keep_watching(0))  # it may be one of these, or make room
        self._starting = threading.Lock()
        self._publishing = threading.Lock()

    def launch(self) -> None:
        """The next one, if none runs and there is room for it.

        Owners take turns: first comes who has waited longest since their last one was started.
        """
        with self._starting:
            if (taken := self._take_up()) is not None:
                self._start(*taken)
        self._keep_watching()

    def why(self, training: Training) -> str:
        """What one that waits is waiting for, where that is room."""
        return self._line.why(training)

    def watch(self) -> None:
        """All that run; and what waits, if one has ended."""
        with self._database.read() as tx:
            running = store.in_stages(tx, Stage.RUNNING, Stage.PUBLISHING)
        for training in running:
            self._look(training)
        self.logs.forget()
        with self._database.write() as tx:
            if store.in_stages(tx, Stage.WAITING) and not store.in_stages(tx, Stage.RUNNING, Stage.PUBLISHING):
                self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        self._keep_watching()

    def stop(self, training: Training) -> None:
        if training.stage is Stage.WAITING:
            if self._end(training, Stage.WAITING, Stage.STOPPED, ""):
                return
            with self._database.read() as tx:  # it was taken up since it was read
                training = store.find(tx, training.key) or training
        if training.stage is Stage.RUNNING:
            try:
                self._executor.stop(training.run_id)
            except RunNotFound:  # it is being prepared: whoever does that looks again when it is ready
                self._end(training, Stage.RUNNING, Stage.STOPPED, "")
                return
            self._look(training)

    def tidy(self) -> None:
        """What ended a week ago does not go on: what it wrote goes. Its curves stay."""
        laid_out = self._inputs.keys()
        with self._database.read() as tx:
            settled = tx.now - KEPT_MS
            old = store.ended_before(tx, settled)
        for training in old:
            self._forget(training)
        for key in set(laid_out) - self.known(laid_out):  # of an account that is gone
            self._inputs.forget(key)
        self.logs.tidy(settled)

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of these that are trainings'."""
        with self._database.read() as tx:
            return store.known(tx, keys)

    # -- one --

    def _take_up(self) -> tuple[Training, float] | None:
        """With the CPUs that it may use: those that are free now, but half of them at least."""
        machine = self._line.machine
        with machine.deciding():
            training = self._line.next()
            if training is None or self._line.why(training) or not machine.make_room(self._line.want(training)):
                return None
            cpus = machine.count().free(TRAINING).cpus
            with self._database.write() as tx:
                values = {"stage": Stage.RUNNING.value, "started_at": tx.now}
                return (training, cpus) if store.move(tx, training.key, Stage.WAITING, values) else None

    def _start(self, training: Training, cpus: float) -> None:
        try:
            with self._database.read() as tx:
                actor = account_store.actor_of_user(tx, training.initiator_id or 0)
            if actor is None:
                raise RunNotFound("Whoever started it has no account any more.")
            spec = self._spec(training, cpus)
            self._inputs.lay_out(actor, training.key, training.recipe)
            self._executor.start(spec)
        except (HubError, OSError) as error:
            self._end(training, Stage.RUNNING, Stage.FAILED, str(error))
            return
        with self._database.read() as tx:
            now = store.find(tx, training.key)
        if now is None or now.stage is not Stage.RUNNING:
            self._executor.stop(training.run_id)

    def _spec(self, training: Training, cpus: float) -> RunSpec:
        place, want = self._runtimes.ensure("ml"), self._line.want(training)
        mounts = [
            Mount(place, str(place)),
            Mount(self._inputs.place(training.key), "/inputs"),
            Mount(Path(recipes.__file__).parent, "/opt/recipes"),
        ]
        if before := self._checkpoint(training):
            mounts.append(Mount(before, "/checkpoint"))
        return RunSpec(
            id=training.run_id,
            command=[str(place / "bin" / "python"), f"/opt/recipes/{TASKS[training.recipe.task].program}"],
            limits=Limits(self.seconds(training, cpus), cpus, want.memory, processes=512),
            environment={
                "HF_HUB_OFFLINE": "1",
                "TOKENIZERS_PARALLELISM": "false",
                "TQDM_DISABLE": "1",
                "HF_HOME": "/tmp/hf",  # noqa: S108
            },
            mounts=mounts,
            gpus=want.gpus > 0,
            gpu_memory=want.gpu_memory,
            kind=TRAINING,
        )

    def seconds(self, training: Training, cpus: float) -> int:
        """It may take what is left of its owner's plan. Raises `QuotaExceeded` where that is nothing."""
        with self._database.read() as tx:
            standing = self._plans.standing(tx, training.owner_id, training.owner)
        if standing.left_ms is None:
            return SECONDS
        left = standing.left_ms / 1000 + training.seconds  # what it holds itself is for it
        if left < LEAST_SECONDS * cpus:
            raise QuotaExceeded("The compute-minutes of this month are used up. It can go on when there are more.")
        return min(SECONDS, int(left / cpus))

    def _checkpoint(self, training: Training) -> Path | None:
        """Of the last attempt that has one. The run made this folder, so it is not followed if it leads elsewhere."""
        for attempt in range(training.attempt - 1, 0, -1):
            try:
                folder = self._executor.home(run_id_of(training.key, attempt)) / "checkpoint"
            except RunNotFound:
                continue
            if folder.is_dir() and not folder.is_symlink() and any(folder.iterdir()):
                _let_read(folder)
                return folder
        return None

    def _look(self, training: Training) -> None:
        if training.stage is Stage.PUBLISHING:
            self._publish(training)
            return
        try:
            status = self._executor.status(training.run_id)
        except RunNotFound:
            self._take_back(training)
            return
        if status.state != "ended":
            return
        self._take(training, status)

    def _take_back(self, training: Training) -> None:
        """What nobody is starting, and yet was not started: the hub was killed while it did."""
        if self._starting.acquire(blocking=False):
            try:
                self._executor.status(training.run_id)
            except RunNotFound:
                self._move(training, {"stage": Stage.WAITING.value, "started_at": None})
            finally:
                self._starting.release()

    def _take(self, training: Training, status: RunStatus) -> None:
        """What has ended. What earlier attempts have used counts too."""
        told, used = self.logs.progress(training), status.usage
        usage = {
            "cpu_seconds": training.cpu_seconds + used.cpu_seconds,
            "peak_memory": max(training.peak_memory, used.peak_memory),
        }
        fault = told.problem
        if status.reason == "exit" and status.exit_code == 0 and told.result:
            try:
                result = {"result": written(told.result)}
            except InvalidInput as error:
                fault = error.message
            else:
                self._take_result(training, {"stage": Stage.PUBLISHING.value, **usage, **result}, status)
                return
        stage = Stage.STOPPED if status.reason == "stopped" else Stage.FAILED
        last = next((line for line in reversed(told.lines) if line.strip()), "")
        why = fault or _REASONS.get(status.reason or "", "") or f"The training broke off: {last}"
        values = {"stage": stage.value, "message": "" if stage is Stage.STOPPED else why[:500], **usage}
        self._move(training, {**values, "ended_at": status.ended_at or time.time_ns() // 1_000_000}, status)

    def _take_result(self, training: Training, values: dict[str, Any], status: RunStatus) -> None:
        if self._move(training, values, status):
            with self._database.read() as tx:
                again = store.find(tx, training.key)
            if again is not None:
                self._publish(again)

    def _publish(self, training: Training) -> None:
        """May run again after a crash: a repository that is there already gets the same files once more."""
        if not self._publishing.acquire(blocking=False):
            return  # another thread is at it; who watches looks again
        try:
            with self._database.read() as tx:
                now = store.find(tx, training.key)
            if now is not None and now.stage is Stage.PUBLISHING:
                self._publish_alone(now)
        finally:
            self._publishing.release()

    def _publish_alone(self, training: Training) -> None:
        try:
            name = self._publisher.publish(training, self._executor.home(training.run_id) / "model")
        except (HubError, OSError) as error:
            why = error.message if isinstance(error, HubError) else error.strerror
            self._end(training, Stage.PUBLISHING, Stage.FAILED, f"It could not be published: {why}")
            return
        self._end(training, Stage.PUBLISHING, Stage.DONE, "", {"model": name})
        self._forget(training)

    def _end(
        self, training: Training, old: Stage, stage: Stage, message: str, values: dict[str, Any] | None = None
    ) -> bool:
        """False if it is in another stage by now."""
        with self._database.write() as tx:
            said = {"stage": stage.value, "message": message[:500], "ended_at": tx.now, **(values or {})}
            return store.move(tx, training.key, old, said)

    def _move(self, training: Training, values: dict[str, Any], took: RunStatus | None = None) -> bool:
        """False if somebody else did. `took`: the run that ended, which counts for the plan of its owner."""
        with self._database.write() as tx:
            moved = store.move(tx, training.key, training.stage, values)
            if moved and took is not None and took.started_at and took.ended_at:
                cpus = took.hold.cpus if took.hold else self._executor.capacity().cpus
                compute = (took.ended_at - took.started_at) * cpus
                used = took.usage
                joules = used.joules or used.cpu_seconds * WATTS_PER_CPU
                spent = Spent(int(compute), used.cpu_seconds, joules)
                self._plans.record(tx, training.owner_id, "training", spent)
            return moved

    def _keep_watching(self, delay_ms: int = WATCH_MS) -> None:
        """What waits is looked at too: it may be a job or a model that makes room."""
        with self._database.write() as tx:
            if store.in_stages(tx, Stage.WAITING, Stage.RUNNING, Stage.PUBLISHING):
                self._queue.enqueue(tx, WATCH_TASK, {}, unique="all", delay_ms=delay_ms)

    def _forget(self, training: Training) -> None:
        """All but its logs."""
        self._inputs.forget(training.key)
        for attempt in range(1, training.attempt + 1):
            run_id = run_id_of(training.key, attempt)
            with contextlib.suppress(RunNotFound):
                if self._executor.home(run_id).exists():
                    self._executor.clear(run_id)


def _let_read(folder: Path) -> None:
    """Each run is a user of its own. What made these files has ended; where they are links, they stay as they are."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
