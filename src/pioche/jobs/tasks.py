"""Background work of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.buckets import store as bucket_store
from pioche.buckets.types import Bucket
from pioche.jobs import store
from pioche.jobs.running import CLEAR_TASK, LAUNCH_TASK, SETTLE_TASK, START_TASK, WATCH_TASK
from pioche.jobs.schedules import DUE_TASK
from pioche.queue.types import TaskType
from pioche.repos import store as repo_store
from pioche.repos.types import Repo

if TYPE_CHECKING:
    from pioche.hub import Hub


def launch(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.launch()


def start(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.start(int(arguments["job"]))


def settle(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.settle(int(arguments["job"]))


def due(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.jobs.schedules.fire_due()


def tidy(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.tidy(hub.trainings.running.known)


def prune(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    """Environments that nothing runs in any more."""
    hub.runtimes.prune()


def follow(hub: Hub, arguments: Mapping[str, Any]) -> None:
    """Jobs go into a resource group with the private things that they have mounted: their logs may tell those."""
    with hub.database.write() as tx:
        thing: Repo | Bucket | None
        if "bucket_id" in arguments:
            thing = bucket_store.get(tx, int(arguments["bucket_id"]))
            kind, names = "bucket", [thing.bucket_id.full] if thing else []
        else:
            thing = repo_store.get(tx, int(arguments["repo_id"]))
            kind = thing.repo_id.kind.value if thing else ""
            names = [thing.repo_id.full, *repo_store.former_names(tx, thing.id)] if thing else []
        if thing is not None and thing.private and thing.group_id is not None:
            for name in names:
                store.put_in_group(tx, thing.owner_id, thing.group_id, kind, name)


def clear(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.clear(str(arguments["job"]))


def watch(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.jobs.running.watch()


tasks = [
    # Waiting for room, installing a runtime and copying files take a while, and must hold up nothing else.
    TaskType(LAUNCH_TASK, launch, lane="outside"),
    TaskType(START_TASK, start, lane="outside"),
    TaskType(SETTLE_TASK, settle, lane="outside"),
    TaskType(CLEAR_TASK, clear, lane="outside"),
    TaskType(DUE_TASK, due, every=60),
    TaskType("jobs.follow", follow),
    TaskType("jobs.tidy", tidy, every=3600),
    TaskType("runtimes.prune", prune, lane="outside", attempts=1, every=24 * 3600),
    TaskType(WATCH_TASK, watch, every=60),
]
