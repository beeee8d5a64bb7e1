"""The nouns of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec


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
    """What is trained, out of what. `revision` is the commit of the dataset; 0 in a number means the default."""

    task: str
    dataset: str
    file: str
    columns: Mapping[str, str]
    model: str
    private: bool = True
    revision: str = ""
    epochs: float = 0
    learning_rate: float = 0
    batch_size: int = 0
    seed: int = 42


TASKS: Mapping[str, tuple[str, ...]] = {"text-classification": ("text", "label")}
"""Task -> the roles that columns of the data have."""


@dataclass(frozen=True, slots=True)
class Training:
    """`result` is what the script told at its end."""

    id: int
    key: str
    owner_id: int
    owner: str
    initiator_id: int | None
    stage: Stage
    message: str
    recipe: Recipe
    result: Mapping[str, Any]
    model: str
    created_at: int
    started_at: int | None
    ended_at: int | None
    cpu_seconds: float
    peak_memory: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has told so far: points of the curves as (step, value)."""

    steps: int = 0
    step: int = 0
    losses: Sequence[tuple[int, float]] = ()
    accuracies: Sequence[tuple[int, float]] = ()
    problem: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a table, and what is to be said about it. `classes`: label -> rows, of the likely column."""

    file: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    count: int
    text: str
    label: str
    classes: Mapping[str, int]
    warnings: Sequence[str]
