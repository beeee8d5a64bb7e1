"""`Workers`: a process for each model in use, within the memory there is."""

from __future__ import annotations

import contextlib
import secrets
import stat
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pioche.errors import HubError, ModelUnavailable, RunNotFound
from pioche.inference import worker
from pioche.inference.needs import LIFE_SECONDS, gpu_environment, wanted
from pioche.inference.types import Model, State, Weights
from pioche.machine.service import Machine
from pioche.machine.types import GIB, MODEL, Want
from pioche.ports.executor import Limits, Mount, RunSpec
from pioche.runtimes.service import Runtimes

RUNTIME = "ml"
SOCKET = "model.sock"
INSIDE_MODEL, INSIDE_PROGRAM = "/opt/model", "/opt/worker"
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HOME": "/tmp/hf",  # noqa: S108
    # Somebody waits for each answer, so threads spin for a moment (as they do where nothing is said) before they sleep.
    "GOMP_SPINCOUNT": "300000",
}
PREFIX = "infer-"


@dataclass(slots=True)
class Worker:
    """`want`: what it takes. `fault`: why it cannot be asked, once that is known."""

    model: Model
    run_id: str
    want: Want
    used: float = field(default_factory=time.monotonic)
    is_warm: bool = False
    fault: str = ""


class Workers:
    """`idle`: seconds after which a model that nobody asks falls asleep; sooner, where something needs its room."""

    def __init__(self, machine: Machine, runtimes: Runtimes, idle: float) -> None:
        self._machine = machine
        self._executor = machine.executor
        self._runtimes = runtimes
        self._idle = idle
        self._lock = threading.Lock()
        self._workers: dict[str, Worker] = {}
        self._asked: Counter[str] = Counter()
        self._count = 0
        # A hub in a container has the same process id each time it is started.
        self._mark = secrets.token_hex(4)
        self._is_swept = False
        machine.join_models(self._claims, self._idle_runs, self._sleep_one)

    def state(self, model: Model) -> State:
        with self._lock:
            found = self._workers.get(model.key)
        if found is None or found.fault:
            return "asleep"
        return "warm" if self._look(found) else "loading"

    def is_there(self, model: Model) -> bool:
        with self._lock:
            return model.key in self._workers

    def start(self, model: Model, weights: Weights, snapshot: Callable[[], Path]) -> None:
        """Returns once it is on its way. Raises `ModelUnavailable` where the machine is too small or too busy."""
        self.sweep()
        want = wanted(model.task, weights, self._executor.capacity().gpus)
        with self._machine.deciding():
            if self.is_there(model):
                return
            self._make_room(want)
            with self._lock:
                self._count += 1
                found = Worker(model, f"{model.key}-{self._mark}-{self._count}", want)
                self._workers[model.key] = found
        try:
            self._launch(found, snapshot())
        except HubError as error:
            found.fault = error.message
        except OSError as error:
            found.fault = f"Its files could not be laid out: {error.strerror}."
        with self._lock:
            if self._workers.get(model.key) is not found:  # it was put to sleep before it had begun
                self._end(found)

    def listening(self, model: Model) -> Path | None:
        """The socket of one that was warm when it was last looked at; it may have ended since."""
        with self._lock:
            found = self._workers.get(model.key)
        if found is None or found.fault or not found.is_warm or not self._has_socket(found):
            return None
        return self._socket(found)

    def wait(self, model: Model) -> Path | None:
        """The socket to ask at; None while it is loading. Raises `ModelUnavailable` if it will not be."""
        with self._lock:
            found = self._workers.get(model.key)
        if found is None:
            raise ModelUnavailable("The model fell asleep while it was asked. Ask again.")
        if not found.fault and self._look(found):
            return self._socket(found)
        if found.fault:
            with self._lock:
                if self._workers.get(model.key) is found:  # and none that was started since
                    del self._workers[model.key]
            raise ModelUnavailable(found.fault)
        return None

    def give_up(self, model: Model, socket: Path) -> None:
        """Ends the worker that listens there, whoever else waits for it: it is stuck."""
        with self._lock:
            found = self._workers.get(model.key)
            if found is not None and self._has_socket(found) and self._socket(found) == socket:
                del self._workers[model.key]
                self._end(found)

    @contextlib.contextmanager
    def asking(self, model: Model) -> Iterator[None]:
        """While somebody asks it, it is not put to sleep, from before it wakes."""
        with self._lock:
            self._asked[model.key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._asked[model.key] -= 1
                self._asked += Counter()  # forgets what is at 0
                if model.key in self._workers:
                    self._workers[model.key].used = time.monotonic()

    def tidy(self) -> list[str]:
        """Puts to sleep what nobody asks, and forgets runs that are over; keys of the models that are awake."""
        self.sweep()
        self._forget_runs()
        now = time.monotonic()
        with self._lock:
            for one in self._unasked():
                if now - one.used > self._idle:
                    self._end(self._workers.pop(one.model.key))
            return list(self._workers)

    def _forget_runs(self) -> None:
        """Each sleep ends a run, with a folder and a log: nobody reads them any more."""
        over = self._executor.runs(PREFIX)
        with self._lock:
            kept = {one.run_id for one in self._workers.values()}
        for run_id in over:
            with contextlib.suppress(RunNotFound):
                if run_id not in kept and self._executor.status(run_id).state == "ended":
                    self._executor.remove(run_id)

    def sweep(self) -> None:
        """Runs that an earlier process of the hub left, once."""
        with self._lock:
            if self._is_swept:
                return
            self._is_swept = True
        mine = f"-{self._mark}-"
        for run_id in self._executor.runs(PREFIX):
            if mine not in run_id:
                self._executor.stop(run_id)

    def stop_all(self) -> None:
        with self._lock:
            for found in self._workers.values():
                self._end(found)
            self._workers.clear()

    # -- one --

    def _launch(self, found: Worker, files: Path) -> None:
        place = self._runtimes.ensure(RUNTIME)
        program = Path(worker.__file__).parent
        python, has, want = str(place / "bin" / "python"), self._executor.capacity(), found.want
        spec = RunSpec(
            id=found.run_id,
            command=[python, f"{INSIDE_PROGRAM}/serve.py", INSIDE_MODEL, found.model.task],
            limits=Limits(LIFE_SECONDS, float(has.cpus), want.memory, processes=512),
            environment={**ENVIRONMENT, **(gpu_environment(has.gpus) if want.gpus else {})},
            mounts=[Mount(place, str(place)), Mount(files, INSIDE_MODEL), Mount(program, INSIDE_PROGRAM)],
            gpus=want.gpus > 0,
            gpu_memory=want.gpu_memory,
            kind=MODEL,
        )
        self._executor.start(spec)

    def _socket(self, found: Worker) -> Path:
        return self._executor.home(found.run_id) / SOCKET

    def _look(self, found: Worker) -> bool:
        """Does it listen? Notes why not, if it has ended."""
        try:
            status = self._executor.status(found.run_id)
        except HubError:
            return False  # it is being started
        if status.state == "ended":
            found.fault = found.fault or self._why(found, status.reason or "", status.message)
            return False
        found.is_warm = self._has_socket(found)
        return found.is_warm

    def _has_socket(self, found: Worker) -> bool:
        """A socket, and nothing that only leads to one."""
        try:
            return stat.S_ISSOCK(self._socket(found).lstat().st_mode)
        except (OSError, HubError):
            return False

    def _why(self, found: Worker, reason: str, message: str) -> str:
        if reason == "memory":
            return "The model needs more memory than it may have here."
        lines, _ = self._executor.logs(found.run_id)
        last = next((line.text for line in reversed(lines) if line.text.strip()), message)
        return f"The model could not be loaded: {last.removeprefix('ValueError: ')[:300]}"

    def _make_room(self, want: Want) -> None:
        """Others fall asleep, those that were asked longest ago first."""
        budget = self._executor.capacity().memory
        if want.memory > budget:
            raise ModelUnavailable(
                f"This model needs about {want.memory / GIB:.1f} GiB of memory, "
                f"and {budget / GIB:.1f} GiB are for models here."
            )
        if not self._machine.make_room(want):
            count = self._machine.count()
            what = count.lacks(want) or "memory"
            holders = count.holders(what) or "what is about to end"
            raise ModelUnavailable(f"There is no {what} for this model now: it is held by {holders}. Ask again later.")

    # -- what the machine asks --

    def _claims(self) -> Mapping[str, Want]:
        with self._lock:
            return {one.run_id: one.want for one in self._workers.values() if not one.fault}

    def _unasked(self) -> list[Worker]:
        """Those that were asked longest ago first."""
        idle = [one for one in self._workers.values() if not self._asked[one.model.key]]
        return sorted(idle, key=lambda one: one.used)

    def _idle_runs(self) -> list[str]:
        with self._lock:
            return [one.run_id for one in self._unasked()]

    def _sleep_one(self, of_gpus: bool) -> str:
        self.sweep()
        with self._lock:
            for one in self._unasked():
                if one.want.gpu_memory or not of_gpus:
                    self._end(self._workers.pop(one.model.key))
                    return one.run_id
            mine = {one.run_id for one in self._workers.values()}
        for run_id in self._executor.runs(PREFIX):  # of no worker, and yet there: a hub was killed, say
            with contextlib.suppress(RunNotFound):
                status = self._executor.status(run_id)
                has_gpu = status.hold is not None and status.hold.gpu_memory > 0
                if run_id not in mine and status.state != "ended" and (has_gpu or not of_gpus):
                    self._executor.stop(run_id)
                    return run_id
        return ""

    def _end(self, found: Worker) -> None:
        try:
            self._executor.stop(found.run_id)
        except HubError:
            return  # it never began
