"""`Trainings`: the verbs of people. What starts, watches and publishes is in `running.py`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from pioche.accounts.access import may_create, may_run, may_see_runs, role_over
from pioche.accounts.types import Actor
from pioche.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    QuotaExceeded,
    RepoExists,
    RunNotFound,
    RunsUnavailable,
    Unauthenticated,
)
from pioche.machine.types import work_memory
from pioche.names import RepoId, RepoKind
from pioche.plans.service import Plans
from pioche.ports.database import Database, Tx
from pioche.ports.executor import Executor
from pioche.queue.service import Queue
from pioche.repos import store as repo_store
from pioche.repos.lists import hidden_in_groups
from pioche.repos.service.repos import Repos
from pioche.repos.types import Repo, RepoFilter
from pioche.training import store
from pioche.training.catalogue import TASKS, Task, seconds_of
from pioche.training.dropping import Drops
from pioche.training.inputs import Inputs
from pioche.training.line import BASE_MEMORY, bytes_to_learn
from pioche.training.running import LAUNCH_TASK, Running
from pioche.training.types import Base, Preview, Progress, Recipe, Stage, Training

MAX_WAITING = 5
LISTED = 100
MOST_BASES = 30
MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Trainings:
    database: Database
    queue: Queue
    executor: Executor
    repos: Repos
    inputs: Inputs
    drops: Drops
    running: Running
    plans: Plans

    def preview(self, actor: Actor, recipe: Recipe) -> Preview:
        """Of data that the actor may read; of a dataset without a named file, the first table in it."""
        return self.inputs.preview(actor, task_of(recipe.task), recipe)[0]

    def bases(self, actor: Actor, task: Task) -> Sequence[Base]:
        """Models of the hub that it may begin with, those people take first."""
        found: list[Repo] = []
        for kind in task.bases:
            wanted = RepoFilter(RepoKind.MODEL, pipeline_tag=kind, tags=("safetensors",), sort="downloads")
            found += self.repos.list(actor, wanted, MOST_BASES).repos
        return [self._base(repo.repo_id.full, repo.pipeline_tag or "", sum(repo.parameters.values())) for repo in found]

    def datasets(self, actor: Actor) -> Sequence[str]:
        """Names of some that the actor may read, the newest first."""
        wanted = RepoFilter(RepoKind.DATASET, sort="lastModified")
        return [repo.repo_id.full for repo in self.repos.list(actor, wanted, MOST_NAMED).repos]

    def start(self, actor: Actor, owner: str, recipe: Recipe) -> Training:
        """Raises `InvalidInput` for what nothing can be learned from, `RepoExists`, `QuotaExceeded`."""
        require_person(actor)
        task_of(recipe.task)
        target = RepoId.parse(RepoKind.MODEL, f"{owner}/{recipe.model}")
        _check_choices(TASKS[recipe.task], recipe)
        recipe, count = self.inputs.check(actor, recipe)
        seconds = seconds_of(TASKS[recipe.task], count, recipe.epochs)
        if reason := self.executor.unavailable():
            raise RunsUnavailable(reason)
        key = secrets.token_hex(12)
        with self.database.write() as tx:
            account = repo_store.find_owner(tx, owner)
            recipe = _placed(tx, 0 if account is None else account.id, recipe)
            group_id = recipe.group_id
            if account is None or not (
                may_create(actor, account.id, group_id) and may_run(actor, account.id, group_id)
            ):
                where = "" if group_id is None else ", in the resource group of what it learns from"
                raise Forbidden(f"You may not make models under '{owner[:96]}'{where}.")
            if repo_store.find(tx, target) is not None:
                raise RepoExists(f"There is a model '{target.full}' already. Choose another name.")
            _require_room(tx, account.id, owner)
            self.plans.require_room(tx, self.plans.standing(tx, account.id, account.name), 1000 * seconds)
            values = {"key": key, "owner_id": account.id, "initiator_id": actor.user_id, "seconds": seconds}
            store.add(tx, {**values, "stage": Stage.WAITING.value, "recipe": msgspec.json.encode(recipe).decode()})
            self.queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        return self.find(actor, key)

    def list(self, actor: Actor) -> Sequence[Training]:
        """The actor's own, and those of their organisations."""
        if actor.user_id is None:
            raise Unauthenticated("Log in, or send a token, to see your trainings.")
        owners = [one for one in (actor.user_id, *actor.orgs) if may_see_runs(actor, one)]
        with self.database.read() as tx:
            return _without_hidden(tx, actor, store.of_owners(tx, owners, LISTED))

    def find(self, actor: Actor, key: str) -> Training:
        """Seen by its owner's people alone. One that waits for room says for what."""
        with self.database.read() as tx:
            found = store.find(tx, key)
            hidden = found is not None and not _without_hidden(tx, actor, [found])
        if found is None or hidden or not may_see_runs(actor, found.owner_id):
            raise RunNotFound(f"There is no training '{key[:40]}'.")
        return replace(found, message=self.running.why(found)) if found.stage is Stage.WAITING else found

    def of_model(self, actor: Actor, repo_id: RepoId) -> Training | None:
        """The one that made it, if the actor sees it."""
        with self.database.read() as tx:
            found = store.of_model(tx, repo_id.full)
            hidden = found is not None and not _without_hidden(tx, actor, [found])
        return found if found and not hidden and may_see_runs(actor, found.owner_id) else None

    def progress(self, training: Training) -> Progress:
        return self.running.logs.progress(training)

    def stop(self, actor: Actor, key: str) -> Training:
        self.running.stop(self._changeable(actor, key))
        return self.find(actor, key)

    def resume(self, actor: Actor, key: str) -> Training:
        """From its last checkpoint, or from the beginning if it had none. Only what failed or was stopped."""
        found = self._changeable(actor, key)
        with self.database.write() as tx:
            _require_room(tx, found.owner_id, found.owner)
            self.plans.require_room(tx, self.plans.standing(tx, found.owner_id, found.owner), 1000 * found.seconds)
            values = {"stage": Stage.WAITING.value, "message": "", "ended_at": None, "attempt": found.attempt + 1}
            again = found.stage in (Stage.FAILED, Stage.STOPPED) and store.move(tx, key, found.stage, values)
            if not again:
                raise Conflict("Only a training that failed or was stopped can go on.")
            self.queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        return self.find(actor, key)

    def reproduce(self, actor: Actor, key: str) -> Training:
        """The same once more, from the same commits with the same seed, into a model beside the first."""
        found = self._changeable(actor, key)
        stem = found.recipe.model[:70]
        for number in range(1, 100):
            name = f"{stem}-again" if number == 1 else f"{stem}-again-{number}"
            try:
                return self.start(
                    actor, found.owner, msgspec.structs.replace(found.recipe, model=name, reproduces=found.key)
                )
            except RepoExists:
                continue
        raise Conflict("It was done again very often: delete some of those models.")

    # -- how --

    def _base(self, name: str, task: str, parameters: int) -> Base:
        lora = any(one.lora == "always" for one in TASKS.values() if one.name == task)
        needed = BASE_MEMORY + bytes_to_learn(parameters, lora)
        return Base(name, task, parameters, needed <= work_memory(self.executor.capacity()))

    def _changeable(self, actor: Actor, key: str) -> Training:
        found = self.find(actor, key)
        if not may_run(actor, found.owner_id, found.recipe.group_id):
            raise Forbidden(f"You may only look at trainings of '{found.owner}'.")
        return found


def _without_hidden(tx: Tx, actor: Actor, found: Sequence[Training]) -> Sequence[Training]:
    """Those that learned nothing of a resource group that the actor is not in, and name nothing that is hidden so."""
    found = [one for one in found if actor.is_admin or role_over(actor, one.owner_id, one.recipe.group_id)]
    named = {one.key: {one.recipe.dataset, one.recipe.base, one.model} for one in found}
    hidden = hidden_in_groups(tx, actor, {name for names in named.values() for name in names if name})
    return [one for one in found if not any(name.lower() in hidden for name in named[one.key])]


def _placed(tx: Tx, owner_id: int, recipe: Recipe) -> Recipe:
    """In the group of the private things of its owner that it learns from."""
    names = [RepoId.parse(RepoKind.DATASET, recipe.dataset)]
    names += [RepoId.parse(RepoKind.MODEL, recipe.base)] if recipe.base else []
    found = [repo for name in names if (repo := repo_store.find(tx, name)) is not None]
    groups = {one.group_id for one in found if one.private and one.owner_id == owner_id and one.group_id is not None}
    if len(groups) > 1:
        raise InvalidInput(
            "The dataset and the model to begin with are in two resource groups, so the result is in none."
        )
    return msgspec.structs.replace(recipe, group_id=next(iter(groups), None))


def require_person(actor: Actor) -> None:
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to train a model.")


def task_of(name: str) -> Task:
    if name not in TASKS:
        raise InvalidInput(f"There is no recipe for '{name[:40]}'. There are: {', '.join(TASKS)}.")
    return TASKS[name]


def _check_choices(task: Task, recipe: Recipe) -> None:
    if not 0 <= recipe.epochs <= 200 or not 0 <= recipe.learning_rate <= 1 or not 0 <= recipe.batch_size <= 512:
        raise InvalidInput(
            "Epochs are 0 to 200, the learning rate 0 to 1, the batch size 0 to 512 (0: as the recipe says)."
        )
    if recipe.lora and task.lora == "never":
        able = ", ".join(one.name for one in TASKS.values() if one.lora != "never")
        raise InvalidInput(f"'{task.name}' does not learn by LoRA. Leave that out; these can: {able}.")


def _require_room(tx: Tx, owner_id: int, owner: str) -> None:
    if store.count_unended(tx, owner_id) >= MAX_WAITING:
        raise QuotaExceeded(f"{MAX_WAITING} trainings of '{owner}' run or wait. Let some of them end first.")
