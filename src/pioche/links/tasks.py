"""Background work of links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def read(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.links.read(arguments["repo_id"], arguments.get("ref", ""))


def resolve(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.links.resolve(arguments["repo_id"], arguments.get("old_name", ""))


def rebuild(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.links.rebuild()


tasks = [
    TaskType("links.read", read),
    TaskType("links.rebuild", rebuild, attempts=3),
    TaskType("links.resolve", resolve),
]
