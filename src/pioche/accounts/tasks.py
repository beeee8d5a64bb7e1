"""Background work of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.accounts.service.resets import TASK
from pioche.ports.mail import Mail
from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub


def flush_token_use(hub: Hub, _arguments: Mapping[str, Any]) -> None:
    hub.accounts.tokens.flush_use()


def mail_reset(hub: Hub, arguments: Mapping[str, Any]) -> None:
    """The link for a new password, to whoever is called so; to nobody if nobody is."""
    found = hub.accounts.resets.letter(arguments["who"])
    if found is None:
        return
    email, name, link = found
    settings = hub.settings
    base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"
    text = (
        f"Hello {name},\n\nsomebody asked for a new password for you on {settings.site_name}. If it was you, choose "
        f"one here within an hour:\n\n{base}/password/reset/{link}\n\nIf not, do nothing: your password stays.\n"
    )
    hub.mailer.send(Mail(email, f"[{settings.site_name}] A new password", text))


tasks = [
    TaskType("accounts.flush_token_use", flush_token_use, attempts=1, every=60),
    TaskType(TASK, mail_reset),
]
