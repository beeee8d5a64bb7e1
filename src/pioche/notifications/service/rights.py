"""Whose inbox it is: people at the page, and tokens of theirs that are not narrowed to some repositories."""

from __future__ import annotations

from pioche.accounts.types import Actor
from pioche.errors import Forbidden, Unauthenticated


def require_reader(actor: Actor) -> int:
    """The id of the person; raises `Unauthenticated` or `Forbidden`."""
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to see notifications.")
    if actor.token is not None and actor.token.role == "fineGrained":
        raise Forbidden(f"Your token '{actor.token.name}' is for some things only, so it may not see notifications.")
    return actor.user_id


def require_changer(actor: Actor) -> int:
    user_id = require_reader(actor)
    if actor.token is not None and actor.token.role != "write":
        raise Forbidden(f"Your token '{actor.token.name}' may only read. Use one with the role 'write'.")
    return user_id
