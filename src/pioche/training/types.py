"""The nouns of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from pioche.ports.executor import run_id_of


class Stage(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PUBLISHING = "publishing"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def has_ended(self) -> bool:
        return self in (Stage.DONE, Stage.FAILED, Stage.STOPPED)


class Recipe(msgspec.Struct, frozen=True):
    """What is trained, out of what. 0 in a number means the default of the task.

    `revision` and `base_revision` are commits. `file` is empty where a task takes all pictures of a dataset.
    `reproduces` is the training that this one does again. `group_id`: the resource group whose private things it learns
    from; what it says and makes is for the people of that group.
    """

    task: str
    dataset: str
    file: str
    columns: Mapping[str, str]
    model: str
    private: bool = True
    revision: str = ""
    base: str = ""
    base_revision: str = ""
    lora: bool = False
    epochs: float = 0
    learning_rate: float = 0
    batch_size: int = 0
    seed: int = 42
    reproduces: str = ""
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """`result` is what the script told at its end. `attempt` counts from 1: resuming makes the next one. `seconds` of a
    CPU are what it will take, about.
    """

    id: int
    key: str
    owner_id: int
    owner: str
    initiator_id: int | None
    seconds: int
    stage: Stage
    message: str
    recipe: Recipe
    result: Mapping[str, Any]
    model: str
    attempt: int
    created_at: int
    started_at: int | None
    ended_at: int | None
    cpu_seconds: float
    peak_memory: int

    @property
    def run_id(self) -> str:
        return run_id_of(self.key, self.attempt)


Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model made on its way: a text, or a picture as a `data:` address."""

    step: int
    prompt: str = ""
    text: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has told so far: points of the curves as (step, value)."""

    steps: int = 0
    step: int = 0
    device: str = ""
    losses: Points = ()
    scores: Mapping[str, Points] = field(default_factory=dict)
    samples: Sequence[Sample] = ()
    problem: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of some data, and what is to be said about it. `columns` says which column has which role.

    `classes`: label -> rows. `pictures`: paths of some pictures.
    """

    file: str
    count: int
    names: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    pictures: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Base:
    """A model to begin with. `parameters` is 0 where its weights do not tell. `fits` this machine."""

    name: str
    task: str
    parameters: int
    fits: bool
