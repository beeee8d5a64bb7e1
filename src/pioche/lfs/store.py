"""The SQL of large files and of their locks."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, insert, literal, select, update

from pioche.accounts.tables import accounts
from pioche.lfs.tables import given_up_files, large_files, lfs_locks, repo_large_files
from pioche.lfs.types import Holding, LargeFile, Lock
from pioche.ports.database import Tx

BATCH = 500

_FILE = (large_files.c.sha256, large_files.c.size, large_files.c.created_at)


# -- files --


def get(tx: Tx, sha256: str) -> LargeFile | None:
    row = tx.execute(select(*_FILE).where(large_files.c.sha256 == sha256)).first()
    return None if row is None else _file(row)


def get_many(tx: Tx, sha256s: Collection[str]) -> dict[str, LargeFile]:
    found = {}
    for batch in _batches(sha256s):
        for row in tx.execute(select(*_FILE).where(large_files.c.sha256.in_(batch))):
            found[row.sha256] = _file(row)
    return found


def add(tx: Tx, sha256: str, size: int) -> LargeFile:
    """The file, made if it was not there."""
    known = get(tx, sha256)
    if known is not None:
        return known
    row = {"sha256": sha256, "size": size, "created_at": tx.now, "touched_at": tx.now, "checked_at": tx.now}
    tx.execute(insert(large_files).values(row))
    return LargeFile(sha256, size, tx.now)


def remove(tx: Tx, sha256: str) -> None:
    """The file and every right to it."""
    tx.execute(delete(repo_large_files).where(repo_large_files.c.sha256 == sha256))
    tx.execute(delete(large_files).where(large_files.c.sha256 == sha256))


def unheld(tx: Tx, before: int, sha256: str = "") -> list[LargeFile]:
    """Files (or this one) that no repository has a right to, and none had since `before` (Unix milliseconds)."""
    held = exists().where(repo_large_files.c.sha256 == large_files.c.sha256)
    query = select(*_FILE).where(large_files.c.touched_at <= before, ~held).order_by(large_files.c.touched_at)
    if sha256:
        query = query.where(large_files.c.sha256 == sha256)
    return [_file(row) for row in tx.execute(query)]


# -- checking again --


def stored_bytes(tx: Tx) -> int:
    return int(tx.execute(select(func.coalesce(func.sum(large_files.c.size), 0))).scalar_one())


def longest_unchecked(tx: Tx, limit: int) -> list[LargeFile]:
    query = select(*_FILE).order_by(large_files.c.checked_at, large_files.c.sha256).limit(limit)
    return [_file(row) for row in tx.execute(query)]


def files_after(tx: Tx, sha256: str, limit: int) -> list[LargeFile]:
    """In order of their digests."""
    query = select(*_FILE).where(large_files.c.sha256 > sha256).order_by(large_files.c.sha256).limit(limit)
    return [_file(row) for row in tx.execute(query)]


def set_checked(tx: Tx, sha256: str, fault: str) -> bool:
    """False if the file is gone. An empty `fault` takes an earlier one back."""
    query = update(large_files).where(large_files.c.sha256 == sha256)
    return tx.execute(query.values(checked_at=tx.now, fault=fault or None)).rowcount > 0


def faulty(tx: Tx) -> list[tuple[LargeFile, str]]:
    query = select(*_FILE, large_files.c.fault).where(large_files.c.fault.is_not(None))
    return [(_file(row), row.fault) for row in tx.execute(query)]


# -- who holds them --


def held(tx: Tx, repo_id: int, sha256s: Collection[str]) -> set[str]:
    """Those of `sha256s` that the repository has a right to."""
    query = select(repo_large_files.c.sha256).where(repo_large_files.c.repo_id == repo_id)
    return {
        row.sha256
        for batch in _batches(sha256s)
        for row in tx.execute(query.where(repo_large_files.c.sha256.in_(batch)))
    }


def hold(tx: Tx, repo_id: int, sha256: str) -> None:
    if sha256 not in held(tx, repo_id, [sha256]):
        tx.execute(insert(repo_large_files).values(repo_id=repo_id, sha256=sha256, created_at=tx.now))
    _touch(tx, [sha256])


def holders(tx: Tx, sha256: str) -> list[int]:
    query = select(repo_large_files.c.repo_id).where(repo_large_files.c.sha256 == sha256)
    return [row.repo_id for row in tx.execute(query)]


def holdings(tx: Tx, repo_id: int) -> list[Holding]:
    query = select(repo_large_files.c.sha256, large_files.c.size, repo_large_files.c.created_at).join(
        large_files, large_files.c.sha256 == repo_large_files.c.sha256
    )
    rows = tx.execute(query.where(repo_large_files.c.repo_id == repo_id))
    return [Holding(row.sha256, row.size, None, row.created_at) for row in rows]


def give_up(tx: Tx, repo_id: int, sha256s: Collection[str]) -> None:
    for batch in _batches(sha256s):
        here = (repo_large_files.c.repo_id == repo_id, repo_large_files.c.sha256.in_(batch))
        tx.execute(delete(repo_large_files).where(*here))
    known = given_up(tx, repo_id, sha256s)
    rows = [{"repo_id": repo_id, "sha256": sha256, "at": tx.now} for sha256 in sha256s if sha256 not in known]
    if rows:
        tx.execute(insert(given_up_files), rows)
    _touch(tx, sha256s)


def given_up(tx: Tx, repo_id: int, sha256s: Collection[str]) -> set[str]:
    row = given_up_files.c
    query = select(row.sha256).where(row.repo_id == repo_id)
    return {one.sha256 for batch in _batches(sha256s) for one in tx.execute(query.where(row.sha256.in_(batch)))}


def copy_holdings(tx: Tx, source_repo_id: int, target_repo_id: int) -> None:
    mine = select(repo_large_files.c.sha256).where(repo_large_files.c.repo_id == target_repo_id)
    theirs = select(literal(target_repo_id), repo_large_files.c.sha256, literal(tx.now)).where(
        repo_large_files.c.repo_id == source_repo_id, repo_large_files.c.sha256.not_in(mine)
    )
    tx.execute(insert(repo_large_files).from_select(["repo_id", "sha256", "created_at"], theirs))
    row = given_up_files.c
    gone = select(literal(target_repo_id), row.sha256, row.at).where(row.repo_id == source_repo_id)
    tx.execute(insert(given_up_files).from_select(["repo_id", "sha256", "at"], gone))


def drop_holdings(tx: Tx, repo_id: int) -> None:
    mine = select(repo_large_files.c.sha256).where(repo_large_files.c.repo_id == repo_id)
    tx.execute(update(large_files).where(large_files.c.sha256.in_(mine)).values(touched_at=tx.now))
    tx.execute(delete(repo_large_files).where(repo_large_files.c.repo_id == repo_id))
    tx.execute(delete(given_up_files).where(given_up_files.c.repo_id == repo_id))


# -- locks --


def locks(tx: Tx, repo_id: int, after: int, limit: int) -> list[Lock]:
    """In order of their ids, those after `after`."""
    query = _locks_of(repo_id).where(lfs_locks.c.id > after).order_by(lfs_locks.c.id).limit(limit)
    return [_lock(row) for row in tx.execute(query)]


def lock_at(tx: Tx, repo_id: int, path: str) -> Lock | None:
    row = tx.execute(_locks_of(repo_id).where(lfs_locks.c.path == path)).first()
    return None if row is None else _lock(row)


def lock_by_id(tx: Tx, repo_id: int, lock_id: int) -> Lock | None:
    row = tx.execute(_locks_of(repo_id).where(lfs_locks.c.id == lock_id)).first()
    return None if row is None else _lock(row)


def add_lock(tx: Tx, repo_id: int, path: str, owner_id: int) -> Lock:
    row = {"repo_id": repo_id, "path": path, "owner_id": owner_id, "created_at": tx.now}
    lock_id = tx.execute(insert(lfs_locks).values(row).returning(lfs_locks.c.id)).scalar_one()
    return _lock(tx.execute(_locks_of(repo_id).where(lfs_locks.c.id == lock_id)).one())


def remove_lock(tx: Tx, lock_id: int) -> None:
    tx.execute(delete(lfs_locks).where(lfs_locks.c.id == lock_id))


def remove_locks(tx: Tx, repo_id: int) -> None:
    tx.execute(delete(lfs_locks).where(lfs_locks.c.repo_id == repo_id))


def _locks_of(repo_id: int) -> Select[Any]:
    columns = (lfs_locks.c.id, lfs_locks.c.path, lfs_locks.c.owner_id, accounts.c.name, lfs_locks.c.created_at)
    joined = select(*columns).join(accounts, accounts.c.id == lfs_locks.c.owner_id)
    return joined.where(lfs_locks.c.repo_id == repo_id)


def _lock(row: Row[Any]) -> Lock:
    return Lock(row.id, row.path, row.owner_id, row.name, row.created_at)


def _touch(tx: Tx, sha256s: Collection[str]) -> None:
    tx.execute(update(large_files).where(large_files.c.sha256.in_(sha256s)).values(touched_at=tx.now))


def _file(row: Row[Any]) -> LargeFile:
    return LargeFile(row.sha256, row.size, row.created_at)


def _batches(values: Collection[str]) -> Iterator[list[str]]:
    whole = list(values)
    for at in range(0, len(whole), BATCH):
        yield whole[at : at + BATCH]
