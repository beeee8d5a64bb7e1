"""Background work of large files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub

STALE_SPOOL_SECONDS = 24 * 3600
UNHELD_GRACE_DAYS = 7


def store_as_xet(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.lfs.conversion.run(arguments["sha256"])


def drop_leftover(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.lfs.conversion.drop(arguments["sha256"])


def clean_spools(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.blobs.drop_stale_spools(STALE_SPOOL_SECONDS)


def collect(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.lfs.collect(UNHELD_GRACE_DAYS)


def scrub(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.lfs.scrubber.run()


tasks = [
    TaskType("lfs.store_as_xet", store_as_xet),
    TaskType("lfs.drop_leftover", drop_leftover),
    TaskType("lfs.clean_spools", clean_spools, attempts=1, every=3600),
    TaskType("lfs.collect", collect, attempts=1, every=24 * 3600),
    TaskType("lfs.scrub", scrub, attempts=1, every=3600),
]
