"""Background work of search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def index(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.indexer.index(arguments["repo_id"])


def rebuild(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.indexer.rebuild()


def sweep(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.indexer.sweep()


tasks = [
    TaskType("search.index", index),
    TaskType("search.rebuild", rebuild),
    TaskType("search.sweep", sweep, attempts=1, every=24 * 3600),
]
