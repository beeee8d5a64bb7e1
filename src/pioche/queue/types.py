"""What a task is: a name, JSON arguments, and how often it is tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pioche.hub import Hub

Lane = Literal["hub", "outside"]
Handler = Callable[["Hub", Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class TaskType:
    """One kind of work. `every` seconds makes the scheduler enqueue it again and again.

    `lane` outside: it waits for machines of others, so workers of their own do it, and it holds up nothing else.
    """

    name: str
    handler: Handler
    attempts: int = 5
    every: int | None = None
    lane: Lane = "hub"


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed row."""

    id: int
    name: str
    arguments: Mapping[str, Any]
    attempts: int
