"""`Tokens`: the secrets that programs log in with."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.exc import IntegrityError

from pioche.accounts import keys, store
from pioche.accounts.secrecy import TOKEN_PREFIX, digest, new_token
from pioche.accounts.service.rights import require_org_admin, require_person
from pioche.accounts.types import AccountKind, Actor, NewToken, TokenInfo
from pioche.errors import Conflict, Forbidden, InvalidCredentials, InvalidInput, NotFound
from pioche.ports.database import Database, Tx
from pioche.ports.database.kept import Kept

MAX_NAME = 96
MIN_SECRET = 8  # characters, of secrets that are brought along
MAX_TOKENS = 200
KEPT_ACTORS = 2_000

# Finds the owner's id and the token by the digest of its secret; None for one that is not valid.
TokenSource = Callable[[Tx, str], tuple[int, TokenInfo] | None]


class Tokens:
    """Made and deleted by people who are logged in to the pages, never by a token."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._actors: Kept[str, Actor] = Kept(database, KEPT_ACTORS)
        # Token id -> Unix milliseconds of its last use. A write per request would cost a commit each, and empty
        # the cache of answers, so a scheduled task flushes them together.
        self._used: dict[int, int] = {}
        self._lock = threading.Lock()
        self._sources: dict[str, TokenSource] = {}

    def add_source(self, prefix: str, source: TokenSource) -> None:
        """Tokens that start with `prefix` and are not ours are looked for there: a room above issues them."""
        self._sources[prefix] = source

    def actor(self, secret: str) -> Actor:
        """Raises `InvalidCredentials`."""
        key = digest(secret)
        actor = self._actors.find(key) or self._read_actor(secret, key)
        self._note_use(actor)
        return actor

    def known_actor(self, secret: str) -> Actor | None:
        """None unless it was looked up since anyone committed anything. Asks the database nothing."""
        actor = self._actors.find(digest(secret))
        if actor is not None:
            self._note_use(actor)
        return actor

    def looks_like_one(self, text: str) -> bool:
        """By its prefix, or because it is one: operators may bring secrets of any form."""
        if text.startswith(TOKEN_PREFIX):
            return True
        if len(text) < MIN_SECRET:
            return False
        with self._database.read() as tx:
            return keys.find_token(tx, digest(text)) is not None

    def flush_use(self) -> None:
        """Writes down when tokens were last used, if any was."""
        with self._lock:
            moments, self._used = self._used, {}
        if moments:
            with self._database.write() as tx:
                keys.mark_used(tx, moments)

    def list(self, actor: Actor) -> tuple[TokenInfo, ...]:
        """The actor's own, the newest first, with uses that are not written down yet."""
        user_id = require_person(actor)
        with self._database.read() as tx:
            tokens = keys.tokens_of(tx, user_id)
        with self._lock:
            return tuple(replace(t, last_used_at=self._used.get(t.id, t.last_used_at)) for t in tokens)

    def create(self, actor: Actor, new: NewToken, owner: str | None = None) -> tuple[TokenInfo, str]:
        """The token and its secret, which nobody sees again. `owner` is for admins: another user's name.

        Raises `Conflict` if that person has a token of this name.
        """
        clean = replace(new, name=checked_name(new.name), secret=_checked_secret(new.secret))
        if new.role == "fineGrained" and not new.scopes:
            raise InvalidInput("Choose at least one thing that the token may do.", field="scopes")
        secret = clean.secret or new_token()
        with self._database.write() as tx:
            user_id = self._owner(tx, actor, owner)
            if len(keys.tokens_of(tx, user_id)) >= MAX_TOKENS:
                raise Conflict(f"{MAX_TOKENS} tokens are the limit. Delete one that is not used.")
            try:
                token = keys.add_token(tx, user_id, clean, digest(secret), secret[-4:])
            except IntegrityError as error:
                raise _name_taken(clean.name) from error
        return token, secret

    def regenerate(self, actor: Actor, token_id: int) -> tuple[TokenInfo, str]:
        """A new secret for a token; the old one is dead at once."""
        user_id = require_person(actor)
        secret = new_token()
        with self._database.write() as tx:
            token = keys.replace_secret(tx, user_id, token_id, digest(secret), secret[-4:])
        if token is None:
            raise _missing()
        with self._lock:
            self._used.pop(token_id, None)
        return token, secret

    def delete(self, actor: Actor, token_id: int) -> None:
        user_id = require_person(actor)
        with self._database.write() as tx:
            if not keys.delete_token(tx, user_id, token_id):
                raise _missing()

    def revoke_leaked(self, actor: Actor, org_name: str, secret: str) -> str:
        """Ends a token whose secret leaked, if it is one of a member's: its name. For admins of the organisation.

        Whoever holds the secret could do as much harm with it, so no more is asked of them than to be an admin there.
        """
        with self._database.write() as tx:
            org = store.find_account(tx, org_name)
            if org is None or org.kind is not AccountKind.ORG:
                raise NotFound(f"There is no organisation '{org_name[:100]}'.")
            require_org_admin(actor, org, by_token=True)
            found = keys.find_token(tx, digest(secret))
            if found is None or store.role_in(tx, org.id, found[0]) is None:
                raise NotFound(f"This is no token of a member of '{org.name}'.")
            keys.delete_token(tx, found[0], found[1].id)
        return found[1].name

    def _read_actor(self, secret: str, key: str) -> Actor:
        with contextlib.suppress(InvalidCredentials):
            return self._actors.read(key, lambda: self._actor(keys.find_token, key))
        for prefix, source in self._sources.items():  # these end by the clock, so they are not kept
            if secret.startswith(prefix):
                return self._actor(source, key)
        raise _not_valid()

    def _actor(self, source: TokenSource, key: str) -> Actor:
        with self._database.read() as tx:
            found = source(tx, key)
            actor = None if found is None else store.actor_of_user(tx, *found)
        if actor is None:
            raise _not_valid()
        return actor

    def _note_use(self, actor: Actor) -> None:
        if actor.token is not None and actor.token.oauth is None:
            with self._lock:
                self._used[actor.token.id] = time.time_ns() // 1_000_000

    @staticmethod
    def _owner(tx: Tx, actor: Actor, owner: str | None) -> int:
        if owner is None:
            return require_person(actor)
        if not actor.is_admin or actor.token is not None:
            raise Forbidden("Only an admin can make tokens for others.")
        account = store.find_account(tx, owner)
        if account is None or account.kind is not AccountKind.USER:
            raise NotFound(f"There is no user '{owner[:100]}'.")
        return account.id


def checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME:
        raise InvalidInput(f"A token needs a name of 1 to {MAX_NAME} characters.", field="name")
    return name


def _checked_secret(text: str | None) -> str | None:
    if text is None:
        return None
    if len(text) < MIN_SECRET or not text.isascii() or any(c.isspace() or not c.isprintable() for c in text):
        raise InvalidInput(f"A secret needs at least {MIN_SECRET} plain characters without spaces.")
    return text


def _name_taken(name: str) -> Conflict:
    return Conflict(f"There is a token '{name}' already. Choose another name.", field="name")


def _not_valid() -> InvalidCredentials:
    return InvalidCredentials("This token is not valid (any more). Make a new one in your settings.")


def _missing() -> NotFound:
    return NotFound("You have no such token. It may have been deleted already.")
