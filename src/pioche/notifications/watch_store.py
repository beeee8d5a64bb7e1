"""The SQL of watching, muting, and wishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Column, delete, func, insert, or_, select, update

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.community.tables import discussions
from pioche.names import RepoId, RepoKind
from pioche.notifications.recipients import wishes
from pioche.notifications.tables import notification_settings, watches
from pioche.notifications.types import Level, Watched, Wishes
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.tables import repos

ACCOUNT, REPO, DISCUSSION = watches.c.account_id, watches.c.repo_id, watches.c.discussion_id


def level(tx: Tx, user_id: int, column: Column[Any], number: int) -> str:
    """ "" if nothing was said."""
    query = select(watches.c.level).where(watches.c.user_id == user_id, column == number)
    return tx.execute(query).scalar() or ""


def set_level(tx: Tx, user_id: int, column: Column[Any], number: int, wanted: Level | None) -> None:
    """None: as if nothing had been said."""
    which = (watches.c.user_id == user_id, column == number)
    if wanted is None:
        tx.execute(delete(watches).where(*which))
    elif tx.execute(select(watches.c.id).where(*which)).first() is None:
        tx.execute(insert(watches).values(**{"user_id": user_id, column.name: number, "level": wanted}))
    else:
        tx.execute(update(watches).where(*which).values(level=wanted))


def watched(tx: Tx, actor: Actor, limit: int) -> Sequence[Watched]:
    """What the actor watches or mutes, of what they may see, the newest first."""
    owners = accounts.alias("owners")
    query = (
        select(
            *(watches.c.id, watches.c.level, repos.c.kind, repos.c.name, owners.c.name.label("namespace")),
            *(accounts.c.name.label("account"), discussions.c.num, discussions.c.title),
        )
        .select_from(watches)
        .outerjoin(accounts, accounts.c.id == ACCOUNT)
        .outerjoin(discussions, discussions.c.id == DISCUSSION)
        .outerjoin(repos, repos.c.id == func.coalesce(REPO, discussions.c.repo_id))
        .outerjoin(owners, owners.c.id == repos.c.owner_id)
        .where(watches.c.user_id == actor.user_id, or_(repos.c.id.is_(None), visible_to(actor)))
    )
    found = []
    for row in tx.execute(query.order_by(watches.c.id.desc()).limit(limit)):
        if row.account is not None:
            found.append(Watched(row.id, row.level, row.account, f"/{row.account}"))
            continue
        repo = RepoId(RepoKind(row.kind), row.namespace, row.name)
        inside = row.num is not None
        name = f"{repo.full}: {row.title}" if inside else repo.full
        found.append(Watched(row.id, row.level, name, f"/{repo.path}" + (f"/discussions/{row.num}" if inside else "")))
    return found


def forget(tx: Tx, user_id: int, number: int) -> None:
    tx.execute(delete(watches).where(watches.c.user_id == user_id, watches.c.id == number))


def wishes_of(tx: Tx, user_id: int) -> Wishes:
    return wishes(tx, [user_id]).get(user_id, Wishes())


def set_wishes(tx: Tx, user_id: int, wanted: Wishes) -> None:
    row = notification_settings.c
    values = {"web": json.encode(sorted(wanted.web)).decode(), "mail": json.encode(sorted(wanted.mail)).decode()}
    if tx.execute(select(row.user_id).where(row.user_id == user_id)).first() is None:
        tx.execute(insert(notification_settings).values(user_id=user_id, **values))
    else:
        tx.execute(update(notification_settings).where(row.user_id == user_id).values(**values))
