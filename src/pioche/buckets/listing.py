"""The SQL of the files of buckets. Paths are compared byte by byte, so one index gives every listing in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from pioche.buckets.tables import bucket_files, bucket_leftovers, buckets
from pioche.buckets.types import Entry, Folder, Listing, StoredFile
from pioche.ports.database import Tx

BATCH = 500
"""Parameters of one statement; SQLite allows 32,766."""
_FIRST_LOOK = 16
_NEXT = "\x01"
"""Less than every character of a path, and so between a path and what comes after it."""
_LAST = "\U0010ffff"


def file(tx: Tx, number: int, path: str) -> StoredFile | None:
    return files(tx, number, [path]).get(path)


def files(tx: Tx, number: int, paths: Collection[str]) -> dict[str, StoredFile]:
    """Those of `paths` that are there."""
    statement = select(bucket_files).where(bucket_files.c.bucket_id == number)
    found = {}
    for batch in _batches(paths):
        for row in tx.execute(statement.where(bucket_files.c.path.in_(batch))):
            found[row.path] = _file(row)
    return found


def below(tx: Tx, number: int, prefix: str, start: str, limit: int) -> list[StoredFile]:
    """Files whose path begins with `prefix`, letter by letter, from `start` on."""
    path = bucket_files.c.path
    statement = select(bucket_files).where(
        bucket_files.c.bucket_id == number, path >= max(prefix, start), path < prefix + _LAST
    )
    return [_file(row) for row in tx.execute(statement.order_by(path).limit(limit))]


def page(tx: Tx, number: int, prefix: str, start: str, limit: int) -> Listing:
    """Every file below `prefix`."""
    found = below(tx, number, prefix, start, limit + 1)
    return Listing(found[:limit], found[limit].path if len(found) > limit else None)


def folder_page(tx: Tx, number: int, prefix: str, start: str, limit: int) -> Listing:
    """Files and folders, where a folder stands for all that is in it.

    `prefix` is compared letter by letter: `logs` fits `logs.json`, the folder `logs_old`, and what is in `logs/`.
    Folders are stepped over, so a page costs as much as it has entries.
    """
    entries: list[Entry] = []
    look = _FIRST_LOOK
    while len(entries) <= limit:
        found = below(tx, number, prefix, start, look)
        for one in found:
            cut = one.path.find("/", len(prefix) + 1)
            if cut >= 0:
                # "0" is the character after "/".
                entries.append(Folder(one.path[:cut]))
                start, look = one.path[:cut] + "0", _FIRST_LOOK
                break
            entries.append(one)
            start = one.path + _NEXT
        else:
            if len(found) < look:
                return _cut(entries, limit)
            look = min(2 * look, 2 * limit)
    return _cut(entries, limit)


def listed(tx: Tx, number: int, names: Collection[bytes]) -> set[bytes]:
    """Those of these hashes that a file of the bucket has."""
    statement = select(bucket_files.c.hash).distinct().where(bucket_files.c.bucket_id == number)
    return {
        row.hash for batch in _batches(names) for row in tx.execute(statement.where(bucket_files.c.hash.in_(batch)))
    }


# -- writing --


def write(tx: Tx, number: int, gone: Collection[str], put: Iterable[StoredFile]) -> None:
    """`gone`: paths that are deleted or written anew."""
    for batch in _batches(gone):
        tx.execute(delete(bucket_files).where(bucket_files.c.bucket_id == number, bucket_files.c.path.in_(batch)))
    rows = [
        {
            "bucket_id": number,
            "path": one.path,
            "hash": one.name,
            "size": one.size,
            "mtime": one.mtime,
            "uploaded_at": one.uploaded_at,
        }
        for one in put
    ]
    if rows:
        tx.execute(insert(bucket_files), rows)


def add_up(tx: Tx, number: int, size: int, files: int) -> None:
    """The bucket changed, and has so many more bytes and files."""
    values = {"size": buckets.c.size + size, "total_files": buckets.c.total_files + files, "updated_at": tx.now}
    tx.execute(update(buckets).where(buckets.c.id == number).values(values))


# -- leftovers --


def leftovers(tx: Tx, number: int) -> dict[bytes, int]:
    """Hash -> when it was first seen that nothing lists it."""
    statement = select(bucket_leftovers).where(bucket_leftovers.c.bucket_id == number)
    return {row.hash: row.seen_at for row in tx.execute(statement)}


def add_leftovers(tx: Tx, number: int, names: Iterable[bytes]) -> None:
    rows = [{"bucket_id": number, "hash": name, "seen_at": tx.now} for name in names]
    if rows:
        tx.execute(insert(bucket_leftovers), rows)


def drop_leftovers(tx: Tx, number: int, names: Collection[bytes]) -> None:
    row = bucket_leftovers.c
    for batch in _batches(names):
        tx.execute(delete(bucket_leftovers).where(row.bucket_id == number, row.hash.in_(batch)))


def _cut(entries: Sequence[Entry], limit: int) -> Listing:
    if len(entries) <= limit:
        return Listing(entries, None)
    first = entries[limit]
    # What is in the folder `a` comes after the file `a.txt`.
    return Listing(entries[:limit], first.path + "/" if isinstance(first, Folder) else first.path)


def _file(row: Row[Any]) -> StoredFile:
    return StoredFile(row.path, row.hash, row.size, row.mtime, row.uploaded_at)


def _batches(values: Collection[Any]) -> Iterator[list[Any]]:
    whole = list(values)
    for at in range(0, len(whole), BATCH):
        yield whole[at : at + BATCH]
