"""`Line`: which training comes next, and what it takes of the machine."""

from __future__ import annotations

from collections.abc import Mapping

from pioche.machine.service import Machine
from pioche.machine.types import GIB, TRAINING, Count, Want, training_cpus, work_gpu_memory, work_memory
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database, Tx
from pioche.repos import store as repo_store
from pioche.training import store
from pioche.training.catalogue import TASKS
from pioche.training.types import Recipe, Stage, Training

SECONDS = 2 * 3600
USUAL_MEMORY = 4 * GIB
"""Enough for libraries, data and a small model, of which there are most."""
BASE_MEMORY = 2 * GIB
BYTES_TO_TRAIN = 16  # of each parameter: itself, its slope, and two averages of the optimiser, in 32 bits
WITHOUT_GPUS = ("sklearn",)  # libraries that reckon on CPUs alone
BYTES_OF_LORA = 5  # the parameters stand still, so that little is kept beside them


class Line:
    def __init__(self, database: Database, machine: Machine) -> None:
        self._database = database
        self.machine = machine
        machine.join(TRAINING, self._claims, self._first)

    def next(self) -> Training | None:
        """None while one runs: two would take as long together. Of those that wait, whose owner waited longest."""
        with self._database.read() as tx:
            if store.in_stages(tx, Stage.RUNNING, Stage.PUBLISHING):
                return None
            waiting = store.in_stages(tx, Stage.WAITING)
            before = store.last_starts(tx, [one.owner_id for one in waiting])
        return min(waiting, key=lambda one: (before.get(one.owner_id, 0), one.id), default=None)

    def why(self, training: Training) -> str:
        """What the next one waits for, in words; empty for others, and where it may start."""
        first = self.next()
        if first is None or first.key != training.key:
            return ""
        count = self.machine.count()
        return self.machine.why_not(count, self.want(training), self.machine.firsts(count, TRAINING))

    def want(self, training: Training) -> Want:
        with self._database.read() as tx:
            return self._want(tx, training)

    def _want(self, tx: Tx, training: Training) -> Want:
        """The memory is that of the recipe, not what happens to be free: it must not fail for what runs beside it."""
        has = self.machine.executor.capacity()
        most = work_memory(has)
        memory = min(most, max(most // 2, USUAL_MEMORY, BASE_MEMORY + _of_base(tx, training.recipe)))
        since = max(training.created_at, training.started_at or 0)  # one that goes on waits since then, at the longest
        gpus = () if TASKS[training.recipe.task].library in WITHOUT_GPUS else has.gpus
        seconds, gpu_memory = SECONDS, work_gpu_memory(gpus)
        return Want(TRAINING, training_cpus(has), memory, len(gpus), seconds, training.owner_id, since, gpu_memory)

    def _first(self, _count: Count) -> Want | None:
        first = self.next()
        return None if first is None else self.want(first)

    def _claims(self) -> Mapping[str, Want]:
        with self._database.read() as tx:
            return {one.run_id: self._want(tx, one) for one in store.in_stages(tx, Stage.RUNNING)}


def bytes_to_learn(parameters: int, lora: bool) -> int:
    """What the parameters of a model to begin with need."""
    return parameters * (BYTES_OF_LORA if lora else BYTES_TO_TRAIN)


def _of_base(tx: Tx, recipe: Recipe) -> int:
    repo = repo_store.find(tx, RepoId.parse(RepoKind.MODEL, recipe.base)) if recipe.base else None
    lora = recipe.lora or TASKS[recipe.task].lora == "always"
    return 0 if repo is None else bytes_to_learn(sum(repo.parameters.values()), lora)
