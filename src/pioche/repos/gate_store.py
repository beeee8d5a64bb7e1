"""Rows of `access_requests`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import Row, Select, and_, delete, func, insert, or_, select, true, update

from pioche.accounts.tables import accounts, users
from pioche.accounts.types import Actor
from pioche.ports.database import Tx
from pioche.repos.tables import access_requests as table

AccessStatus = Literal["pending", "accepted", "rejected"]
STATUSES: tuple[AccessStatus, ...] = ("pending", "accepted", "rejected")


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Who asked or was let in. `email` is known of who asked: the form says so. "" of all others."""

    id: int
    repo_id: int
    account_id: int
    name: str
    fullname: str
    email: str
    is_org: bool
    status: AccessStatus
    fields: Mapping[str, str | bool]
    reason: str
    created_at: int


def is_let_in(tx: Tx, actor: Actor, repo_id: int) -> bool:
    """Was the actor let in, or an organisation of theirs?"""
    if actor.user_id is None:
        return False
    accepted = (table.c.repo_id == repo_id, table.c.status == "accepted")
    query = select(table.c.id).where(*accepted, table.c.account_id.in_((actor.user_id, *actor.orgs)))
    return tx.execute(query.limit(1)).first() is not None


def find(tx: Tx, repo_id: int, account_id: int) -> AccessRequest | None:
    row = tx.execute(_select().where(table.c.repo_id == repo_id, table.c.account_id == account_id)).first()
    return None if row is None else _to_request(row)


def get(tx: Tx, repo_id: int, number: int) -> AccessRequest | None:
    row = tx.execute(_select().where(table.c.repo_id == repo_id, table.c.id == number)).first()
    return None if row is None else _to_request(row)


def page(tx: Tx, repo_id: int, status: str, search: str, start: int, limit: int) -> Sequence[AccessRequest]:
    """Oldest first, those after the id `start`."""
    query = _searched(_select(), search).where(table.c.repo_id == repo_id, table.c.status == status)
    rows = tx.execute(query.where(table.c.id > start).order_by(table.c.id).limit(limit))
    return [_to_request(row) for row in rows]


def all_of(tx: Tx, repo_id: int) -> Sequence[AccessRequest]:
    return [_to_request(row) for row in tx.execute(_select().where(table.c.repo_id == repo_id).order_by(table.c.id))]


def counts(tx: Tx, repo_id: int) -> dict[str, int]:
    query = (
        select(table.c.status, func.count().label("number")).where(table.c.repo_id == repo_id).group_by(table.c.status)
    )
    found = {row.status: row.number for row in tx.execute(query)}
    return {status: found.get(status, 0) for status in STATUSES}


def of_account(tx: Tx, account_id: int, limit: int) -> Sequence[AccessRequest]:
    """Newest first."""
    query = _select().where(table.c.account_id == account_id).order_by(table.c.id.desc()).limit(limit)
    return [_to_request(row) for row in tx.execute(query)]


def add(tx: Tx, repo_id: int, account_id: int, status: AccessStatus, fields: Mapping[str, str | bool] | None) -> None:
    """`fields` is None for who was let in without asking. Asking again replaces what was answered before."""
    written = {
        "status": status,
        "fields": msgspec.json.encode(fields or {}).decode(),
        "reason": "",
        "created_at": tx.now,
        "asked": fields is not None,
    }
    mine = (table.c.repo_id == repo_id, table.c.account_id == account_id)
    if not tx.execute(update(table).where(*mine).values(**written)).rowcount:
        tx.execute(insert(table).values(repo_id=repo_id, account_id=account_id, **written))


def decide(tx: Tx, number: int, status: AccessStatus, reason: str, by: int | None) -> None:
    decided = {"status": status, "reason": reason, "decided_at": tx.now, "decided_by": by}
    tx.execute(update(table).where(table.c.id == number).values(**decided))


def remove(tx: Tx, number: int) -> None:
    tx.execute(delete(table).where(table.c.id == number))


def _select() -> Select[Any]:
    return (
        select(table, accounts.c.name, accounts.c.fullname, accounts.c.kind, users.c.email)
        .join(accounts, accounts.c.id == table.c.account_id)
        .outerjoin(users, users.c.id == accounts.c.id)
    )


def _searched(query: Select[Any], search: str) -> Select[Any]:
    if not search:
        return query
    text = search.lower()
    return query.where(
        or_(
            accounts.c.name_lower.contains(text, autoescape=True),
            func.lower(accounts.c.fullname).contains(text, autoescape=True),
            and_(table.c.asked == true(), func.lower(users.c.email).contains(text, autoescape=True)),
        )
    )


def _to_request(row: Row[Any]) -> AccessRequest:
    return AccessRequest(
        id=row.id,
        repo_id=row.repo_id,
        account_id=row.account_id,
        name=row.name,
        fullname=row.fullname or row.name,
        email=(row.email or "") if row.asked else "",
        is_org=row.kind == "org",
        status=row.status,
        fields=msgspec.json.decode(row.fields),
        reason=row.reason,
        created_at=row.created_at,
    )
