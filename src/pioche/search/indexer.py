"""`Indexer`: the writing side. A repository after each change, or all of them from the beginning."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy
from sqlalchemy import Table

from pioche.ports.database import Database
from pioche.queue.service import Queue
from pioche.repos.types import SORTS
from pioche.search import source, store
from pioche.search.order import list_of
from pioche.search.store import BLOCK_BITS, Change, Indexed
from pioche.search.tables import postings, steps
from pioche.search.terms import terms

BLOCK = 1 << BLOCK_BITS
LATER_MS = 5_000
"""While the index is being made, changes wait."""
SWEEP = 2_000
LINES = 20_000
"""Rows of one transaction."""
Row = sqlalchemy.Row[Any]
Values = Mapping[str, Any]


class Indexer:
    """`text_of` reads what the card of a row says."""

    def __init__(self, database: Database, text_of: Callable[[Row], str], queue: Queue) -> None:
        self._database = database
        self._text_of = text_of
        self._queue = queue

    def index(self, repo_id: int) -> None:
        """As the repository is now; taken out, if it is gone."""
        while not self._try(repo_id):
            pass

    def _try(self, repo_id: int) -> bool:
        """False if its files moved on meanwhile."""
        with self._database.read() as tx:
            read = source.rows(tx, [repo_id]) if store.read_state(tx).ready else None
        if read is None:
            with self._database.write() as tx:
                self._queue.enqueue(tx, "search.index", {"repo_id": repo_id}, unique=str(repo_id), delay_ms=LATER_MS)
            return True
        text = "" if repo_id not in read else self._text_of(read[repo_id])
        with self._database.write() as tx:
            row = source.rows(tx, [repo_id]).get(repo_id)
            if row is not None and (repo_id not in read or row.head != read[repo_id].head):
                return False
            before = store.indexed(tx, [repo_id]).get(repo_id)
            after = None if row is None else source.of_row(row, text)
            if before == after:
                return True
            change = Change()
            change.note(repo_id, _terms_of(before), _terms_of(after))
            change.note_steps(repo_id, _steps_of(before), _steps_of(after))
            store.apply(tx, change)
            store.drop_documents(tx, [repo_id])
            store.put_documents(tx, {} if after is None else {repo_id: after})
            store.count_change(tx, (after is not None) - (before is not None), (term for term, _ in change.terms))
        return True

    # -- all --

    def rebuild(self) -> int:
        """Everything anew; goes on where it was if it was interrupted. The number of repositories."""
        with self._database.read() as tx:
            state, done = store.read_state(tx), store.last_indexed(tx)
        if state.ready:
            with self._database.write() as tx:
                store.set_ready(tx, False)
                store.clear(tx)
            done = -1
        block = (done + 1) >> BLOCK_BITS
        with self._database.read() as tx:
            last = source.last(tx)
        while block << BLOCK_BITS <= last:
            self._build(block)
            block += 1
            with self._database.read() as tx:
                last = source.last(tx)
        with self._database.write() as tx:
            store.set_ready(tx, True)
            return store.read_state(tx).total

    def _build(self, block: int) -> None:
        """The documents come last: what they say is there is there."""
        first = block << BLOCK_BITS
        with self._database.write() as tx:
            store.clear_block(tx, block)
            store.drop_range(tx, first, first + BLOCK)
        rows, documents = Block(block), dict[int, Indexed]()
        for start in range(first, first + BLOCK, SWEEP):
            with self._database.read() as tx:
                found = source.rows(tx, source.numbers(tx, start, min(start + SWEEP, first + BLOCK)))
            some = {number: source.of_row(row, self._text_of(row)) for number, row in found.items()}
            for number, one in some.items():
                rows.add(number, one)
            documents |= some
        for table, lines in rows.lines():
            for some_lines in store.batched(lines, LINES):
                with self._database.write() as tx:
                    store.put_rows(tx, table, some_lines)
        with self._database.write() as tx:
            store.put_documents(tx, documents)

    # -- what was missed --

    def sweep(self) -> int:
        """Plans the work that got lost, or was never asked for; how much. Everything, if there is no index yet."""
        with self._database.read() as tx:
            ready, last = store.read_state(tx).ready, max(source.last(tx), store.last_indexed(tx))
        if not ready:
            with self._database.write() as tx:
                self._queue.enqueue(tx, "search.rebuild", {}, unique="all")
            return 0
        return sum(self._sweep(first, first + SWEEP) for first in range(0, last + 1, SWEEP))

    def _sweep(self, first: int, end: int) -> int:
        with self._database.read() as tx:
            rows = source.rows(tx, source.numbers(tx, first, end))
            known = store.indexed(tx, sorted(store.indexed_ids(tx, first, end)))
        stale = [number for number in {*rows, *known} if not _is_fresh(rows.get(number), known.get(number))]
        if stale:
            with self._database.write() as tx:
                for number in stale:
                    self._queue.enqueue(tx, "search.index", {"repo_id": number}, unique=str(number))
        return len(stale)


class Block:
    """The rows of one block of ids, put together in memory."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._terms: dict[int, array[int]] = defaultdict(partial(array, "I"))
        self._steps: dict[tuple[int, int], array[int]] = defaultdict(partial(array, "I"))

    def add(self, number: int, one: Indexed) -> None:
        for term in terms(one.document):
            self._terms[term].append(number)
        for key in _steps_of(one):
            self._steps[key].append(number)

    def lines(self) -> Iterator[tuple[Table, Iterator[Values]]]:
        """Each table with its rows, in the order of its key."""
        block = self._block
        yield (
            postings,
            ({"term": term, "block": block, "ids": store.bitmap_of(self._terms[term])} for term in sorted(self._terms)),
        )
        yield (
            steps,
            (
                {"list": key[0], "step": key[1], "block": block, "ids": store.bitmap_of(self._steps[key])}
                for key in sorted(self._steps)
            ),
        )


def _terms_of(one: Indexed | None) -> set[int]:
    return set() if one is None else terms(one.document)


def _steps_of(one: Indexed | None) -> Sequence[tuple[int, int]]:
    if one is None:
        return ()
    return [(list_of(one.document.kind, sort), step) for sort, step in zip(SORTS, one.steps, strict=True)]


def _is_fresh(row: Row | None, known: Indexed | None) -> bool:
    """But for the text of the card, which changes only with an event."""
    if row is None or known is None:
        return row is None and known is None
    return source.of_row(row, known.document.text) == known
