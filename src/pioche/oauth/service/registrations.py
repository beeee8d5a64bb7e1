"""`Registrations`: programs that register themselves, to be connected by a person a moment later.

Source: RFC 7591. Nobody vouches for such a program, which the page of consent says. One that nobody connects within a
day is forgotten.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from pioche.accounts.attempts import Attempts, address_key
from pioche.accounts.secrecy import digest
from pioche.errors import InvalidInput, OauthRefused
from pioche.oauth import store
from pioche.oauth.service.apps import checked, make_secret
from pioche.oauth.types import SCOPES, App, NewApp
from pioche.ports.database import Database

AN_HOUR = 3600.0
MOST_AN_HOUR = 20
"""Of one address."""
MOST_WAITING = 10_000
"""Programs that nobody has connected yet, of all addresses: more are refused until old ones are forgotten."""
UNUSED_MS = 24 * 3600 * 1000
USUAL = ("openid", "profile")
PUBLIC, METHODS = "none", ("client_secret_basic", "client_secret_post", "none")


@dataclass(frozen=True, slots=True)
class Registration:
    """What a program says of itself. Nothing in here is checked yet."""

    redirects: Sequence[str]
    name: str
    website: str
    scope: str
    method: str


class Registrations:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._attempts = Attempts(MOST_AN_HOUR, AN_HOUR)

    def register(self, asked: Registration, address: str, https: bool) -> tuple[App, str]:
        """The program and its secret ("" for a public one). Raises `OauthRefused`, `RateLimited`."""
        self._attempts.count((address_key(address),))
        new = _as_app(asked, https)
        secret = make_secret() if new.confidential else ""
        with self._database.write() as tx:
            store.forget_unused(tx, tx.now - UNUSED_MS)
            if store.count_unowned(tx) >= MOST_WAITING:
                raise OauthRefused("temporarily_unavailable", "Too many programs registered today. Try tomorrow.")
            return store.add_app(tx, str(uuid.uuid4()), None, new, digest(secret) if secret else None), secret

    def tidy(self) -> None:
        with self._database.write() as tx:
            store.forget_unused(tx, tx.now - UNUSED_MS)


def _as_app(asked: Registration, https: bool) -> NewApp:
    if asked.method not in METHODS:
        raise OauthRefused("invalid_client_metadata", f"'token_endpoint_auth_method' is one of: {', '.join(METHODS)}.")
    if not asked.redirects:
        raise OauthRefused("invalid_redirect_uri", "Name at least one address in 'redirect_uris'.")
    scopes = tuple(asked.scope.split()) or USUAL
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise OauthRefused("invalid_client_metadata", f"There is no scope '{unknown[0][:40]}'.")
    name = asked.name or "An application"
    new = NewApp(name, asked.website, "\n".join(asked.redirects), scopes, confidential=asked.method != PUBLIC)
    try:
        return checked(new, https)
    except InvalidInput as error:
        word = "invalid_redirect_uri" if error.details.get("field") == "redirects" else "invalid_client_metadata"
        raise OauthRefused(word, error.message) from error
