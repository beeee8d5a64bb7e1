"""`Workers`: a process for each model in use, within the memory there is."""

from __future__ import annotations

import contextlib
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pioche.errors import HubError, ModelUnavailable, RunNotFound
from pioche.inference import worker
from pioche.inference.types import Model, State
from pioche.ports.executor import Executor, Limits, Mount, RunSpec
from pioche.runtimes.service import Runtimes

RUNTIME = "ml"
SOCKET = "model.sock"
INSIDE_MODEL, INSIDE_PROGRAM = "/opt/model", "/opt/worker"
BASE_MEMORY = 1_500 * 1024 * 1024
"""What a worker takes before it has a model: its libraries."""
PER_BYTE = 3.0
"""Memory for each byte of weights: read once, held once in 32 bits, and what it reckons with."""
LIFE_SECONDS = 7 * 24 * 3600
PREFIX = "infer-"


@dataclass(slots=True)
class Worker:
    """`busy`: how many questions it has. `fault`: why it cannot be asked, once that is known."""

    model: Model
    run_id: str
    memory: int
    began: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    busy: int = 0
    is_warm: bool = False
    fault: str = ""


class Workers:
    """`idle`: seconds after which a model that nobody asks falls asleep."""

    def __init__(self, executor: Executor, runtimes: Runtimes, idle: float) -> None:
        self._executor = executor
        self._runtimes = runtimes
        self._idle = idle
        self._lock = threading.Lock()
        self._workers: dict[str, Worker] = {}
        self._count = 0
        # A hub in a container has the same process id each time it is started.
        self._mark = secrets.token_hex(4)
        self._is_swept = False

    def state(self, model: Model) -> State:
        with self._lock:
            found = self._workers.get(model.key)
        if found is None or found.fault:
            return "asleep"
        return "warm" if self._look(found) else "loading"

    def is_there(self, model: Model) -> bool:
        with self._lock:
            return model.key in self._workers

    def start(self, model: Model, weights: int, snapshot: Callable[[], Path]) -> None:
        """Returns once it is on its way. Raises `ModelUnavailable` where the machine is too small or too busy."""
        self.sweep()
        memory = int(BASE_MEMORY + PER_BYTE * weights)
        with self._lock:
            if model.key in self._workers:
                return
            self._make_room(model, memory)
            self._count += 1
            found = Worker(model, f"{model.key}-{self._mark}-{self._count}", memory)
            self._workers[model.key] = found
        try:
            self._launch(found, snapshot())
        except HubError as error:
            found.fault = error.message
        except OSError as error:
            found.fault = f"Its files could not be laid out: {error.strerror}."

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
                self._workers.pop(model.key, None)
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
        """While somebody asks it, it is not put to sleep."""
        with self._lock:
            found = self._workers.get(model.key)
            if found is not None:
                found.busy += 1
        try:
            yield
        finally:
            if found is not None:
                with self._lock:
                    found.busy -= 1
                    found.used = time.monotonic()

    def tidy(self) -> list[str]:
        """Puts to sleep what nobody asks, and forgets runs that are over; keys of the models that are awake."""
        self.sweep()
        self._forget_runs()
        now = time.monotonic()
        with self._lock:
            tired = [key for key, one in self._workers.items() if not one.busy and now - one.used > self._idle]
            for key in tired:
                self._end(self._workers.pop(key))
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
        python = str(place / "bin" / "python")
        spec = RunSpec(
            id=found.run_id,
            command=[python, f"{INSIDE_PROGRAM}/serve.py", INSIDE_MODEL, found.model.task],
            limits=Limits(LIFE_SECONDS, float(self._executor.capacity().cpus), found.memory, processes=512),
            environment={"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HOME": "/tmp/hf"},  # noqa: S108
            mounts=[Mount(place, str(place)), Mount(files, INSIDE_MODEL), Mount(program, INSIDE_PROGRAM)],
            gpus=bool(self._executor.capacity().gpus),
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
        return f"The model could not be loaded: {last[:300]}"

    def _make_room(self, model: Model, memory: int) -> None:
        """Others fall asleep, those that were asked longest ago first."""
        budget = self._executor.capacity().memory
        if memory > budget:
            raise ModelUnavailable(
                f"This model needs about {memory / 2**30:.1f} GiB of memory, "
                f"and {budget / 2**30:.1f} GiB are for models here."
            )
        idle = sorted((one for one in self._workers.values() if not one.busy), key=lambda one: one.used)
        while sum(one.memory for one in self._workers.values()) + memory > budget:
            if not idle:
                raise ModelUnavailable(
                    "All the memory for models is taken by others that are being asked. Try again soon."
                )
            one = idle.pop(0)
            del self._workers[one.model.key]
            self._end(one)

    def _end(self, found: Worker) -> None:
        try:
            self._executor.stop(found.run_id)
        except HubError:
            return  # it never began
