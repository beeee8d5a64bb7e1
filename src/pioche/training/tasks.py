"""Background work of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def launch(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.trainings.running.launch()


def watch(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.trainings.running.watch()


def tidy(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.trainings.running.tidy()


tasks = [
    # Starting may wait for an environment to be installed: beside the work of the hub.
    TaskType("training.launch", launch, lane="outside"),
    TaskType("training.watch", watch, every=60),
    TaskType("training.tidy", tidy, attempts=1, every=24 * 3600),
]
