"""`LogIns`: passwords and sessions of browsers."""

from __future__ import annotations

from pioche.accounts import keys, store
from pioche.accounts.attempts import Attempts, address_key
from pioche.accounts.secrecy import Passwords, digest, new_cookie
from pioche.accounts.service.rights import require_person
from pioche.accounts.types import Actor, SessionInfo
from pioche.errors import InvalidCredentials, Unauthenticated
from pioche.ports.database import Database

DAY_MS = 86_400_000


class LogIns:
    """One log-in is one random cookie, of which the database keeps the digest."""

    def __init__(self, database: Database, passwords: Passwords, days: int) -> None:
        self._database = database
        self._passwords = passwords
        self._days = days
        self._attempts = Attempts()

    def actor(self, cookie: str) -> Actor | None:
        with self._database.read() as tx:
            return store.actor_of_session(tx, digest(cookie))

    def actor_of_password(self, name_or_email: str, password: str, address: str) -> Actor:
        """Raises `InvalidCredentials`, which does not say whether the person exists, or `RateLimited`."""
        text = name_or_email.strip()
        with self._database.read() as tx:
            found = store.find_password(tx, text)
        account_key = f"text {text.lower()[:320]}" if found is None else f"user {found[0]}"
        with self._attempts.guard((address_key(address), account_key)):
            if not self._passwords.verify(None if found is None else found[1], password) or found is None:
                raise InvalidCredentials("The name or the password is wrong.")
        with self._database.read() as tx:
            actor = store.actor_of_user(tx, found[0])
        if actor is None:
            raise InvalidCredentials("The name or the password is wrong.")
        return actor

    def open(self, actor: Actor, user_agent: str) -> str:
        """The cookie of a new session."""
        if actor.user_id is None:
            raise Unauthenticated("Only a person with an account has log-ins.")
        cookie = new_cookie()
        with self._database.write() as tx:
            keys.add_session(tx, actor.user_id, digest(cookie), tx.now + self._days * DAY_MS, user_agent)
        return cookie

    def close(self, actor: Actor) -> None:
        """Ends the session that the actor came with, if any."""
        if actor.session is not None:
            with self._database.write() as tx:
                keys.delete_session(tx, actor.session)

    def list(self, actor: Actor) -> tuple[SessionInfo, ...]:
        """The actor's own, the newest first."""
        if actor.user_id is None:
            return ()
        with self._database.read() as tx:
            return keys.sessions_of(tx, actor.user_id)

    def close_others(self, actor: Actor) -> int:
        """Ends all sessions of the person at the page but this one; returns how many."""
        user_id = require_person(actor)
        with self._database.write() as tx:
            return keys.delete_sessions(tx, user_id, actor.session)
