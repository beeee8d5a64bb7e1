"""`Follows`: following and its end, both lists, the numbers of a profile, and feeds."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from pioche.accounts import store as account_store
from pioche.accounts.types import Account, AccountKind, Actor
from pioche.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from pioche.events import UserFollowed
from pioche.follows import feed, store
from pioche.follows.feed import Who
from pioche.follows.types import FacePage, Feed, Numbers
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.wiring import announce

LATEST = 2**62


class Follows:
    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    def follow(self, actor: Actor, name: str, kind: AccountKind) -> None:
        """Once; again changes nothing."""
        user_id = _require_writer(actor)
        # The same person pressing twice at the same moment follows once, too.
        with suppress(IntegrityError), self._database.write() as tx:
            account = _account(tx, name, kind)
            if account.id == user_id:
                raise InvalidInput("Nobody can follow themselves.")
            if not store.has(tx, user_id, account.id):
                store.add(tx, user_id, account.id)
                announce(self._queue, tx, UserFollowed(actor_id=user_id, account_id=account.id))

    def unfollow(self, actor: Actor, name: str, kind: AccountKind) -> None:
        """Of whom one does not follow, nothing changes."""
        user_id = _require_writer(actor)
        with self._database.write() as tx:
            store.remove(tx, user_id, _account(tx, name, kind).id)

    def followers(self, actor: Actor, name: str, kind: AccountKind, cursor: int, limit: int) -> FacePage:
        """Public, as profiles are. `cursor` 0: from the newest."""
        with self._database.read() as tx:
            return store.followers(tx, actor, _account(tx, name, kind).id, cursor, limit)

    def following(self, actor: Actor, name: str, kind: AccountKind, cursor: int, limit: int) -> FacePage:
        """The users, or organisations (`kind`), whom a user follows."""
        with self._database.read() as tx:
            return store.following(tx, actor, _account(tx, name, AccountKind.USER).id, kind.value, cursor, limit)

    def numbers(self, actor: Actor, account: Account) -> Numbers:
        with self._database.read() as tx:
            return store.numbers(tx, actor, account.id)

    def followed_among(self, actor: Actor, account_ids: list[int]) -> set[int]:
        """Those of these accounts whom the actor follows."""
        with self._database.read() as tx:
            return store.followed_among(tx, actor, account_ids)

    def feed(self, actor: Actor, before: int, limit: int) -> Feed:
        """What those whom the actor follows did; empty for nobody."""
        if actor.user_id is None:
            return Feed((), None)
        return self._feed(actor, feed.followed_by(actor.user_id), before, limit)

    def deeds_of(self, actor: Actor, account: Account, before: int, limit: int) -> Feed:
        """What one account did, of what the actor may see."""
        return self._feed(actor, feed.only(account.id), before, limit)

    def _feed(self, actor: Actor, who: Who, before: int, limit: int) -> Feed:
        with self._database.read() as tx:
            deeds = feed.page(tx, actor, who, before or LATEST, limit + 1)
        return Feed(deeds[:limit], deeds[limit - 1].at if len(deeds) > limit else None)


def _require_writer(actor: Actor) -> int:
    """People at the page, and tokens that may write everything."""
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to follow somebody.")
    token = actor.token
    everything = token is not None and any(
        scope.permission == "write" and scope.repo_id is None and scope.owner_id is None for scope in token.scopes
    )
    if token is not None and token.role != "write" and not everything:
        raise Forbidden(f"Your token '{token.name}' may not follow anybody. Use one with the role 'write'.")
    return actor.user_id


def _account(tx: Tx, name: str, kind: AccountKind) -> Account:
    account = account_store.find_account(tx, name)
    if account is None or account.kind is not kind:
        word = "user" if kind is AccountKind.USER else "organisation"
        raise NotFound(f"There is no {word} '{name[:100]}'.")
    return account
