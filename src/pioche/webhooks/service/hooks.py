"""`Hooks`: what webhooks somebody has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pioche.accounts.types import Actor
from pioche.errors import Forbidden, InvalidInput, NotFound, QuotaExceeded, Unauthenticated
from pioche.ports.database import Database, Tx
from pioche.webhooks import store
from pioche.webhooks.sending import check_url
from pioche.webhooks.types import DOMAINS, WATCHED_KINDS, Domain, Wanted, Watched, WatchedKind, Webhook

MAX_HOOKS = 100
MAX_WATCHED = 100
MAX_SECRET = 200


def require_owner(actor: Actor, changes: bool) -> int:
    """The id of the person: hooks belong to people, not to what a narrowed token may do. Raises."""
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to see your webhooks.")
    token = actor.token
    if token is not None and (token.role == "fineGrained" or (changes and token.role != "write")):
        raise Forbidden(f"Your token '{token.name}' may not do this. Use one with the role 'write'.")
    return actor.user_id


class Hooks:
    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, actor: Actor) -> Sequence[Webhook]:
        require_owner(actor, changes=False)
        with self._database.read() as tx:
            return store.of_user(tx, actor)

    def find(self, actor: Actor, number: int) -> Webhook:
        require_owner(actor, changes=False)
        with self._database.read() as tx:
            return _found(tx, actor, number)

    def create(self, actor: Actor, wanted: Wanted) -> Webhook:
        user_id = require_owner(actor, changes=True)
        values = {"secret": "", "domains": '["repo","discussion"]', **_values(wanted)}
        if "url" not in values:
            raise InvalidInput("A webhook needs an address: 'url'.", field="url")
        if not wanted.watched:
            raise InvalidInput("A webhook needs something to watch.", field="watched")
        with self._database.write() as tx:
            if store.count(tx, user_id) >= MAX_HOOKS:
                raise QuotaExceeded(f"{MAX_HOOKS} webhooks are the limit. Delete one first.")
            number = store.add(tx, user_id, values)
            store.watch(tx, number, _targets(tx, actor, wanted.watched))
            return _found(tx, actor, number)

    def change(self, actor: Actor, number: int, wanted: Wanted) -> Webhook:
        require_owner(actor, changes=True)
        values = _values(wanted)
        with self._database.write() as tx:
            _found(tx, actor, number)
            store.change(tx, number, values)
            if wanted.watched:
                store.watch(tx, number, _targets(tx, actor, wanted.watched))
            return _found(tx, actor, number)

    def enable(self, actor: Actor, number: int, enabled: bool) -> Webhook:
        require_owner(actor, changes=True)
        with self._database.write() as tx:
            _found(tx, actor, number)
            store.change(tx, number, {"disabled": not enabled, "note": "", "failures": 0})
            return _found(tx, actor, number)

    def delete(self, actor: Actor, number: int) -> None:
        require_owner(actor, changes=True)
        with self._database.write() as tx:
            _found(tx, actor, number)
            store.remove(tx, number)


def _found(tx: Tx, actor: Actor, number: int) -> Webhook:
    found = store.find(tx, actor, number)
    if found is None:
        raise NotFound("You have no such webhook.")
    return found


def _values(wanted: Wanted) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if wanted.url is not None:
        check_url(wanted.url)
        values["url"] = wanted.url
    if wanted.domains is not None:
        values["domains"] = msgspec.json.encode(_checked_domains(wanted.domains)).decode()
    if wanted.secret is not None:
        if len(wanted.secret) > MAX_SECRET or not wanted.secret.isascii() or not _is_printable(wanted.secret):
            raise InvalidInput(
                f"A secret is at most {MAX_SECRET} plain characters: it is sent as a header.", field="secret"
            )
        values["secret"] = wanted.secret
    return values


def _is_printable(text: str) -> bool:
    return text.isprintable() and text == text.strip()


def _checked_domains(domains: Sequence[Domain]) -> list[Domain]:
    chosen = [domain for domain in DOMAINS if domain in domains]
    if not chosen:
        raise InvalidInput("Choose what is sent: 'repo', 'discussion' or both.", field="domains")
    return chosen


def _targets(tx: Tx, actor: Actor, watched: Sequence[Watched]) -> list[tuple[WatchedKind, int]]:
    if len(watched) > MAX_WATCHED:
        raise InvalidInput(f"A webhook watches at most {MAX_WATCHED} things.", field="watched")
    targets = []
    for one in watched:
        if one.kind not in WATCHED_KINDS:
            raise InvalidInput(f"What is watched is one of: {', '.join(WATCHED_KINDS)}.", field="watched")
        target = store.target(tx, actor, one)
        if target is None:
            raise InvalidInput(f"There is no {one.kind} '{one.name[:100]}'.", field="watched")
        targets.append((one.kind, target))
    return targets
