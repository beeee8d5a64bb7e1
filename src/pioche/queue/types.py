"""What a task is: a name, JSON arguments, and how often it is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pioche.hub import Hub

Handler = Callable[["Hub", Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class TaskType:
    """One kind of work. `every` seconds makes the scheduler enqueue it again and again."""

    name: str
    handler: Handler
    attempts: int = 5
    every: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed row."""

    id: int
    name: str
    arguments: Mapping[str, Any]
    attempts: int
