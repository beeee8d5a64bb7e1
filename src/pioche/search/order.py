"""Going through a set of repositories in the order of a list, as far as somebody looks.

Three ways, by what costs least: a small set is read whole; a large one is met often enough when one walks down the
order of all; for those between, the order is kept in steps, and only the steps that are reached are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from pyroaring import BitMap

from pioche.accounts.types import Actor
from pioche.names import RepoKind
from pioche.ports.database import Tx
from pioche.repos import lists
from pioche.repos.ranks import above, is_single, step
from pioche.repos.types import RepoFilter, Sort
from pioche.search import store
from pioche.search.terms import term

Last = tuple[float, int]
"""(what is sorted by, id) of the last one that was seen."""
WALK = 4_000
"""Rows that may be walked past for a page."""
SMALL = 300
"""So many are read whole, whatever is wanted of them."""
CROWD = 20_000
"""More than so many of one step are not read to be sorted."""
PIECE = 1_000


def list_of(kind: RepoKind | str, sort: Sort) -> int:
    """The number of a list of steps."""
    return term(f"s:{kind}:{sort}")


@dataclass(frozen=True, slots=True)
class Order:
    """`everything`: how many repositories there are of the kind. `needed`: how many somebody wants to see."""

    tx: Tx
    actor: Actor
    wanted: RepoFilter
    found: BitMap
    everything: int
    needed: int
    last: Last | None = None

    def ids(self) -> Iterator[int]:
        if len(self.found) <= SMALL:
            return self._sorted(self.found)
        if self.needed * self.everything <= WALK * max(1, len(self.found)):
            return self._walk(self.last)
        return self._by_steps()

    def _walk(self, last: Last | None, until: float | None = None) -> Iterator[int]:
        """Down the order of all. `until`: no further than to this value."""
        assert self.wanted.kind is not None
        while rows := lists.walk(self.tx, self.wanted.kind, self.wanted.sort, last, PIECE):
            for value, number in rows:
                if until is not None and value < until:
                    return
                if number in self.found:
                    yield number
            last = rows[-1]

    def _by_steps(self) -> Iterator[int]:
        sort = self.wanted.sort
        first = None if self.last is None else step(sort, self.last[0])
        for number, ids in self._steps(first):
            if number == first and self.last is not None and is_single(sort, number):
                ids &= BitMap(range(self.last[1]))
            if is_single(sort, number):
                yield from reversed(ids)
            elif len(ids) > CROWD:
                top = (above(sort, number), 0)
                start = top if self.last is None or self.last > top else self.last
                yield from self._walk(start, until=above(sort, number - 1))
            else:
                yield from self._sorted(ids)

    def _steps(self, first: int | None) -> Iterator[tuple[int, BitMap]]:
        """(step, those of the set that are in it), the highest step first."""
        for number, group in groupby(self._rows(first), key=lambda row: row[0]):
            ids = BitMap.union(BitMap(), *[row[1] for row in group])
            if ids:
                yield number, ids

    def _rows(self, first: int | None) -> Iterator[tuple[int, BitMap]]:
        assert self.wanted.kind is not None
        of, last = list_of(self.wanted.kind, self.wanted.sort), None
        while rows := store.steps_below(self.tx, of, last, first):
            yield from ((number, ids & self.found) for number, _, ids in rows)
            last = rows[-1][:2]

    def _sorted(self, ids: BitMap) -> Iterator[int]:
        keys = sorted(lists.keys(self.tx, self.actor, self.wanted, list(ids)), reverse=True)
        yield from (number for value, number in keys if self.last is None or (value, number) < self.last)
