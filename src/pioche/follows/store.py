"""The SQL of follows: pairs, both lists, and the numbers of a profile."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, false, func, insert, literal, select

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.collections import store as collection_store
from pioche.collections.tables import collection_votes, collections
from pioche.community.tables import discussions, likes
from pioche.follows.tables import follows
from pioche.follows.types import Face, FacePage, Numbers
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.tables import repos


def has(tx: Tx, follower_id: int, followed_id: int) -> bool:
    pair = (follows.c.follower_id == follower_id, follows.c.followed_id == followed_id)
    return tx.execute(select(follows.c.id).where(*pair)).first() is not None


def add(tx: Tx, follower_id: int, followed_id: int) -> None:
    tx.execute(insert(follows).values(follower_id=follower_id, followed_id=followed_id, created_at=tx.now))


def remove(tx: Tx, follower_id: int, followed_id: int) -> None:
    tx.execute(delete(follows).where(follows.c.follower_id == follower_id, follows.c.followed_id == followed_id))


def followers(tx: Tx, actor: Actor, account_id: int, cursor: int, limit: int) -> FacePage:
    """Those who follow the account, newest first."""
    return _faces(tx, actor, follows.c.followed_id == account_id, follows.c.follower_id, cursor, limit)


def following(tx: Tx, actor: Actor, account_id: int, kind: str, cursor: int, limit: int) -> FacePage:
    """The accounts of that kind whom the account follows, newest first."""
    mine = (follows.c.follower_id == account_id) & (accounts.c.kind == kind)
    return _faces(tx, actor, mine, follows.c.followed_id, cursor, limit)


def numbers(tx: Tx, actor: Actor, account_id: int) -> Numbers:
    """Of what the actor may see."""
    to_user = follows.join(accounts, accounts.c.id == follows.c.followed_id)
    counted = {
        "followers": select(func.count()).select_from(follows).where(follows.c.followed_id == account_id),
        "following": select(func.count())
        .select_from(to_user)
        .where(follows.c.follower_id == account_id, accounts.c.kind == "user"),
        "likes": select(func.count())
        .select_from(likes.join(repos, repos.c.id == likes.c.repo_id))
        .where(likes.c.user_id == account_id, visible_to(actor)),
        "discussions": select(func.count())
        .select_from(discussions.join(repos, repos.c.id == discussions.c.repo_id))
        .where(discussions.c.author_id == account_id, visible_to(actor)),
        "upvotes": select(func.count())
        .select_from(collection_votes.join(collections, collections.c.id == collection_votes.c.collection_id))
        .where(collection_votes.c.account_id == account_id, collection_store.visible_to(actor)),
    }
    row = tx.execute(select(*(query.scalar_subquery().label(name) for name, query in counted.items()))).one()
    followed = actor.user_id is not None and has(tx, actor.user_id, account_id)
    return Numbers(row.followers, row.following, followed, row.likes, row.discussions, row.upvotes)


def followed_among(tx: Tx, actor: Actor, account_ids: list[int]) -> set[int]:
    """Those of these whom the actor follows."""
    if actor.user_id is None:
        return set()
    mine = select(follows.c.followed_id).where(
        follows.c.follower_id == actor.user_id, follows.c.followed_id.in_(account_ids[:1000])
    )
    return {row.followed_id for row in tx.execute(mine)}


def _faces(
    tx: Tx, actor: Actor, which: ColumnElement[bool], side: ColumnElement[int], cursor: int, limit: int
) -> FacePage:
    own = follows.alias("own")
    followed = (
        literal(False)
        if actor.user_id is None
        else exists().where(own.c.follower_id == actor.user_id, own.c.followed_id == accounts.c.id)
    )
    query = (
        select(follows.c.id, accounts.c.name, accounts.c.fullname, accounts.c.kind, followed.label("followed"))
        .join(accounts, accounts.c.id == side)
        .where(which, follows.c.id < cursor if cursor else ~false())
    )
    rows = tx.execute(query.order_by(follows.c.id.desc()).limit(limit + 1)).all()
    faces = [Face(row.name, row.fullname, row.kind, bool(row.followed)) for row in rows[:limit]]
    return FacePage(faces, rows[limit - 1].id if len(rows) > limit else None)
