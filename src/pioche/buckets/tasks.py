"""Background work of buckets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def tidy(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.buckets.tidying.run()


def forget_changes(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.buckets.changes.forget()


tasks = [
    TaskType("buckets.tidy", tidy, attempts=1, every=24 * 3600),
    TaskType("buckets.forget_changes", forget_changes, attempts=1, every=3600),
]
