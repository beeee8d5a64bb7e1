"""Background work of OAuth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def flush_use(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.oauth.tokens.flush_use()


def tidy(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.oauth.tokens.tidy()
    hub.oauth.registrations.tidy()


tasks = [
    TaskType("oauth.flush_use", flush_use, attempts=1, every=60),
    TaskType("oauth.tidy", tidy, attempts=1, every=3600),
]
