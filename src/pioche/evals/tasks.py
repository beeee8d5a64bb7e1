"""Background work of evaluation results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def read(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.evals.read(arguments["repo_id"], arguments.get("ref", ""))


def settle(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.evals.settle(arguments["repo_id"], arguments["discussion_id"])


def rebuild(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.evals.rebuild()


tasks = [
    TaskType("evals.read", read),
    TaskType("evals.rebuild", rebuild, attempts=3),
    TaskType("evals.settle", settle),
]
