"""The SQL of the feed: what some people and organisations did, of what the reader may see now.

Nothing is kept for it. Each kind of deed is read from the table that is its truth, newest first, with what the reader
may see in the query itself; so what becomes private, or is deleted, is gone from every feed at once.
"""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Select, and_, select

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.collections.store import select_collections, to_collection
from pioche.collections.store import visible_to as collection_visible_to
from pioche.collections.tables import collections
from pioche.community.tables import discussions, likes
from pioche.follows.tables import follows
from pioche.follows.types import Deed
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.tables import repos

FOLLOWED = 500
"""A feed is made of the newest follows of its reader."""
AS_MADE = 10 * 60 * 1000
"""Milliseconds within which the first uploads still count as making a repository."""
RECENT = 14 * 24 * 3600 * 1000
_KINDS = tuple(kind.value for kind in RepoKind)

Who = Select[tuple[int]]
When = tuple[int, int]
"""After the first and before the second."""


def followed_by(user_id: int) -> Who:
    query = select(follows.c.followed_id).where(follows.c.follower_id == user_id)
    return query.order_by(follows.c.id.desc()).limit(FOLLOWED)


def only(account_id: int) -> Who:
    return select(accounts.c.id).where(accounts.c.id == account_id)


def page(tx: Tx, actor: Actor, who: Who, before: int, limit: int) -> list[Deed]:
    """Newest first, at most `limit`, all before that time."""
    # Who follows many looks at the last days, which an index finds; where little happened, at everything.
    recent = _page(tx, actor, who, (min(before, tx.now + 1) - RECENT, before), limit)
    return recent if len(recent) == limit else _page(tx, actor, who, (-1, before), limit)


def _page(tx: Tx, actor: Actor, who: Who, when: When, limit: int) -> list[Deed]:
    deeds = [
        *_repos(tx, actor, who, when, limit),
        *_likes(tx, actor, who, when, limit),
        *_discussions(tx, actor, who, when, limit),
        *_collections(tx, actor, who, when, limit),
        *_follows(tx, who, when, limit),
    ]
    deeds.sort(key=lambda deed: deed.at, reverse=True)
    return deeds[:limit]


def _repos(tx: Tx, actor: Actor, who: Who, when: When, limit: int) -> list[Deed]:
    # All kinds are named, so that the index by owner, kind and time is walked and not only its first column.
    which = (repos.c.owner_id.in_(who), repos.c.kind.in_(_KINDS), _within(repos.c.updated_at, when), visible_to(actor))
    query = select(*_NAMED, repos.c.created_at, repos.c.updated_at).join(accounts, accounts.c.id == repos.c.owner_id)
    found = []
    for row in tx.execute(query.where(*which).order_by(repos.c.updated_at.desc()).limit(limit)):
        made = row.updated_at - row.created_at < AS_MADE
        found.append(Deed("made" if made else "updated", row.updated_at, row.namespace, repo=_repo_id(row)))
    return found


def _likes(tx: Tx, actor: Actor, who: Who, when: When, limit: int) -> list[Deed]:
    query = (
        select(*_NAMED, likes.c.created_at.label("at"), _WHO.c.name.label("who"))
        .select_from(likes)
        .join(repos, repos.c.id == likes.c.repo_id)
        .join(accounts, accounts.c.id == repos.c.owner_id)
        .join(_WHO, _WHO.c.id == likes.c.user_id)
        .where(likes.c.user_id.in_(who), _within(likes.c.created_at, when), visible_to(actor))
    )
    rows = tx.execute(query.order_by(likes.c.id.desc()).limit(limit))
    return [Deed("liked", row.at, row.who, repo=_repo_id(row)) for row in rows]


def _discussions(tx: Tx, actor: Actor, who: Who, when: When, limit: int) -> list[Deed]:
    item = discussions.c
    query = (
        select(
            *_NAMED, item.num, item.title, item.is_pull_request, item.created_at.label("at"), _WHO.c.name.label("who")
        )
        .select_from(discussions)
        .join(repos, repos.c.id == item.repo_id)
        .join(accounts, accounts.c.id == repos.c.owner_id)
        .join(_WHO, _WHO.c.id == item.author_id)
        .where(item.author_id.in_(who), _within(item.created_at, when), visible_to(actor))
    )
    return [
        Deed("opened", row.at, row.who, _repo_id(row), row.num, row.title, row.is_pull_request)
        for row in tx.execute(query.order_by(item.id.desc()).limit(limit))
    ]


def _collections(tx: Tx, actor: Actor, who: Who, when: When, limit: int) -> list[Deed]:
    query = select_collections().where(
        collections.c.owner_id.in_(who), _within(collections.c.created_at, when), collection_visible_to(actor)
    )
    return [
        Deed("collection", row.created_at, row.owner, collection=to_collection(row))
        for row in tx.execute(query.order_by(collections.c.id.desc()).limit(limit))
    ]


def _follows(tx: Tx, who: Who, when: When, limit: int) -> list[Deed]:
    query = (
        select(follows.c.created_at.label("at"), _WHO.c.name.label("who"), accounts.c.name.label("followed"))
        .select_from(follows)
        .join(_WHO, _WHO.c.id == follows.c.follower_id)
        .join(accounts, accounts.c.id == follows.c.followed_id)
        .where(follows.c.follower_id.in_(who), _within(follows.c.created_at, when))
    )
    rows = tx.execute(query.order_by(follows.c.id.desc()).limit(limit))
    return [Deed("followed", row.at, row.who, account=row.followed) for row in rows]


_WHO = accounts.alias("who")
_NAMED: tuple[ColumnElement[str], ...] = (repos.c.kind, accounts.c.name.label("namespace"), repos.c.name)


def _within(column: Column[int], when: When) -> ColumnElement[bool]:
    return and_(column > when[0], column < when[1])


def _repo_id(row: object) -> RepoId:
    return RepoId(RepoKind(row.kind), row.namespace, row.name)  # type: ignore[attr-defined]
