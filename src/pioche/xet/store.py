"""The SQL of the content store. A doomed xorb exists for `sweepable` and `revive` only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import Row, and_, delete, exists, func, insert, literal, or_, select, update

from pioche.ports.database import Tx
from pioche.protocols.xet.xorb import ChunkTable
from pioche.xet.tables import (
    dedupe,
    file_xorbs,
    files,
    generation,
    public_repos,
    repo_files,
    xorb_chunks,
    xorbs,
)
from pioche.xet.types import Recipe, XetFile, Xorb

# SQLite allows 32,766 parameters in a statement; small lists keep the statement cache useful.
BATCH = 500
TOUCH_EVERY_MS = 24 * 3600 * 1000
"""How stale `touched_at` may get, so that reading does not mean writing. The sweep's grace adds it."""

_XORB = (xorbs.c.id, xorbs.c.hash, xorbs.c.chunk_count, xorbs.c.raw_size, xorbs.c.disk_size)
_FILE = (files.c.id, files.c.hash, files.c.size, files.c.sha256)


# -- xorbs --


def xorb_by_name(tx: Tx, name: bytes) -> Xorb | None:
    row = tx.execute(select(*_XORB).where(xorbs.c.hash == name, xorbs.c.doomed_at.is_(None))).first()
    return None if row is None else _xorb(row)


def xorbs_by_name(tx: Tx, names: Collection[bytes]) -> dict[bytes, Xorb]:
    found = {}
    for batch in _batches(names):
        query = select(*_XORB).where(xorbs.c.hash.in_(batch), xorbs.c.doomed_at.is_(None))
        found.update({row.hash: _xorb(row) for row in tx.execute(query)})
    return found


def xorbs_by_id(tx: Tx, ids: Collection[int]) -> dict[int, Xorb]:
    found = {}
    for batch in _batches(ids):
        query = select(*_XORB).where(xorbs.c.id.in_(batch), xorbs.c.doomed_at.is_(None))
        found.update({row.id: _xorb(row) for row in tx.execute(query)})
    return found


def add_xorb(tx: Tx, name: bytes, table: ChunkTable) -> int:
    values = {
        "hash": name,
        "chunk_count": len(table),
        "raw_size": table.raw_size,
        "disk_size": table.disk_size,
        "created_at": tx.now,
        "touched_at": tx.now,
        "checked_at": tx.now,
    }
    xorb_id: int = tx.execute(insert(xorbs).values(values).returning(xorbs.c.id)).scalar_one()
    tx.execute(insert(xorb_chunks).values(xorb_id=xorb_id, chunks=table.pack()))
    return xorb_id


def revive(tx: Tx, name: bytes) -> bool:
    """Take a xorb that is uploaded again from the list of the doomed; False if it is not on it."""
    query = update(xorbs).where(xorbs.c.hash == name, xorbs.c.doomed_at.is_not(None))
    return tx.execute(query.values(doomed_at=None, touched_at=tx.now)).rowcount > 0


def chunk_table(tx: Tx, xorb_id: int) -> ChunkTable | None:
    data = tx.execute(select(xorb_chunks.c.chunks).where(xorb_chunks.c.xorb_id == xorb_id)).scalar()
    return None if data is None else ChunkTable.unpack(data)


def stale(tx: Tx, xorb_ids: Collection[int]) -> list[int]:
    """Those not touched for a day."""
    query = select(xorbs.c.id).where(xorbs.c.touched_at < tx.now - TOUCH_EVERY_MS)
    return [row.id for batch in _batches(xorb_ids) for row in tx.execute(query.where(xorbs.c.id.in_(batch)))]


def touch(tx: Tx, xorb_ids: Collection[int]) -> None:
    for batch in _batches(xorb_ids):
        tx.execute(update(xorbs).where(xorbs.c.id.in_(batch)).values(touched_at=tx.now))


# -- files --


def file_by_name(tx: Tx, name: bytes) -> XetFile | None:
    row = tx.execute(select(*_FILE).where(files.c.hash == name)).first()
    return None if row is None else _file(row)


def files_by_name(tx: Tx, names: Collection[bytes]) -> dict[bytes, XetFile]:
    found = {}
    for batch in _batches(names):
        for row in tx.execute(select(*_FILE).where(files.c.hash.in_(batch))):
            found[row.hash] = _file(row)
    return found


def file_by_sha256(tx: Tx, sha256: str) -> XetFile | None:
    row = tx.execute(
        select(*_FILE).where(files.c.sha256 == bytes.fromhex(sha256)).order_by(files.c.id).limit(1)
    ).first()
    return None if row is None else _file(row)


def files_of_repo(tx: Tx, repo_id: int, sha256s: Collection[str]) -> dict[str, XetFile]:
    query = select(*_FILE).join(repo_files, repo_files.c.file_id == files.c.id).where(repo_files.c.repo_id == repo_id)
    found: dict[str, XetFile] = {}
    for batch in _batches([bytes.fromhex(sha256) for sha256 in sha256s]):
        for row in tx.execute(query.where(files.c.sha256.in_(batch)).order_by(files.c.id)):
            found.setdefault(row.sha256.hex(), _file(row))
    return found


def named_files(tx: Tx, repo_id: int) -> list[tuple[XetFile, int]]:
    """Those with a SHA-256, and since when they are known."""
    query = select(*_FILE, files.c.created_at).join(repo_files, repo_files.c.file_id == files.c.id)
    rows = tx.execute(query.where(repo_files.c.repo_id == repo_id, files.c.sha256.is_not(None)))
    return [(_file(row), row.created_at) for row in rows]


def release_named(tx: Tx, repo_id: int, sha256s: Collection[str]) -> None:
    """Every file with one of these SHA-256: other clients may have cut the same bytes otherwise."""
    for batch in _batches([bytes.fromhex(sha256) for sha256 in sha256s]):
        named = select(files.c.id).where(files.c.sha256.in_(batch))
        tx.execute(delete(repo_files).where(repo_files.c.repo_id == repo_id, repo_files.c.file_id.in_(named)))


def file_of_repo(tx: Tx, repo_id: int, name: bytes) -> XetFile | None:
    query = select(*_FILE).join(repo_files, repo_files.c.file_id == files.c.id)
    row = tx.execute(query.where(repo_files.c.repo_id == repo_id, files.c.hash == name)).first()
    return None if row is None else _file(row)


def recipe(tx: Tx, file_id: int) -> Recipe | None:
    data = tx.execute(select(files.c.recipe).where(files.c.id == file_id)).scalar()
    return None if data is None else Recipe.unpack(data)


def add_file(tx: Tx, name: bytes, contents: Recipe, sha256: str | None) -> int:
    values = {
        "hash": name,
        "size": contents.size,
        "sha256": None if sha256 is None else bytes.fromhex(sha256),
        "recipe": contents.pack(),
        "created_at": tx.now,
    }
    file_id: int = tx.execute(insert(files).values(values).returning(files.c.id)).scalar_one()
    used = sorted({piece.xorb_id for piece in contents.pieces})
    tx.execute(insert(file_xorbs), [{"file_id": file_id, "xorb_id": xorb_id} for xorb_id in used])
    return file_id


def set_sha256(tx: Tx, file_id: int, sha256: str) -> None:
    tx.execute(update(files).where(files.c.id == file_id).values(sha256=bytes.fromhex(sha256)))


# -- repositories --


def entitle(tx: Tx, repo_id: int, file_id: int) -> bool:
    """False if the repository had the right already."""
    known = select(repo_files.c.file_id).where(repo_files.c.repo_id == repo_id, repo_files.c.file_id == file_id)
    if tx.execute(known).first() is not None:
        return False
    tx.execute(insert(repo_files).values(repo_id=repo_id, file_id=file_id))
    return True


def held(tx: Tx, repo_id: int, names: Collection[bytes]) -> dict[bytes, XetFile]:
    query = select(*_FILE).join(repo_files, repo_files.c.file_id == files.c.id).where(repo_files.c.repo_id == repo_id)
    found = {}
    for batch in _batches(names):
        found.update({row.hash: _file(row) for row in tx.execute(query.where(files.c.hash.in_(batch)))})
    return found


def held_after(tx: Tx, repo_id: int, file_id: int, limit: int) -> list[XetFile]:
    """In order of their ids."""
    query = select(*_FILE).join(repo_files, repo_files.c.file_id == files.c.id).where(repo_files.c.repo_id == repo_id)
    return [_file(row) for row in tx.execute(query.where(files.c.id > file_id).order_by(files.c.id).limit(limit))]


def release(tx: Tx, repo_id: int, file_ids: Collection[int]) -> None:
    for batch in _batches(file_ids):
        tx.execute(delete(repo_files).where(repo_files.c.repo_id == repo_id, repo_files.c.file_id.in_(batch)))


def share(tx: Tx, from_repo_id: int, to_repo_id: int) -> None:
    mine = select(repo_files.c.file_id).where(repo_files.c.repo_id == to_repo_id)
    theirs = select(literal(to_repo_id), repo_files.c.file_id).where(
        repo_files.c.repo_id == from_repo_id, repo_files.c.file_id.not_in(mine)
    )
    tx.execute(insert(repo_files).from_select(["repo_id", "file_id"], theirs))


def forget_repo(tx: Tx, repo_id: int) -> None:
    tx.execute(delete(repo_files).where(repo_files.c.repo_id == repo_id))
    tx.execute(delete(public_repos).where(public_repos.c.repo_id == repo_id))


def set_public(tx: Tx, repo_id: int, public: bool) -> None:
    tx.execute(delete(public_repos).where(public_repos.c.repo_id == repo_id))
    if public:
        tx.execute(insert(public_repos).values(repo_id=repo_id))


# -- dedupe --


def add_dedupe(tx: Tx, pairs: Iterable[tuple[bytes, int]]) -> None:
    """Chunk hashes that clients may ask for, and the xorbs that hold them."""
    for chunk, xorb_id in sorted(set(pairs)):
        same = and_(dedupe.c.chunk_hash == chunk, dedupe.c.xorb_id == xorb_id)
        if tx.execute(select(dedupe.c.xorb_id).where(same)).first() is None:
            tx.execute(insert(dedupe).values(chunk_hash=chunk, xorb_id=xorb_id))


def xorb_with_chunk(tx: Tx, chunk: bytes) -> int | None:
    """Any xorb with this chunk; for our own packing, which tells nobody."""
    query = (
        select(dedupe.c.xorb_id)
        .join(xorbs, xorbs.c.id == dedupe.c.xorb_id)
        .where(dedupe.c.chunk_hash == chunk, xorbs.c.doomed_at.is_(None))
        .order_by(dedupe.c.xorb_id.desc())
        .limit(1)
    )
    found: int | None = tx.execute(query).scalar()
    return found


def readable_files_with_chunk(tx: Tx, chunk: bytes, repo_id: int, limit: int) -> list[tuple[int, int]]:
    """`(xorb id, file id)`, newest file first: where the chunk is, in files of this repository or of public ones."""
    readable = exists().where(
        repo_files.c.file_id == file_xorbs.c.file_id,
        or_(repo_files.c.repo_id == repo_id, repo_files.c.repo_id.in_(select(public_repos.c.repo_id))),
    )
    query = (
        select(dedupe.c.xorb_id, file_xorbs.c.file_id)
        .join(file_xorbs, file_xorbs.c.xorb_id == dedupe.c.xorb_id)
        .join(xorbs, xorbs.c.id == dedupe.c.xorb_id)
        .where(dedupe.c.chunk_hash == chunk, xorbs.c.doomed_at.is_(None), readable)
        .order_by(file_xorbs.c.file_id.desc())
        .limit(limit)
    )
    return [(row.xorb_id, row.file_id) for row in tx.execute(query)]


# -- garbage --


def delete_orphaned_files(tx: Tx) -> int:
    """Files that no repository has a right to."""
    wanted = exists().where(repo_files.c.file_id == files.c.id)
    return tx.execute(delete(files).where(~wanted)).rowcount


def doom_unused_xorbs(tx: Tx, touched_before: int, now: int) -> int:
    query = update(xorbs).where(xorbs.c.doomed_at.is_(None), xorbs.c.touched_at < touched_before, _unused())
    return tx.execute(query.values(doomed_at=now)).rowcount


def sweepable(tx: Tx, doomed_before: int) -> list[Xorb]:
    query = select(*_XORB).where(xorbs.c.doomed_at < doomed_before, _unused())
    return [_xorb(row) for row in tx.execute(query)]


def delete_doomed_xorb(tx: Tx, xorb_id: int) -> bool:
    """False if it was revived in the meantime."""
    query = delete(xorbs).where(xorbs.c.id == xorb_id, xorbs.c.doomed_at.is_not(None), _unused())
    return tx.execute(query).rowcount > 0


# -- checking again --


def stored_bytes(tx: Tx) -> int:
    return int(tx.execute(select(func.coalesce(func.sum(xorbs.c.disk_size), 0))).scalar_one())


def longest_unchecked(tx: Tx, limit: int) -> list[Xorb]:
    query = select(*_XORB).where(xorbs.c.doomed_at.is_(None)).order_by(xorbs.c.checked_at, xorbs.c.id).limit(limit)
    return [_xorb(row) for row in tx.execute(query)]


def xorbs_after(tx: Tx, xorb_id: int, limit: int) -> list[Xorb]:
    """In order of their ids."""
    query = select(*_XORB).where(xorbs.c.doomed_at.is_(None), xorbs.c.id > xorb_id).order_by(xorbs.c.id).limit(limit)
    return [_xorb(row) for row in tx.execute(query)]


def set_checked(tx: Tx, xorb_id: int, fault: str) -> bool:
    """False if the xorb is gone. An empty `fault` takes an earlier one back."""
    query = update(xorbs).where(xorbs.c.id == xorb_id, xorbs.c.doomed_at.is_(None))
    return tx.execute(query.values(checked_at=tx.now, fault=fault or None)).rowcount > 0


def faulty_xorbs(tx: Tx) -> list[tuple[Xorb, str]]:
    query = select(*_XORB, xorbs.c.fault).where(xorbs.c.fault.is_not(None), xorbs.c.doomed_at.is_(None))
    return [(_xorb(row), row.fault) for row in tx.execute(query)]


def repos_with_xorb(tx: Tx, xorb_id: int) -> list[int]:
    """Those with a right to a file that is made of it."""
    query = (
        select(repo_files.c.repo_id)
        .join(file_xorbs, file_xorbs.c.file_id == repo_files.c.file_id)
        .where(file_xorbs.c.xorb_id == xorb_id)
        .distinct()
        .order_by(repo_files.c.repo_id)
    )
    return [row.repo_id for row in tx.execute(query)]


def generation_number(tx: Tx) -> int:
    return tx.execute(select(generation.c.number)).scalar() or 1


def raise_generation(tx: Tx) -> None:
    number = generation_number(tx)
    tx.execute(delete(generation))
    tx.execute(insert(generation).values(id=1, number=number + 1))


def _xorb(row: Row[Any]) -> Xorb:
    return Xorb(row.id, row.hash, row.chunk_count, row.raw_size, row.disk_size)


def _file(row: Row[Any]) -> XetFile:
    return XetFile(row.id, row.hash, row.size, None if row.sha256 is None else row.sha256.hex())


def _unused() -> Any:
    return ~exists().where(file_xorbs.c.xorb_id == xorbs.c.id)


def _batches(values: Collection[Any]) -> Iterator[list[Any]]:
    whole = list(values)
    for at in range(0, len(whole), BATCH):
        yield whole[at : at + BATCH]
