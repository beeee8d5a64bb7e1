"""Background work of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.jobs.running import LAUNCH_TASK, WATCH_TASK
from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def launch(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.launch()


def watch(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.watch()


tasks = [
    # Installing a runtime takes a while, and must hold up nothing else.
    TaskType(LAUNCH_TASK, launch, lane="outside"),
    TaskType(WATCH_TASK, watch, every=60),
]
