"""The count: what there is, what is held, and whether more fits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pioche.ports.executor import Capacity, Gpu, Hold

GIB = 1024**3
JOB, TRAINING, MODEL = "job", "training", "model"
GPU_MEMORY = "GPU memory"
LEFT_TO_MODELS, SHARE_OF_MODELS = 2 * GIB, 0.3
"""Memory that jobs and trainings leave alone, so that a small model can always be asked; on a small machine less. Of a
GPU the same.
"""
_WORDS = {JOB: "jobs", TRAINING: "a training", MODEL: "models that are being asked"}


@dataclass(frozen=True, slots=True)
class Want:
    """What something that waits would take, for `seconds` at most. It waits `since` then (Unix milliseconds).

    Memory in bytes; `gpu_memory` of the GPU that models use, where all of them meet.
    """

    kind: str
    cpus: float
    memory: int
    gpus: int = 0
    seconds: int = 0
    owner: int = 0
    since: int = 0
    gpu_memory: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What something holds, until then at the latest. `is_idle`: a model that nobody asks, which makes way."""

    hold: Hold
    until: int
    owner: int = 0
    is_idle: bool = False


@dataclass(frozen=True, slots=True)
class Free:
    cpus: float
    memory: int
    gpus: int
    gpu_memory: int


@dataclass(frozen=True, slots=True)
class Count:
    """Of one moment (`now`, Unix milliseconds)."""

    has: Capacity
    taken: Sequence[Taken]
    now: int

    def free(self, kind: str, awake: bool = False) -> Free:
        """What there is for one of this kind; with `awake`, while models that nobody asks stay awake.

        Models are counted in memory alone, of GPUs too: their answers are short, and they share what reckons.
        """
        held = [one for one in self.taken if awake or not one.is_idle]
        memory = self.has.memory - sum(one.hold.memory for one in held)
        gpu_memory = model_gpu(self.has.gpus).memory - sum(one.hold.gpu_memory for one in held)
        if kind == MODEL:
            return Free(self.has.cpus, max(0, memory), len(self.has.gpus), max(0, gpu_memory))
        work = [one.hold for one in held if one.hold.kind != MODEL]
        memory = min(memory, work_memory(self.has) - sum(hold.memory for hold in work))
        gpu_memory = min(gpu_memory, work_gpu_memory(self.has.gpus) - sum(hold.gpu_memory for hold in work))
        cpus = self.has.cpus - sum(self._cpus(hold) for hold in work)
        gpus = len(self.has.gpus) - sum(hold.gpus for hold in work)
        return Free(max(0.0, cpus), max(0, memory), max(0, gpus), max(0, gpu_memory))

    def lacks(self, want: Want, awake: bool = False) -> str:
        """What it has to wait for first: memory, CPUs, GPUs, or `GPU_MEMORY`; empty if it fits."""
        free = self.free(want.kind, awake)
        is_work = want.kind != MODEL
        short = {
            "memory": want.memory > free.memory,
            "CPUs": is_work and want.cpus > free.cpus,
            "GPUs": is_work and want.gpus > free.gpus,
            GPU_MEMORY: want.gpu_memory > free.gpu_memory,
        }
        return next((what for what, is_short in short.items() if is_short), "")

    def lack(self, want: Want, awake: bool = False) -> str:
        """What it has to wait for, in words; empty if it fits."""
        free, what = self.free(want.kind, awake), self.lacks(want, awake)
        amounts = {
            "memory": f"{want.memory / GIB:.1f} GiB wanted, {free.memory / GIB:.1f} GiB",
            "CPUs": f"{want.cpus:g} wanted, {free.cpus:g}",
            "GPUs": f"{want.gpus} wanted, {free.gpus}",
            GPU_MEMORY: f"{want.gpu_memory / GIB:.1f} GiB wanted, {free.gpu_memory / GIB:.1f} GiB",
        }
        if not what:
            return ""
        said = f"{what}: {amounts[what]} free"
        return f"{said} beside {beside}" if (beside := self.holders(what)) else said

    def holders(self, what: str = "") -> str:
        """What kinds of things hold it. Whose they are is nobody's business."""
        held = [one.hold for one in self.taken if not one.is_idle]
        kinds = [hold.kind for hold in held if what != GPU_MEMORY or hold.gpu_memory]
        found = [words for kind, words in _WORDS.items() if kind in kinds]
        found += ["other work of the hub"] if any(kind not in _WORDS for kind in kinds) else []
        return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))

    def busy(self, owner: int) -> int:
        """How much of an owner's runs now."""
        return sum(one.owner == owner and one.hold.kind != MODEL for one in self.taken)

    def rank(self, want: Want) -> tuple[int, int]:
        """Whoever has fewest running comes first, then who has waited longest."""
        return self.busy(want.owner), want.since

    def comes_before(self, one: Want, other: Want) -> bool:
        return self.rank(one) < self.rank(other)

    def delays(self, want: Want, other: Want) -> bool:
        """Whether `other`, which comes first but does not fit yet, would begin later because of this one."""
        beside = replace(self, taken=[*self.taken, self.as_taken(want)])
        if not beside.lack(other):
            return False
        for moment, later in self._endings():
            if not later.lack(other):
                still_there = replace(later, taken=[*later.taken, self.as_taken(want)])
                return self.as_taken(want).until > moment and bool(still_there.lack(other))
        return False  # it never fits: nobody waits for it

    def as_taken(self, want: Want, is_idle: bool = False) -> Taken:
        """As if it began now."""
        hold = Hold(want.kind, want.cpus, want.memory, want.gpus, want.seconds, want.gpu_memory)
        return Taken(hold, self.now + 1000 * want.seconds, want.owner, is_idle)

    def _endings(self) -> Sequence[tuple[int, Count]]:
        """Moments by which something has ended, and what is held then. Models do not count: they end when asked to."""
        work = sorted((one for one in self.taken if one.hold.kind != MODEL), key=lambda one: one.until)
        moments = [(one.until, replace(self, taken=work[at + 1 :])) for at, one in enumerate(work)]
        return [(self.now, replace(self, taken=work)), *moments]

    def _cpus(self, hold: Hold) -> float:
        """A training counts as its share, though it may take what others leave; short work of the hub does not."""
        if hold.kind == TRAINING:
            return min(hold.cpus, training_cpus(self.has))
        return hold.cpus if hold.kind == JOB else 0.0


def work_memory(has: Capacity) -> int:
    """What jobs and trainings may hold together."""
    return has.memory - min(LEFT_TO_MODELS, int(has.memory * SHARE_OF_MODELS))


def model_gpu(gpus: Sequence[Gpu]) -> Gpu:
    """The one that models use: with the most memory. That of others is not counted: there nobody meets."""
    return max(gpus, key=lambda one: one.memory, default=Gpu("", 0))


def work_gpu_memory(gpus: Sequence[Gpu]) -> int:
    """What a job or training that uses GPUs holds. 0 where they have none of their own: that is counted as memory."""
    whole = model_gpu(gpus).memory
    return whole - min(LEFT_TO_MODELS, int(whole * SHARE_OF_MODELS))


def training_cpus(has: Capacity) -> float:
    """A training needs half of the CPUs to begin: so it begins beside a small job on two cores, and one beside it."""
    return max(1.0, has.cpus / 2)
