"""Who a commit or tag that the hub writes is by."""

from __future__ import annotations

from urllib.parse import urlsplit

from pioche.accounts.types import Actor
from pioche.ports.gitstore import Signature
from pioche.settings import Settings


def author_of(actor: Actor, settings: Settings, now: int) -> Signature:
    """The account's name, which history links to the account; never the address that the person logs in with."""
    host = urlsplit(settings.public_url).hostname or "localhost"
    return Signature(actor.name, f"{actor.name}@users.noreply.{host}", now)
