"""`Trainings`: the verbs of people. What starts, watches and publishes is in `running.py`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from pioche.accounts.access import may_create, owner_role
from pioche.accounts.types import Actor
from pioche.errors import (
    Forbidden,
    InvalidInput,
    QuotaExceeded,
    RepoExists,
    RunNotFound,
    RunsUnavailable,
    Unauthenticated,
)
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database
from pioche.ports.executor import Executor
from pioche.queue.service import Queue
from pioche.repos import store as repo_store
from pioche.repos.service.trees import TreeQuery, Trees
from pioche.training import data, store
from pioche.training.running import LAUNCH_TASK, Running
from pioche.training.types import TASKS, Preview, Progress, Recipe, Stage, Training

MAX_DATA = 64 * 1024 * 1024
MAX_WAITING = 5
LISTED = 100


class Trainings:
    def __init__(self, database: Database, queue: Queue, executor: Executor, trees: Trees, running: Running) -> None:
        self._database = database
        self._queue = queue
        self._executor = executor
        self._trees = trees
        self.running = running

    def preview(self, actor: Actor, dataset: str, file: str = "", text: str = "", label: str = "") -> Preview:
        """Of a table in a dataset that the actor may read; the first one, if none is named."""
        file, content, _ = self._table(actor, dataset, file)
        return data.look(file, content, text, label)

    def start(self, actor: Actor, owner: str, recipe: Recipe) -> Training:
        """Raises `InvalidInput` for what nothing can be learned from, `RepoExists`, `QuotaExceeded`."""
        if actor.user_id is None:
            raise Unauthenticated("Log in, or send a token, to train a model.")
        if recipe.task not in TASKS:
            raise InvalidInput(f"There is no recipe for '{recipe.task[:40]}'. There are: {', '.join(TASKS)}.")
        target = RepoId.parse(RepoKind.MODEL, f"{owner}/{recipe.model}")
        if not 0 <= recipe.epochs <= 50 or not 0 <= recipe.learning_rate <= 1 or not 0 <= recipe.batch_size <= 512:
            raise InvalidInput("Epochs are up to 50, the learning rate is up to 1, the batch size up to 512.")
        file, content, commit = self._table(actor, recipe.dataset, recipe.file)
        data.check(file, content, *(recipe.columns.get(role, "") for role in TASKS[recipe.task]))
        if reason := self._executor.unavailable():
            raise RunsUnavailable(reason)
        key = secrets.token_hex(12)
        whole = msgspec.structs.replace(recipe, file=file, revision=commit)
        self.running.lay_out(key, whole, content)
        with self._database.write() as tx:
            account = repo_store.find_owner(tx, owner)
            if account is None or not may_create(actor, account.id):
                raise Forbidden(f"You may not make models under '{owner[:96]}'.")
            if repo_store.find(tx, target) is not None:
                raise RepoExists(f"There is a model '{target.full}' already. Choose another name.")
            if store.count_unended(tx, account.id) >= MAX_WAITING:
                raise QuotaExceeded(f"{MAX_WAITING} trainings of '{owner}' run or wait. Let some of them end first.")
            values = {"key": key, "owner_id": account.id, "initiator_id": actor.user_id, "stage": Stage.WAITING.value}
            store.add(tx, {**values, "recipe": msgspec.json.encode(whole).decode()})
            self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        return self.find(actor, key)

    def list(self, actor: Actor) -> Sequence[Training]:
        """The actor's own, and those of their organisations."""
        if actor.user_id is None:
            raise Unauthenticated("Log in, or send a token, to see your trainings.")
        with self._database.read() as tx:
            return store.of_owners(tx, [actor.user_id, *actor.orgs], LISTED)

    def find(self, actor: Actor, key: str) -> Training:
        """Seen by its owner's people alone."""
        with self._database.read() as tx:
            found = store.find(tx, key)
        if found is None or not (actor.is_admin or owner_role(actor, found.owner_id)):
            raise RunNotFound(f"There is no training '{key[:40]}'.")
        return found

    def progress(self, training: Training) -> Progress:
        return self.running.progress(training)

    def stop(self, actor: Actor, key: str) -> Training:
        found = self.find(actor, key)
        if not may_create(actor, found.owner_id):
            raise Forbidden("You may not stop this.")
        self.running.stop(found)
        return self.find(actor, key)

    def _table(self, actor: Actor, dataset: str, file: str) -> tuple[str, bytes, str]:
        """Path, bytes and commit."""
        repo_id = RepoId.parse(RepoKind.DATASET, dataset)
        if not file:
            nodes = self._trees.tree(actor, repo_id, "main", TreeQuery(recursive=True, limit=1000)).nodes
            tables = [node.path for node in nodes if node.kind == "file" and node.path.endswith(data.ENDINGS)]
            if not tables:
                raise InvalidInput(f"'{dataset[:200]}' has no table: a file that ends in {', '.join(data.ENDINGS)}.")
            file = tables[0]
        found = self._trees.file(actor, repo_id, "main", file)
        if found.node.size > MAX_DATA:
            raise InvalidInput(
                f"'{file}' is larger than {MAX_DATA // 1024**2} MiB, which is the limit for training here."
            )
        content = (
            self._trees.read_small(found)
            if found.node.pointer is None
            else b"".join(self._trees.open_large(found).read())
        )
        return file, content, found.commit
