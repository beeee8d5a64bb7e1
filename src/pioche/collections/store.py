"""The SQL of collections: finding, listing, writing rows. Visibility is in the queries, for collections and items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, delete, false, func, insert, literal, or_, select, tuple_
from sqlalchemy import update as update_rows

from pioche.accounts.access import readable
from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.buckets import store as bucket_store
from pioche.buckets.tables import buckets
from pioche.buckets.types import Bucket
from pioche.collections.tables import collection_items, collection_votes, collections
from pioche.collections.types import Collection, Filled, Item, Sort, Target
from pioche.ports.database import Tx
from pioche.repos import lists as repo_lists
from pioche.repos import store as repo_store
from pioche.repos.tables import repos
from pioche.repos.types import Repo

SORT_COLUMNS: dict[Sort, Column[Any]] = {
    "lastModified": collections.c.updated_at,
    # Nothing counts visits over time, so what is liked most is what trends.
    "trending": collections.c.upvotes,
    "upvotes": collections.c.upvotes,
}


def select_collections() -> Select[Any]:
    """Rows that `to_collection` understands."""
    row = accounts.c
    owner = (row.name.label("owner"), row.fullname.label("owner_fullname"), row.kind.label("owner_kind"))
    return select(collections, *owner).join(accounts, row.id == collections.c.owner_id)


def to_collection(row: Row[Any]) -> Collection:
    return Collection(
        id=row.id,
        key=row.key,
        owner_id=row.owner_id,
        owner=row.owner,
        owner_fullname=row.owner_fullname,
        owner_kind=row.owner_kind,
        title=row.title,
        description=row.description,
        private=row.private,
        theme=row.theme,
        position=row.position,
        created_by=row.created_by,
        group_id=row.group_id,
        updated_at=row.updated_at,
        upvotes=row.upvotes,
    )


def find(tx: Tx, key: str) -> Collection | None:
    row = tx.execute(select_collections().where(collections.c.key == key)).first()
    return None if row is None else to_collection(row)


def find_titled(tx: Tx, owner_id: int, title: str) -> Collection | None:
    row = collections.c
    found = tx.execute(select_collections().where(row.owner_id == owner_id, row.title == title)).first()
    return None if found is None else to_collection(found)


def owner_ids(tx: Tx, names: Sequence[str]) -> list[int]:
    """Of those accounts that there are."""
    lower = [name.lower() for name in names]
    return [row.id for row in tx.execute(select(accounts.c.id).where(accounts.c.name_lower.in_(lower)))]


# -- lists --


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """What the actor may read."""
    return readable(actor, collections, literal(0))  # no token names one


def page(
    tx: Tx,
    actor: Actor,
    narrowed: Sequence[ColumnElement[bool]],
    sort: Sort,
    last: tuple[float, int] | None,
    limit: int,
) -> tuple[list[Collection], tuple[int, int] | None]:
    """The ones after `last` (sort value and id), greatest first, and the new `last` if there are more."""
    column, number = SORT_COLUMNS[sort], collections.c.id
    statement = select_collections().where(visible_to(actor), *narrowed)
    if last is not None:
        statement = statement.where(tuple_(column, number) < tuple_(*last))
    rows = tx.execute(statement.order_by(column.desc(), number.desc()).limit(limit + 1)).all()
    found = [to_collection(row) for row in rows[:limit]]
    end = rows[limit - 1] if len(rows) > limit else None
    return found, None if end is None else (end._mapping[column], end.id)


def count(tx: Tx, actor: Actor, narrowed: Sequence[ColumnElement[bool]]) -> int:
    statement = select(func.count()).select_from(collections).where(visible_to(actor), *narrowed)
    return int(tx.execute(statement).scalar_one())


def of_owners(numbers: Sequence[int]) -> ColumnElement[bool]:
    return collections.c.owner_id.in_(numbers)


def in_groups(numbers: Sequence[int]) -> ColumnElement[bool]:
    return collections.c.group_id.in_(numbers)


def with_targets(targets: Sequence[Target]) -> ColumnElement[bool]:
    """Those with one of these in it."""
    about = [column_of(target) == target.id for target in targets]
    holders = select(collection_items.c.collection_id).where(or_(false(), *about))
    return collections.c.id.in_(holders)


# -- items --


def fill(tx: Tx, actor: Actor, found: Sequence[Collection], limit: int) -> list[Filled]:
    """Each with the first items that the actor may see, and the number of all of these."""
    item = collection_items.c
    place = func.row_number().over(partition_by=item.collection_id, order_by=(item.position, item.id)).label("place")
    total = func.count().over(partition_by=item.collection_id).label("total")
    statement = select(collection_items, place, total).where(item.collection_id.in_([one.id for one in found]))
    inner = statement.where(_item_visible_to(actor)).subquery()
    chosen = select(inner).where(inner.c.place <= limit).order_by(inner.c.collection_id, inner.c.place)
    rows = tx.execute(chosen).all()
    targets = _targets(tx, rows)
    items: dict[int, list[Item]] = {}
    totals: dict[int, int] = {}
    for row in rows:
        totals[row.collection_id] = row.total
        one = Item(row.id, row.place - 1, row.note, targets[_reference(row)])
        items.setdefault(row.collection_id, []).append(one)
    return [Filled(one, items.get(one.id, ()), totals.get(one.id, 0)) for one in found]


def item_order(tx: Tx, collection_id: int) -> list[int]:
    """The ids of all items, in order, also of those that not everybody may see."""
    item = collection_items.c
    statement = select(item.id).where(item.collection_id == collection_id).order_by(item.position, item.id)
    return [row.id for row in tx.execute(statement)]


def find_item(tx: Tx, collection_id: int, target: Target) -> int | None:
    item = collection_items.c
    statement = select(item.id).where(item.collection_id == collection_id, column_of(target) == target.id)
    found: int | None = tx.execute(statement).scalar()
    return found


def add_item(tx: Tx, collection_id: int, target: Target, note: str) -> None:
    """At the end."""
    item = collection_items.c
    last = select(func.coalesce(func.max(item.position) + 1, 0)).where(item.collection_id == collection_id)
    values = {"collection_id": collection_id, "note": note, column_of(target).name: target.id}
    tx.execute(insert(collection_items).values(**values, position=last.scalar_subquery()))


def set_note(tx: Tx, item_id: int, note: str) -> None:
    tx.execute(update_rows(collection_items).where(collection_items.c.id == item_id).values(note=note))


def set_order(tx: Tx, order: Sequence[int]) -> None:
    for position, item_id in enumerate(order):
        tx.execute(update_rows(collection_items).where(collection_items.c.id == item_id).values(position=position))


def remove_item(tx: Tx, item_id: int) -> None:
    tx.execute(delete(collection_items).where(collection_items.c.id == item_id))


def column_of(target: Target) -> Column[Any]:
    """Where an item says that it is about this."""
    match target:
        case Repo():
            return collection_items.c.repo_id
        case Bucket():
            return collection_items.c.bucket_id
        case Collection():
            return collection_items.c.child_id


# -- writing --


def insert_collection(tx: Tx, values: Mapping[str, Any]) -> None:
    last = select(func.coalesce(func.max(collections.c.position) + 1, 0))
    position = last.where(collections.c.owner_id == values["owner_id"]).scalar_subquery()
    times = {"created_at": tx.now, "updated_at": tx.now}
    tx.execute(insert(collections).values(**values, **times, position=position))


def update(tx: Tx, collection_id: int, values: Mapping[str, Any]) -> None:
    """With no values, only the time of the last change."""
    statement = update_rows(collections).where(collections.c.id == collection_id)
    tx.execute(statement.values(**values, updated_at=tx.now))


def remove(tx: Tx, collection_id: int) -> None:
    """The row and, by their foreign keys, its items and votes."""
    tx.execute(delete(collections).where(collections.c.id == collection_id))


def has_voted(tx: Tx, collection_id: int, account_id: int) -> bool:
    vote = collection_votes.c
    statement = select(vote.account_id).where(vote.collection_id == collection_id, vote.account_id == account_id)
    return tx.execute(statement).first() is not None


def set_vote(tx: Tx, collection_id: int, account_id: int, voted: bool) -> None:
    vote = collection_votes.c
    tx.execute(delete(collection_votes).where(vote.collection_id == collection_id, vote.account_id == account_id))
    if voted:
        tx.execute(insert(collection_votes).values(collection_id=collection_id, account_id=account_id))
    total = select(func.count()).select_from(collection_votes).where(vote.collection_id == collection_id)
    statement = update_rows(collections).where(collections.c.id == collection_id)
    tx.execute(statement.values(upvotes=total.scalar_subquery()))


def _item_visible_to(actor: Actor) -> ColumnElement[bool]:
    item = collection_items.c
    return or_(
        item.repo_id.in_(select(repos.c.id).where(repo_lists.visible_to(actor))),
        item.bucket_id.in_(select(buckets.c.id).where(bucket_store.visible_to(actor))),
        item.child_id.in_(select(collections.c.id).where(visible_to(actor))),
    )


_Reference = tuple[int | None, int | None, int | None]


def _reference(row: Row[Any]) -> _Reference:
    return row.repo_id, row.bucket_id, row.child_id


def _targets(tx: Tx, rows: Sequence[Row[Any]]) -> dict[_Reference, Target]:
    """What the items are about, in three queries."""
    repo_rows = tx.execute(repo_store.select_repos().where(repos.c.id.in_(_numbers(rows, "repo_id"))))
    bucket_rows = tx.execute(bucket_store.select_buckets().where(buckets.c.id.in_(_numbers(rows, "bucket_id"))))
    child_rows = tx.execute(select_collections().where(collections.c.id.in_(_numbers(rows, "child_id"))))
    found: dict[_Reference, Target] = {(row.id, None, None): repo_store.to_repo(row) for row in repo_rows}
    found |= {(None, row.id, None): bucket_store.to_bucket(row) for row in bucket_rows}
    found |= {(None, None, row.id): to_collection(row) for row in child_rows}
    return found


def _numbers(rows: Sequence[Row[Any]], column: str) -> set[int]:
    return {number for row in rows if (number := row._mapping[column]) is not None}
