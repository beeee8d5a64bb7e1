"""`Tokens`: what connected programs log in with, and how they get the next one."""

from __future__ import annotations

import threading
import time

from pioche.accounts.secrecy import digest, new_cookie
from pioche.accounts.types import TokenInfo
from pioche.errors import OauthRefused
from pioche.oauth import codes, store
from pioche.oauth.rights import check_scopes, token_of
from pioche.oauth.service.apps import authenticate
from pioche.oauth.types import App, Connection, Consent, TokenPair
from pioche.ports.database import Database, Tx

ACCESS_PREFIX = "hf_oauth_"
REFRESH_PREFIX = "hf_refresh_"
HOUR, DAY = 3600, 86_400
ACCESS_SECONDS = 8 * HOUR
# The stock client asks for a new token when a day is left, and then every five minutes.
STOCK_ACCESS_SECONDS = 30 * DAY
REFRESH_SECONDS = 180 * DAY  # since the last use


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database
        # Connection id -> Unix milliseconds of its last use; flushed together, as those of other tokens are.
        self._used: dict[int, int] = {}
        self._lock = threading.Lock()

    def find(self, tx: Tx, key: str) -> tuple[int, TokenInfo] | None:
        """The owner and the rights of an access token by its digest; None for one that has ended."""
        found = codes.find_token(tx, key)
        if found is None:
            return None
        app, connection, row = found
        if row.kind != "access" or row.expires_at <= tx.now:
            return None
        with self._lock:
            self._used[connection.id] = time.time_ns() // 1_000_000
        return connection.user_id, token_of(app, connection, row.issued_at, row.expires_at)

    def connect(self, tx: Tx, consent: Consent, nonce: str = "") -> tuple[TokenPair, int]:
        """Makes a connection; its first tokens and its id."""
        connection = store.add_connection(tx, consent)
        return _issue(tx, consent.app, connection, consent.scopes, nonce), connection.id

    def refresh(self, client_id: str, client_secret: str, secret: str, scope: str) -> TokenPair:
        """The next tokens for a refresh token, which is used up. Raises `OauthRefused` (invalid_grant).

        One that is used twice is in two hands, and nobody knows which is the right one: the connection ends.
        """
        key = digest(secret)
        with self._database.write() as tx:
            app = authenticate(tx, client_id, client_secret)
            found = codes.find_token(tx, key)
            if found is not None and found[0].id == app.id and found[2].kind == "refresh":
                connection, row = found[1], found[2]
                if row.used_at is None and row.expires_at > tx.now:
                    _refuse_more(app, connection, scope)
                    codes.use_refresh(tx, key)
                    return _issue(tx, app, connection, connection.scopes)
                if row.used_at is not None:
                    store.delete_connection(tx, connection.id)
        raise OauthRefused("invalid_grant", "This refresh token is not valid (any more). Connect the program again.")

    def revoke(self, client_id: str, client_secret: str, secret: str) -> None:
        """An access token alone, or with a refresh token the connection. What is unknown is revoked already."""
        key = digest(secret)
        with self._database.write() as tx:
            app = authenticate(tx, client_id, client_secret)
            found = codes.find_token(tx, key)
            if found is None or found[0].id != app.id:
                return
            if found[2].kind == "refresh":
                store.delete_connection(tx, found[1].id)
            else:
                codes.delete_token(tx, key)

    def flush_use(self) -> None:
        """Writes down when connections were last used, if any was."""
        with self._lock:
            moments, self._used = self._used, {}
        if moments:
            with self._database.write() as tx:
                store.mark_used(tx, moments)

    def tidy(self) -> None:
        """Forgets what has expired."""
        with self._database.write() as tx:
            codes.delete_expired(tx)
            store.delete_dead_connections(tx)


def _issue(tx: Tx, app: App, connection: Connection, scopes: tuple[str, ...], nonce: str = "") -> TokenPair:
    access, refresh = ACCESS_PREFIX + new_cookie(), REFRESH_PREFIX + new_cookie()
    seconds = STOCK_ACCESS_SECONDS if app.is_stock else ACCESS_SECONDS
    codes.add_token(tx, connection.id, "access", digest(access), seconds)
    codes.add_token(tx, connection.id, "refresh", digest(refresh), REFRESH_SECONDS)
    return TokenPair(app, access, refresh, seconds, scopes, nonce)


def _refuse_more(app: App, connection: Connection, scope: str) -> None:
    """The scopes of a connection stay as they were agreed to; asking for less is allowed and changes nothing."""
    if scope and not set(check_scopes(app, scope)) <= set(connection.scopes):
        raise OauthRefused("invalid_scope", "Nobody agreed to these scopes. Ask for them on the consent page.")
