"""Who may change accounts: people who are logged in to the pages. A token that leaks must not make more of itself."""

from __future__ import annotations

from pioche.accounts.access import owner_role
from pioche.accounts.types import Account, Actor, OrgRole
from pioche.errors import Forbidden, Unauthenticated


def require_person(actor: Actor) -> int:
    """The id of the person at the page; raises `Unauthenticated` or `Forbidden`."""
    if actor.user_id is None:
        raise Unauthenticated("Log in to do this.")
    if actor.session is None:
        raise Forbidden("Log in on the page to do this: tokens cannot change accounts.")
    return actor.user_id


def require_org_admin(actor: Actor, org: Account, by_token: bool = False) -> None:
    """Raises unless the actor is an admin of that organisation, or of the hub.

    `by_token`: a token of theirs will do that may write everything.
    """
    if by_token and actor.token is not None and actor.token.role == "write":
        if not actor.is_admin and owner_role(actor, org.id) < OrgRole.ADMIN:
            raise Forbidden(f"Only admins of '{org.name}' can do this.")
        return
    if actor.is_admin and (actor.user_id is None or actor.session is not None):
        return
    require_person(actor)
    if owner_role(actor, org.id) < OrgRole.ADMIN:
        raise Forbidden(f"Only admins of '{org.name}' can do this.")
