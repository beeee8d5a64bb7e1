"""Background work of repositories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def erase(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.repos.erase(arguments["repo_id"])


def measure(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.infos.measure(arguments["repo_id"])


def refresh(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.refs.refresh(arguments["repo_id"])
    hub.infos.measure(arguments["repo_id"])


def pack(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.upkeep.pack(arguments["repo_id"])


def find_untidy(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.upkeep.find_untidy()


def forget(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.upkeep.forget(arguments["repo_id"])


def age_downloads(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.downloads.age()


tasks = [
    TaskType("repos.age_downloads", age_downloads, attempts=1, every=6 * 3600),
    TaskType("repos.erase", erase),
    TaskType("repos.find_untidy", find_untidy, attempts=1, every=24 * 3600),
    TaskType("repos.forget", forget),
    TaskType("repos.measure", measure),
    TaskType("repos.pack", pack, attempts=2),
    TaskType("repos.refresh", refresh),
]
