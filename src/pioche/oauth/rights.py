"""From scopes to what a token may do here."""

from __future__ import annotations

from pioche.accounts.types import OauthRights, Permission, RepoScope, TokenInfo, TokenRole
from pioche.errors import OauthRefused
from pioche.oauth.types import SCOPES, App, Connection

_PERMISSIONS: dict[str, Permission] = {
    "read-repos": "read",
    "contribute-repos": "contribute",
    "write-repos": "content",
    "manage-repos": "write",
}


def check_scopes(app: App, text: str) -> tuple[str, ...]:
    """What a program asks for, in our order; nothing means all that it is registered for.

    Raises `OauthRefused` (invalid_scope).
    """
    asked = set(text.split())
    if unknown := asked - set(app.scopes):
        names = ", ".join(sorted(unknown))[:200]
        raise OauthRefused("invalid_scope", f"This program is not registered for: {names}.")
    return tuple(scope for scope in SCOPES if scope in (asked or app.scopes))


def token_of(app: App, connection: Connection, issued_at: int, expires_at: int) -> TokenInfo:
    """The connection as `accounts` sees it: a token that narrows what its owner may do."""
    role, scopes = _rights(connection)
    granted = OauthRights(app.name, frozenset(connection.scopes), connection.orgs, expires_at)
    return TokenInfo(connection.id, app.name, role, "", scopes, issued_at, connection.last_used_at, granted)


def _rights(connection: Connection) -> tuple[TokenRole, tuple[RepoScope, ...]]:
    if connection.orgs is None and set(connection.scopes) >= set(SCOPES):
        return "write", ()
    owners = (None,) if connection.orgs is None else (connection.user_id, *connection.orgs)
    permissions = [word for scope, word in _PERMISSIONS.items() if scope in connection.scopes]
    scopes = [RepoScope(permission, owner_id=owner) for permission in permissions for owner in owners]
    if "write-discussions" in connection.scopes:
        scopes.append(RepoScope("discuss"))
    return "fineGrained", tuple(scopes)
