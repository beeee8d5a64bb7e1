"""The SQL of buckets as a whole: finding, listing, writing rows. Their files are in `listing.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, insert, select, tuple_, update

from pioche.accounts.access import readable
from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.buckets.tables import bucket_changes, bucket_redirects, buckets
from pioche.buckets.types import Bucket, BucketId, Change
from pioche.ports.database import Tx


def select_buckets() -> Select[Any]:
    """Rows that `to_bucket` understands."""
    return select(buckets, accounts.c.name.label("namespace")).join(accounts, accounts.c.id == buckets.c.owner_id)


def to_bucket(row: Row[Any]) -> Bucket:
    return Bucket(
        id=row.id,
        bucket_id=BucketId(row.namespace, row.name),
        owner_id=row.owner_id,
        private=row.private,
        created_by=row.created_by,
        group_id=row.group_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        size=row.size,
        total_files=row.total_files,
        log_start=(row.log_start_id, row.log_start_at),
    )


def find(tx: Tx, bucket_id: BucketId) -> Bucket | None:
    """By its present name, compared without case."""
    statement = select_buckets().where(
        accounts.c.name_lower == bucket_id.namespace.lower(), buckets.c.name_lower == bucket_id.name.lower()
    )
    row = tx.execute(statement).first()
    return None if row is None else to_bucket(row)


def find_moved(tx: Tx, bucket_id: BucketId) -> Bucket | None:
    """By a name that it had."""
    statement = (
        select_buckets()
        .join(bucket_redirects, bucket_redirects.c.bucket_id == buckets.c.id)
        .where(_is_called(bucket_id))
    )
    row = tx.execute(statement).first()
    return None if row is None else to_bucket(row)


def get(tx: Tx, number: int) -> Bucket | None:
    row = tx.execute(select_buckets().where(buckets.c.id == number)).first()
    return None if row is None else to_bucket(row)


def numbers(tx: Tx) -> list[int]:
    return [row.id for row in tx.execute(select(buckets.c.id).order_by(buckets.c.id))]


def find_owner_id(tx: Tx, name: str) -> int | None:
    found: int | None = tx.execute(select(accounts.c.id).where(accounts.c.name_lower == name.lower())).scalar()
    return found


# -- lists --


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """What the actor may read."""
    return readable(actor, buckets, buckets.c.id)


def page(
    tx: Tx, actor: Actor, owner_id: int | None, search: str, last: tuple[float, int] | None, limit: int
) -> list[Bucket]:
    """Most recently changed first, those after `last` (time of change and id)."""
    statement = _narrowed(select_buckets(), actor, owner_id, search)
    if last is not None:
        statement = statement.where(tuple_(buckets.c.updated_at, buckets.c.id) < tuple_(*last))
    statement = statement.order_by(buckets.c.updated_at.desc(), buckets.c.id.desc()).limit(limit)
    return [to_bucket(row) for row in tx.execute(statement)]


def in_groups(tx: Tx, actor: Actor, group_ids: Sequence[int], limit: int) -> list[Bucket]:
    query = select_buckets().where(buckets.c.group_id.in_(group_ids), visible_to(actor))
    return [to_bucket(row) for row in tx.execute(query.order_by(buckets.c.name_lower, buckets.c.id).limit(limit))]


def count(tx: Tx, actor: Actor, owner_id: int | None, search: str) -> int:
    statement = select(func.count()).select_from(buckets.join(accounts, accounts.c.id == buckets.c.owner_id))
    return int(tx.execute(_narrowed(statement, actor, owner_id, search)).scalar_one())


# -- writing --


def insert_bucket(tx: Tx, number: int, owner_id: int, bucket_id: BucketId, private: bool, made_by: int | None) -> None:
    """The row; a bucket that had its name before no longer redirects from it."""
    name = bucket_id.name
    values = {"id": number, "owner_id": owner_id, "name": name, "name_lower": name.lower(), "private": private}
    tx.execute(insert(buckets).values(**values, created_by=made_by, created_at=tx.now, updated_at=tx.now))
    drop_redirect(tx, bucket_id)


def rename(tx: Tx, bucket: Bucket, owner_id: int, target: BucketId) -> None:
    """Another name or owner; the old name leads here from now on."""
    old = bucket.bucket_id
    drop_redirect(tx, target)
    drop_redirect(tx, old)
    values = {"owner_id": owner_id, "name": target.name, "name_lower": target.name.lower()}
    if owner_id != bucket.owner_id:
        values["group_id"] = None
    tx.execute(update(buckets).where(buckets.c.id == bucket.id).values(values))
    if old.full.lower() != target.full.lower():
        names = {"namespace_lower": old.namespace.lower(), "name_lower": old.name.lower()}
        tx.execute(insert(bucket_redirects).values(bucket_id=bucket.id, **names))


def set_private(tx: Tx, number: int, private: bool) -> None:
    tx.execute(update(buckets).where(buckets.c.id == number).values(private=private))


def set_group(tx: Tx, number: int, group_id: int | None) -> None:
    tx.execute(update(buckets).where(buckets.c.id == number).values(group_id=group_id))


def remove(tx: Tx, number: int) -> None:
    """The row and, by their foreign keys, everything that belongs to it."""
    tx.execute(delete(buckets).where(buckets.c.id == number))


def drop_redirect(tx: Tx, bucket_id: BucketId) -> None:
    tx.execute(delete(bucket_redirects).where(_is_called(bucket_id)))


# -- changes --


def add_changes(tx: Tx, number: int, changes: Iterable[dict[str, Any]]) -> None:
    rows = [{"bucket_id": number, "at": tx.now, **change} for change in changes]
    if rows:
        tx.execute(insert(bucket_changes), rows)


def last_change(tx: Tx) -> int:
    """The id of the newest change of any bucket; 0 if the log is empty."""
    return int(tx.execute(select(func.coalesce(func.max(bucket_changes.c.id), 0))).scalar_one())


def changes_after(tx: Tx, number: int, last: int, since: int, limit: int) -> list[Change]:
    """In order, those with a greater id than `last` that happened at `since` or later."""
    row = bucket_changes.c
    statement = select(bucket_changes).where(row.bucket_id == number, row.id > last, row.at >= since)
    return [_change(found) for found in tx.execute(statement.order_by(row.id).limit(limit))]


def forget_changes(tx: Tx, before: int) -> None:
    """Those that happened before a time go; each bucket remembers where its log starts."""
    row = bucket_changes.c
    statement = select(row.bucket_id, func.max(row.id).label("id"), func.max(row.at).label("at"))
    for found in tx.execute(statement.where(row.at < before).group_by(row.bucket_id)).all():
        start = {"log_start_id": found.id, "log_start_at": found.at}
        tx.execute(update(buckets).where(buckets.c.id == found.bucket_id).values(start))
    tx.execute(delete(bucket_changes).where(row.at < before))


def _change(row: Row[Any]) -> Change:
    return Change(row.id, row.kind, row.path, row.hash, row.size, row.mtime, row.at)


def _is_called(bucket_id: BucketId) -> ColumnElement[bool]:
    return and_(
        bucket_redirects.c.namespace_lower == bucket_id.namespace.lower(),
        bucket_redirects.c.name_lower == bucket_id.name.lower(),
    )


def _narrowed(statement: Select[Any], actor: Actor, owner_id: int | None, search: str) -> Select[Any]:
    statement = statement.where(visible_to(actor))
    if owner_id is not None:
        statement = statement.where(buckets.c.owner_id == owner_id)
    for word in search.lower().split():
        name = accounts.c.name_lower + "/" + buckets.c.name_lower
        statement = statement.where(name.contains(word, autoescape=True))
    return statement
