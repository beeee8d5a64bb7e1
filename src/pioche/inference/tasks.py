"""Background work of inference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def tidy(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.inference.tidy()


tasks = [TaskType("inference.tidy", tidy, attempts=1, every=60)]
