"""Background work of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType
from pioche.webhooks.service.delivering import ATTEMPTS
from pioche.webhooks.service.gathering import DELIVER_TASK

if TYPE_CHECKING:
    from pioche.hub import Hub


def gather(hub: Hub, event: Mapping[str, Any]) -> None:
    hub.webhooks.gathering.gather(event)


def deliver(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.webhooks.delivering.deliver(arguments["delivery_id"])


def forget(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.webhooks.delivering.forget()


tasks = [
    TaskType("webhooks.gather", gather),
    # It waits for machines of others, so it has workers of its own.
    TaskType(DELIVER_TASK, deliver, attempts=ATTEMPTS, lane="outside"),
    TaskType("webhooks.forget", forget, attempts=1, every=24 * 3600),
]
