"""`Inference`: which model is asked, by whom, and what it answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pioche.accounts.types import Actor
from pioche.errors import HubError, InvalidInput, ModelLoading, ModelUnavailable, NotSupported
from pioche.inference.examples import examples_of
from pioche.inference.opening import Opening
from pioche.inference.snapshots import Snapshots
from pioche.inference.types import ALSO, OF_TABLES, TASKS, Model, Question, State
from pioche.inference.workers import Workers
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database
from pioche.ports.database.kept import Kept
from pioche.repos.service.find import require_content
from pioche.repos.types import Repo

LOOK_EVERY = 0.05
WAIT_SECONDS = 120.0
LINE_LIMIT = 64 * 1024 * 1024
KEPT_SECONDS = 7 * 24 * 3600.0
"""Files of a model that nobody asked for so long are taken away."""
ESTIMATED_SECONDS = 20.0
KEPT_MODELS = 1_000

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Inference:
    """`answer_seconds`: for a whole answer, with the time that it waits for others. Some models never end."""

    def __init__(self, database: Database, snapshots: Snapshots, workers: Workers, answer_seconds: float) -> None:
        self._answer_seconds = answer_seconds
        self._database = database
        self._models: Kept[tuple[int | None, int | None, RepoId], Model] = Kept(database, KEPT_MODELS)
        self._snapshots = snapshots
        self.workers = workers

    def find(self, actor: Actor, repo_id: RepoId) -> Model:
        """The model, if the actor may read it. Raises as `require_content`, and `NotSupported`."""
        key = _key(actor, repo_id)
        return self._find(actor, repo_id) if key is None else self._models.read(key, lambda: self._find(actor, repo_id))

    async def look_up(self, actor: Actor, repo_id: RepoId) -> Model:
        """As `find`, from the event loop."""
        key = _key(actor, repo_id)
        if key is not None and (known := self._models.find(key)) is not None:
            return known
        return await asyncio.to_thread(self.find, actor, repo_id)

    def _find(self, actor: Actor, repo_id: RepoId) -> Model:
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        model = self.model_of(repo)
        if model is None:
            raise NotSupported(f"'{repo_id.full}' cannot be asked here: {_why_not(repo)}")
        return model

    def model_of(self, repo: Repo) -> Model | None:
        """What its page may try."""
        task = task_of(repo)
        if repo.repo_id.kind is not RepoKind.MODEL or repo.head is None or task not in TASKS or not _has_weights(repo):
            return None
        return Model(repo, repo.head, task)

    def opening(self, repo: Repo) -> Opening | None:
        """What stands beside its card to try it; None if its card wants none (`inference: false`)."""
        model = self.model_of(repo)
        if model is None or repo.card.get("inference") is False:
            return None
        return Opening(model, self.state(model), form=examples_of(model, {})[0].form)

    def config(self, actor: Actor, model: Model) -> Mapping[str, Any]:
        """What `config.json` says; empty where there is none that can be read."""
        try:
            found = json.loads(self._snapshots.read(actor, model, "config.json"))
        except (HubError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def state(self, model: Model) -> State:
        return self.workers.state(model)

    def wake(self, actor: Actor, model: Model) -> None:
        """On its way, if it was asleep. Costs what copying its files does."""
        if not self.workers.is_there(model):
            weights = self._snapshots.weights(actor, model)
            self.workers.start(model, weights, lambda: self._snapshots.make(actor, model))

    async def ask(self, actor: Actor, model: Model, question: Question, seconds: float = WAIT_SECONDS) -> Any:
        """The answer, after the model was loaded. Raises `ModelLoading`, `ModelUnavailable`, `InvalidInput`."""
        result = None
        async for said in self.stream(actor, model, question, seconds):
            result = said.get("result")
        return result

    async def stream(
        self, actor: Actor, model: Model, question: Question, seconds: float = WAIT_SECONDS
    ) -> AsyncIterator[dict[str, Any]]:
        """`{"part": ...}` as they come, then `{"result": ...}`. Raises as `ask`."""
        require_task(model, question.task)
        with self.workers.asking(model):
            socket, line = await self._line(actor, model, seconds)
            try:
                async for said in _converse(line, question, self._answer_seconds):
                    if "error" in said:
                        raise (InvalidInput if said.get("kind") == "input" else ModelUnavailable)(said["error"])
                    yield said
            except TimeoutError as error:
                await asyncio.to_thread(self.workers.give_up, model, socket)
                raise ModelUnavailable(
                    f"The model did not answer within {self._answer_seconds:g} seconds, so it was stopped."
                ) from error

    def tidy(self) -> None:
        """Models that nobody asks fall asleep, and later their files go."""
        awake = set(self.workers.tidy())
        for key in self._snapshots.unused(time.time() - KEPT_SECONDS):
            if key not in awake:
                self._snapshots.forget(key)

    async def _line(self, actor: Actor, model: Model, seconds: float) -> tuple[Path, Line]:
        """To a model that was warm a moment ago without another look: it costs the time of a short answer."""
        if (socket := self.workers.listening(model)) is not None:
            with contextlib.suppress(OSError):
                return socket, await _open(socket)
        await asyncio.to_thread(self.wake, actor, model)
        socket = await self._warm(model, seconds)
        try:
            return socket, await _open(socket)
        except OSError as error:
            raise _broken_off() from error

    async def _warm(self, model: Model, seconds: float) -> Path:
        until = time.monotonic() + seconds
        while (socket := await asyncio.to_thread(self.workers.wait, model)) is None:
            if time.monotonic() > until:
                raise ModelLoading(f"'{model.repo.repo_id.full}' is being loaded.", estimated_time=ESTIMATED_SECONDS)
            await asyncio.sleep(LOOK_EVERY)
        return socket


def _key(actor: Actor, repo_id: RepoId) -> tuple[int | None, int | None, RepoId] | None:
    """What says, with the database, who asks; None for tokens that end by the clock."""
    if actor.token is None:
        return (actor.user_id, None, repo_id)
    return None if actor.token.oauth is not None else (actor.user_id, actor.token.id, repo_id)


def require_task(model: Model, task: str) -> None:
    """Raises `InvalidInput` for what the model does not do."""
    if task != model.task and task not in ALSO.get(model.task, ()):
        raise InvalidInput(f"'{model.repo.repo_id.full}' is made for '{model.task}', not for '{task[:40]}'.")


def task_of(repo: Repo) -> str:
    """Cards of models in GGUF seldom name it: such a model talks."""
    return repo.pipeline_tag or ("text-generation" if "gguf" in repo.tags else "")


def _has_weights(repo: Repo) -> bool:
    """Of a kind that holds numbers, not programs."""
    if task_of(repo) in OF_TABLES:
        return repo.library == "sklearn" or "skops" in repo.tags
    return "safetensors" in repo.tags or (task_of(repo) == "text-generation" and "gguf" in repo.tags)


def _why_not(repo: Repo) -> str:
    task = task_of(repo)
    if repo.head is None:
        return "it has no files yet."
    if task in TASKS:
        return (
            "it has no weights in safetensors, GGUF or the format of skops. Pickles (.bin, .pt, .pkl, .joblib) run "
            "what they hold when they are loaded, so this hub does not load them. "
            "Save it with save_pretrained(..., safe_serialization=True) or skops.io.dump()."
        )
    said = f"its task is '{task}'." if task else "its card names no task (pipeline_tag)."
    return f"{said} This hub runs: {', '.join(TASKS)}."


async def _open(socket: Path) -> Line:
    # By its folder: addresses of sockets have 108 bytes, and folders may be deeper than that.
    folder = os.open(socket.parent, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        return await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{socket.name}", limit=LINE_LIMIT)
    finally:
        os.close(folder)


async def _converse(line: Line, question: Question, seconds: float) -> AsyncIterator[dict[str, Any]]:
    """What the model says, until its result or error.

    Raises `ModelUnavailable` if it stops before that, and `TimeoutError`.
    """
    reader, writer = line
    until = asyncio.get_running_loop().time() + seconds
    asked = {"task": question.task, "inputs": question.inputs, "parameters": dict(question.parameters)}
    try:
        writer.write(msgspec.json.encode(asked) + b"\n")
        await writer.drain()
        while True:
            async with asyncio.timeout_at(until):  # not around what is yielded: who takes it may be another task
                read = await reader.readuntil()
            said = msgspec.json.decode(read)
            if not isinstance(said, dict) or said.keys().isdisjoint(("part", "result", "error")):
                raise ValueError(read)
            yield said
            if "part" not in said:
                return
    except TimeoutError:
        raise
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError) as error:
        raise _broken_off() from error
    finally:
        writer.close()


def _broken_off() -> ModelUnavailable:
    return ModelUnavailable("The model stopped before it had answered. Ask again.")
