"""`Running`: trainings that wait are started one after the other, watched, and published when they end well."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec

from pioche.accounts import store as account_store
from pioche.errors import HubError, RunNotFound
from pioche.lfs.service import Lfs
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database
from pioche.ports.executor import Executor, Limits, Mount, RunSpec
from pioche.ports.gitstore import PutFile
from pioche.queue.service import Queue
from pioche.repos.service.commits import Commits
from pioche.repos.service.repos import Repos
from pioche.repos.types import CommitHeader, CommitOperation, NewRepo
from pioche.runtimes.service import Runtimes
from pioche.training import recipes, store
from pioche.training.card import card_of
from pioche.training.publishing import operations_of
from pioche.training.types import Progress, Recipe, Stage, Training

LAUNCH_TASK, WATCH_TASK = "training.launch", "training.watch"
WATCH_MS = 1_000
SECONDS = 2 * 3600
MEMORY_SHARE = 0.7
LOGGED = 200
_REASONS = {
    "timeout": "It took longer than two hours.",
    "memory": "It needed more memory than there is for it. Try a smaller batch size, or less data.",
    "disk": "It wrote more to the disk than it may.",
    "lost": "The machine stopped while it ran.",
    "failed": "It could not be started.",
}


class Running:
    """`folder` holds what runs read, by key."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        executor: Executor,
        runtimes: Runtimes,
        folder: Path,
        publisher: Publisher,
    ) -> None:
        self._database = database
        self._queue = queue
        self._executor = executor
        self._runtimes = runtimes
        self._folder = folder
        self._publisher = publisher

    def lay_out(self, key: str, recipe: Recipe, content: bytes) -> None:
        """The inputs of a run, as it will see them."""
        inputs = self._folder / key
        (inputs / "data").mkdir(parents=True)
        (inputs / "recipe.json").write_bytes(msgspec.json.encode(recipe))
        (inputs / "data" / Path(recipe.file).name).write_bytes(content)
        for path in (inputs, *inputs.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def launch(self) -> None:
        """The next one, if none runs: a training has the machine for itself, but for models in use."""
        with self._database.read() as tx:
            running, waiting = store.in_stages(tx, Stage.RUNNING, Stage.PUBLISHING), store.in_stages(tx, Stage.WAITING)
        if not running and waiting:
            self._start(waiting[0])
        self._keep_watching()

    def watch(self) -> None:
        """All that run; and what waits, if one has ended."""
        with self._database.read() as tx:
            running = store.in_stages(tx, Stage.RUNNING, Stage.PUBLISHING)
        for training in running:
            self._look(training)
        with self._database.write() as tx:
            if store.in_stages(tx, Stage.WAITING):
                self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        self._keep_watching()

    def stop(self, training: Training) -> None:
        if training.stage is Stage.WAITING:
            self._move(training, {"stage": Stage.STOPPED.value})
        elif training.stage is Stage.RUNNING:
            self._executor.stop(training.key)
            self._look(training)

    def progress(self, training: Training) -> Progress:
        """Out of the lines that the run has said."""
        try:
            return _read(self._all_lines(training.key))
        except RunNotFound:
            return Progress()

    # -- one --

    def _start(self, training: Training) -> None:
        with self._database.write() as tx:
            if not store.move(tx, training.key, Stage.WAITING, {"stage": Stage.RUNNING.value, "started_at": tx.now}):
                return
        try:
            place = self._runtimes.ensure("ml")
            has = self._executor.capacity()
            program = f"/opt/recipes/{training.recipe.task.replace('-', '_')}.py"
            spec = RunSpec(
                id=training.key,
                command=[str(place / "bin" / "python"), program],
                limits=Limits(SECONDS, float(has.cpus), int(has.memory * MEMORY_SHARE), processes=512),
                environment={"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HOME": "/tmp/hf"},  # noqa: S108
                mounts=[
                    Mount(place, str(place)),
                    Mount(self._folder / training.key, "/inputs"),
                    Mount(Path(recipes.__file__).parent, "/opt/recipes"),
                ],
            )
            self._executor.start(spec)
        except (HubError, OSError) as error:
            self._end(training, Stage.RUNNING, Stage.FAILED, str(error))

    def _look(self, training: Training) -> None:
        if training.stage is Stage.PUBLISHING:
            self._publish(training)
            return
        try:
            status = self._executor.status(training.key)
        except RunNotFound:
            # It was being started when the hub was killed.
            self._move(training, {"stage": Stage.WAITING.value, "started_at": None})
            return
        if status.state != "ended":
            return
        told = self.progress(training)
        usage = {"cpu_seconds": status.usage.cpu_seconds, "peak_memory": status.usage.peak_memory}
        if status.reason == "exit" and status.exit_code == 0 and told.result:
            result = {"result": json.dumps(dict(told.result))}
            if self._move(training, {"stage": Stage.PUBLISHING.value, **usage, **result}):
                with self._database.read() as tx:
                    again = store.find(tx, training.key)
                if again is not None:
                    self._publish(again)
            return
        stage = Stage.STOPPED if status.reason == "stopped" else Stage.FAILED
        last = next((line for line in reversed(told.lines) if line.strip()), "")
        why = told.problem or _REASONS.get(status.reason or "", "") or f"The training broke off: {last}"
        self._end(training, Stage.RUNNING, stage, "" if stage is Stage.STOPPED else why, usage)

    def _publish(self, training: Training) -> None:
        """May run again after a crash: a repository that is there already gets the same files once more."""
        try:
            name = self._publisher.publish(training, self._executor.home(training.key) / "model")
        except HubError as error:
            self._end(training, Stage.PUBLISHING, Stage.FAILED, f"It could not be published: {error.message}")
            return
        self._end(training, Stage.PUBLISHING, Stage.DONE, "", {"model": name})
        shutil.rmtree(self._folder / training.key, ignore_errors=True)

    def _end(
        self, training: Training, old: Stage, stage: Stage, message: str, values: dict[str, Any] | None = None
    ) -> None:
        with self._database.write() as tx:
            said = {"stage": stage.value, "message": message[:500], "ended_at": tx.now, **(values or {})}
            store.move(tx, training.key, old, said)

    def _move(self, training: Training, values: dict[str, Any]) -> bool:
        with self._database.write() as tx:
            return store.move(tx, training.key, training.stage, values)

    def _keep_watching(self) -> None:
        with self._database.write() as tx:
            if store.in_stages(tx, Stage.RUNNING, Stage.PUBLISHING):
                self._queue.enqueue(tx, WATCH_TASK, {}, unique="all", delay_ms=WATCH_MS)

    def _all_lines(self, key: str) -> list[str]:
        found, position = list[str](), 0
        while True:
            lines, after = self._executor.logs(key, position)
            found += [line.text for line in lines]
            if after == position:
                return found
            position = after


class Publisher:
    """Makes the repository of a model, as the person who started its training."""

    def __init__(self, database: Database, repos: Repos, commits: Commits, lfs: Lfs) -> None:
        self._database = database
        self._repos = repos
        self._commits = commits
        self._lfs = lfs

    def publish(self, training: Training, folder: Path) -> str:
        """`owner/name`. Raises what making and writing a repository raise."""
        repo_id = RepoId.parse(RepoKind.MODEL, f"{training.owner}/{training.recipe.model}")
        with self._database.read() as tx:
            actor = account_store.actor_of_user(tx, training.initiator_id or 0)
        if actor is None:
            raise RunNotFound("Whoever started it has no account any more.")
        try:
            repo = self._repos.find(actor, repo_id)
        except HubError:
            repo = self._repos.create(actor, NewRepo(repo_id, training.recipe.private))
        operations: list[CommitOperation] = [*operations_of(self._lfs, repo.id, folder)]
        operations.append(PutFile("README.md", card_of(training).encode()))
        self._commits.commit(actor, repo_id, "main", CommitHeader("Publish what was trained"), operations)
        return repo_id.full


def _read(lines: list[str]) -> Progress:
    steps, step, problem, result = 0, 0, "", {}
    losses, accuracies, said = list[tuple[int, float]](), list[tuple[int, float]](), list[str]()
    for line in lines:
        event = _event(line)
        if event is None:
            said.append(line)
            continue
        step = max(step, int(event.get("step") or 0))
        match event["event"]:
            case "start":
                steps = int(event.get("steps") or 0)
            case "step":
                losses.append((step, float(event["loss"])))
            case "evaluation" if "accuracy" in event:
                accuracies.append((step, float(event["accuracy"])))
            case "problem":
                problem = str(event.get("message", ""))
            case "result":
                result = {key: value for key, value in event.items() if key not in ("event", "at")}
    return Progress(steps, step, losses, accuracies, problem, result, said[-LOGGED:])


def _event(line: str) -> dict[str, Any] | None:
    """What a run says is not to be trusted: anything else is a line of its log."""
    if not line.startswith('{"event"'):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("event"), str) else None
