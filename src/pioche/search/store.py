"""The SQL of the index."""

from __future__ import annotations

import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

import msgspec
from pyroaring import BitMap
from sqlalchemy import Table, and_, bindparam, delete, func, insert, or_, select, update

from pioche.ports.database import Tx
from pioche.search.tables import changes, documents, postings, state, steps
from pioche.search.terms import Document

BLOCK_BITS = 16
KEPT_CHANGES = 20_000
"""Versions whose terms are remembered, about."""
MANY = 400
"""Values in one IN, rows in one page of steps."""
MOST_VALUES = 500

Key = tuple[int, int]
"""(term, block)."""
StepKey = tuple[int, int, int]
"""(list, step, block)."""
_Item = TypeVar("_Item")
_POSTING = select(postings.c.ids).where(
    postings.c.block.in_(bindparam("blocks", expanding=True)), postings.c.term == bindparam("term")
)
_documents = msgspec.msgpack.Decoder(Document)
_numbers = msgspec.msgpack.Decoder(tuple[int, ...])


@dataclass(frozen=True, slots=True)
class State:
    version: int
    total: int
    ready: bool
    floor: int


@dataclass(frozen=True, slots=True)
class Indexed:
    document: Document
    steps: tuple[int, ...]


@dataclass(slots=True)
class Change:
    """Ids that terms and steps gain and lose."""

    terms: dict[Key, tuple[list[int], list[int]]] = field(default_factory=lambda: defaultdict(lambda: ([], [])))
    steps: dict[StepKey, tuple[list[int], list[int]]] = field(default_factory=lambda: defaultdict(lambda: ([], [])))

    def note(self, repo_id: int, old: Iterable[int], new: Iterable[int]) -> None:
        """Terms of a repository before and after."""
        block = repo_id >> BLOCK_BITS
        before, after = set(old), set(new)
        for term in after - before:
            self.terms[term, block][0].append(repo_id)
        for term in before - after:
            self.terms[term, block][1].append(repo_id)

    def note_steps(self, repo_id: int, old: Iterable[Key], new: Iterable[Key]) -> None:
        """(list, step) before and after."""
        block = repo_id >> BLOCK_BITS
        before, after = set(old), set(new)
        for key in after - before:
            self.steps[*key, block][0].append(repo_id)
        for key in before - after:
            self.steps[*key, block][1].append(repo_id)


# -- state --


def read_state(tx: Tx) -> State:
    row = tx.execute(select(state)).first()
    if row is None:
        return State(0, 0, False, 0)
    return State(row.version, row.total, bool(row.ready), row.floor)


def changed_since(tx: Tx, version: int) -> list[int]:
    return [row.term for row in tx.execute(select(changes.c.term).where(changes.c.version > version).distinct())]


def set_ready(tx: Tx, ready: bool) -> None:
    """Whoever kept something in memory drops it."""
    now = read_state(tx)
    tx.execute(delete(changes))
    total = tx.execute(select(func.count()).select_from(documents)).scalar_one()
    values = {"version": now.version + 1, "total": total, "ready": ready, "floor": now.version + 1}
    if not tx.execute(update(state).values(values)).rowcount:
        tx.execute(insert(state).values(id=1, **values))


def count_change(tx: Tx, more: int, terms: Iterable[int]) -> None:
    """A new version, in which these terms changed."""
    now = read_state(tx)
    version, floor = now.version + 1, now.floor
    if version - floor > KEPT_CHANGES:
        floor = version - KEPT_CHANGES // 2
        tx.execute(delete(changes).where(changes.c.version <= floor))
    tx.execute(update(state).values(version=version, floor=floor, total=now.total + more))
    if rows := [{"version": version, "term": term} for term in sorted(set(terms))]:
        tx.execute(insert(changes), rows)


# -- documents --


def indexed(tx: Tx, repo_ids: Sequence[int]) -> dict[int, Indexed]:
    found = {}
    for some in batched(repo_ids, MOST_VALUES):
        for row in tx.execute(select(documents).where(documents.c.repo_id.in_(some))):
            document = _documents.decode(zlib.decompress(row.document))
            found[int(row.repo_id)] = Indexed(document, _numbers.decode(row.steps))
    return found


def last_indexed(tx: Tx) -> int:
    """The highest id that was indexed; -1 without any."""
    last = tx.execute(select(func.max(documents.c.repo_id))).scalar()
    return -1 if last is None else int(last)


def indexed_ids(tx: Tx, first: int, end: int) -> set[int]:
    query = select(documents.c.repo_id).where(documents.c.repo_id >= first, documents.c.repo_id < end)
    return {row.repo_id for row in tx.execute(query)}


def put_documents(tx: Tx, found: Mapping[int, Indexed]) -> None:
    """Those that are there already must have been removed."""
    rows = [
        {
            "repo_id": repo_id,
            "document": zlib.compress(msgspec.msgpack.encode(one.document)),
            "steps": msgspec.msgpack.encode(one.steps),
        }
        for repo_id, one in found.items()
    ]
    if rows:
        tx.execute(insert(documents), rows)


def drop_range(tx: Tx, first: int, end: int) -> None:
    tx.execute(delete(documents).where(documents.c.repo_id >= first, documents.c.repo_id < end))


def drop_documents(tx: Tx, repo_ids: Sequence[int]) -> None:
    for some in batched(repo_ids, MOST_VALUES):
        tx.execute(delete(documents).where(documents.c.repo_id.in_(some)))


# -- sets of ids --


def count_blocks(tx: Tx) -> int:
    last = tx.execute(select(func.max(postings.c.block))).scalar()
    return 0 if last is None else int(last) + 1


def posting(tx: Tx, term: int, blocks: int) -> tuple[BitMap, int]:
    """Every repository with a term, and the bytes that it took."""
    rows = [
        row
        for start in range(0, blocks, MOST_VALUES)
        for row in tx.execute(_POSTING, {"term": term, "blocks": range(start, min(blocks, start + MOST_VALUES))})
        .scalars()
        .all()
    ]
    return _union(rows), sum(map(len, rows))


def steps_below(tx: Tx, of: int, last: tuple[int, int] | None, first: int | None) -> list[tuple[int, int, BitMap]]:
    """Some (step, block, ids) of a list, the highest first: those after `last`; from the step `first` on."""
    query = select(steps.c.step, steps.c.block, steps.c.ids).where(steps.c.list == of)
    if first is not None:
        query = query.where(steps.c.step <= first)
    if last is not None:
        step, block = last
        query = query.where(or_(steps.c.step < step, and_(steps.c.step == step, steps.c.block > block)))
    rows = tx.execute(query.order_by(steps.c.step.desc(), steps.c.block).limit(MANY))
    return [(row.step, row.block, BitMap.deserialize(row.ids)) for row in rows]


def apply(tx: Tx, change: Change) -> None:
    """Rows that end up empty go."""
    _apply(tx, postings, ("term", "block"), change.terms)
    _apply(tx, steps, ("list", "step", "block"), change.steps)


def put_rows(tx: Tx, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(insert(table), list(rows))


def clear_block(tx: Tx, block: int) -> None:
    for table in (postings, steps):
        tx.execute(delete(table).where(table.c.block == block))


def clear(tx: Tx) -> None:
    for table in (postings, steps, documents):
        tx.execute(delete(table))


def bitmap_of(ids: array[int]) -> bytes:
    return bytes(BitMap(ids).serialize())


def _apply(tx: Tx, table: Table, names: tuple[str, ...], wanted: Mapping[Any, tuple[list[int], list[int]]]) -> None:
    columns = [table.c[name] for name in names]
    here = and_(*(column == bindparam(f"b_{column.name}") for column in columns))
    for some in batched(sorted(wanted), MANY):
        before = _read(tx, table, names, some)
        new, changed, gone = [], [], []
        for key in some:
            added, removed = wanted[key]
            ids = before.get(key, BitMap())
            had = len(ids) > 0
            ids |= BitMap(added)
            ids -= BitMap(removed)
            values = {f"b_{name}": value for name, value in zip(names, key, strict=True)}
            if not ids:
                gone += [values] if had else []
            elif had:
                changed.append({**values, "v_ids": bytes(ids.serialize())})
            else:
                new.append({**dict(zip(names, key, strict=True)), "ids": bytes(ids.serialize())})
        if new:
            tx.execute(insert(table), new)
        if changed:
            tx.execute(update(table).where(here).values(ids=bindparam("v_ids")), changed)
        if gone:
            tx.execute(delete(table).where(here), gone)


def _read(tx: Tx, table: Table, names: tuple[str, ...], keys: Sequence[Any]) -> dict[Any, BitMap]:
    """Keys of one block are read at once."""
    found = {}
    by_block = defaultdict(list)
    for key in keys:
        by_block[key[-1]].append(key)
    first = table.c[names[0]]
    for block, some in by_block.items():
        wanted = set(some)
        query = select(table).where(first.in_({key[0] for key in some}), table.c.block == block)
        if "step" in names:
            query = query.where(table.c.step.in_({key[1] for key in some}))
        for row in tx.execute(query):
            key = tuple(row._mapping[name] for name in names)
            if key in wanted:
                found[key] = BitMap.deserialize(row.ids)
    return found


def _union(rows: Sequence[bytes]) -> BitMap:
    if not rows:
        return BitMap()
    return BitMap.union(*[BitMap.deserialize(row) for row in rows])


def batched(items: Iterable[_Item], size: int) -> Iterator[tuple[_Item, ...]]:
    """In pieces of at most so many."""
    left = iter(items)
    while piece := tuple(islice(left, size)):
        yield piece
