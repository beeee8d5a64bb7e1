"""Background work of the demo."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.accounts import store as account_store
from pioche.demo.filling import fill
from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub

FILL_TASK = "demo.fill"
log = logging.getLogger(__name__)


def fill_hub(hub: Hub, arguments: Mapping[str, Any]) -> None:
    with hub.database.read() as tx:
        actor = account_store.actor_of_user(tx, int(arguments["user"]))
    if actor is not None and actor.is_admin:
        for said in fill(hub, actor):
            log.info("demo: %s", said)


# It waits for packages and programs: beside the work of the hub.
tasks = [TaskType(FILL_TASK, fill_hub, attempts=3, lane="outside")]
