"""Background work of the content store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def sweep(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.xet.sweep()


def scrub(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.xet.scrubber.run()


tasks = [
    TaskType("xet.sweep", sweep, attempts=1, every=24 * 3600),
    TaskType("xet.scrub", scrub, attempts=1, every=3600),
]
