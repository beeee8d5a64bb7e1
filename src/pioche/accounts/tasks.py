"""Background work of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def flush_token_use(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.accounts.tokens.flush_use()


tasks = [TaskType("accounts.flush_token_use", flush_token_use, attempts=1, every=60)]
