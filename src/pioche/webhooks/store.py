"""The SQL of webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, and_, delete, false, func, insert, or_, select, update

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.tables import repos
from pioche.webhooks.tables import webhook_deliveries, webhook_watches, webhooks
from pioche.webhooks.types import Delivery, Watched, WatchedKind, Webhook

ACCOUNTS = ("user", "org")


def of_user(tx: Tx, actor: Actor) -> list[Webhook]:
    rows = tx.execute(select(webhooks).where(webhooks.c.user_id == actor.user_id).order_by(webhooks.c.id)).all()
    return _whole(tx, actor, rows)


def find(tx: Tx, actor: Actor, number: int) -> Webhook | None:
    query = select(webhooks).where(webhooks.c.id == number, webhooks.c.user_id == actor.user_id)
    found = _whole(tx, actor, tx.execute(query).all())
    return found[0] if found else None


def count(tx: Tx, user_id: int) -> int:
    return int(tx.execute(select(func.count()).where(webhooks.c.user_id == user_id)).scalar_one())


def add(tx: Tx, user_id: int, values: Mapping[str, Any]) -> int:
    made = tx.execute(insert(webhooks).values(user_id=user_id, disabled=False, created_at=tx.now, **values))
    key = made.inserted_primary_key
    assert key is not None, "a row that was inserted has a key"
    return int(key[0])


def change(tx: Tx, number: int, values: Mapping[str, Any]) -> None:
    if values:
        tx.execute(update(webhooks).where(webhooks.c.id == number).values(**values))


def remove(tx: Tx, number: int) -> None:
    tx.execute(delete(webhooks).where(webhooks.c.id == number))


def watch(tx: Tx, number: int, targets: Iterable[tuple[WatchedKind, int]]) -> None:
    tx.execute(delete(webhook_watches).where(webhook_watches.c.webhook_id == number))
    rows = [{"webhook_id": number, "kind": kind, "target_id": target} for kind, target in dict.fromkeys(targets)]
    if rows:
        tx.execute(insert(webhook_watches), rows)


def target(tx: Tx, actor: Actor, wanted: Watched) -> int | None:
    """The id of what is to be watched, if the actor may see it."""
    if wanted.kind in ACCOUNTS:
        query = select(accounts.c.id).where(
            accounts.c.name_lower == wanted.name.lower(), accounts.c.kind == wanted.kind
        )
    else:
        owner, _, name = wanted.name.lower().partition("/")
        query = (
            select(repos.c.id)
            .join(accounts, accounts.c.id == repos.c.owner_id)
            .where(repos.c.kind == wanted.kind, accounts.c.name_lower == owner, repos.c.name_lower == name)
            .where(visible_to(actor))
        )
    return tx.execute(query).scalar()


def listening(tx: Tx, kind: str, repo_id: int, owner_id: int) -> Sequence[Row[Any]]:
    """Hooks (id, user_id, domains) that watch this repository, or its owner."""
    row = webhook_watches.c
    watched = or_(
        and_(row.kind == kind, row.target_id == repo_id), and_(row.kind.in_(ACCOUNTS), row.target_id == owner_id)
    )
    query = select(webhooks.c.id, webhooks.c.user_id, webhooks.c.domains).where(
        webhooks.c.disabled == false(), webhooks.c.id.in_(select(row.webhook_id).where(watched))
    )
    return tx.execute(query.order_by(webhooks.c.id)).all()


# -- deliveries --


def add_delivery(tx: Tx, webhook_id: int, event: str, payload: str) -> int:
    values = {"webhook_id": webhook_id, "event": event, "payload": payload, "state": "waiting", "created_at": tx.now}
    key = tx.execute(insert(webhook_deliveries).values(values)).inserted_primary_key
    assert key is not None, "a row that was inserted has a key"
    return int(key[0])


def deliveries(tx: Tx, webhook_id: int, before: int | None, limit: int) -> list[Delivery]:
    """The newest first; `before` is the id of the last one seen."""
    query = select(webhook_deliveries).where(webhook_deliveries.c.webhook_id == webhook_id)
    if before is not None:
        query = query.where(webhook_deliveries.c.id < before)
    return [_delivery(row) for row in tx.execute(query.order_by(webhook_deliveries.c.id.desc()).limit(limit))]


def delivery(tx: Tx, number: int, webhook_id: int | None = None) -> Delivery | None:
    query = select(webhook_deliveries).where(webhook_deliveries.c.id == number)
    if webhook_id is not None:
        query = query.where(webhook_deliveries.c.webhook_id == webhook_id)
    row = tx.execute(query).first()
    return None if row is None else _delivery(row)


def target_of(tx: Tx, webhook_id: int) -> Row[Any] | None:
    """Where a hook sends to (url, secret, disabled)."""
    query = select(webhooks.c.url, webhooks.c.secret, webhooks.c.disabled).where(webhooks.c.id == webhook_id)
    return tx.execute(query).first()


def set_delivery(tx: Tx, number: int, values: Mapping[str, Any]) -> None:
    tx.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == number).values(**values))


def count_failure(tx: Tx, webhook_id: int) -> int:
    """Deliveries given up one after the other, this one included."""
    more = update(webhooks).where(webhooks.c.id == webhook_id).values(failures=webhooks.c.failures + 1)
    return int(tx.execute(more.returning(webhooks.c.failures)).scalar() or 0)


def forget(tx: Tx, before: int) -> None:
    tx.execute(delete(webhook_deliveries).where(webhook_deliveries.c.created_at < before))


def _whole(tx: Tx, actor: Actor, rows: Sequence[Row[Any]]) -> list[Webhook]:
    watched = _watched(tx, actor, [row.id for row in rows])
    return [
        Webhook(
            row.id,
            row.url,
            tuple(watched.get(row.id, ())),
            tuple(msgspec.json.decode(row.domains)),
            row.secret,
            row.disabled,
            row.note,
            row.created_at,
        )
        for row in rows
    ]


def _watched(tx: Tx, actor: Actor, numbers: Sequence[int]) -> dict[int, list[Watched]]:
    """What is gone, or may not be seen any more, is left out."""
    found: dict[int, list[Watched]] = {}
    row = webhook_watches.c
    of_accounts = (
        select(row.webhook_id, row.kind, accounts.c.name)
        .join(accounts, accounts.c.id == row.target_id)
        .where(row.webhook_id.in_(numbers), row.kind.in_(ACCOUNTS))
    )
    for one in tx.execute(of_accounts):
        found.setdefault(one.webhook_id, []).append(Watched(one.kind, one.name))
    of_repos = (
        select(row.webhook_id, row.kind, accounts.c.name.label("owner"), repos.c.name)
        .join(repos, repos.c.id == row.target_id)
        .join(accounts, accounts.c.id == repos.c.owner_id)
        .where(row.webhook_id.in_(numbers), row.kind.not_in(ACCOUNTS), visible_to(actor))
    )
    for one in tx.execute(of_repos):
        found.setdefault(one.webhook_id, []).append(Watched(one.kind, f"{one.owner}/{one.name}"))
    return found


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        row.id,
        row.webhook_id,
        row.event,
        row.payload,
        row.state,
        row.attempts,
        row.status,
        row.response,
        row.error,
        row.milliseconds,
        row.created_at,
        row.sent_at,
    )
