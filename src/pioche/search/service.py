"""`Search`: lists and counts of repositories, by the index where a hub is large and by the tables where it is small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from pyroaring import BitMap

from pioche.accounts.types import Actor
from pioche.names import RepoKind
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.repos import facets as repo_facets
from pioche.repos import lists, store
from pioche.repos.cursors import read_cursor, write_cursor
from pioche.repos.facets import FacetCounts, Seen
from pioche.repos.service.repos import MAX_PAGE
from pioche.repos.types import Repo, RepoFilter, RepoPage
from pioche.search.index import FEW, Index, View
from pioche.search.order import Last, Order
from pioche.search.terms import term

SMALL = 5_000
"""Up to so many repositories the tables answer as fast, and to the last digit."""
SAMPLE, SAMPLES = 500, 600
"""Repositories that the values of facets are counted from, spread evenly over all that are meant: for one count, and
for one list in all. Every facet that is chosen wants a count of its own."""
TAGGED = 4_000
"""Repositories whose tags are all tags, on a large hub."""
NEAR = 2_000
"""So far down a list what is passed over is asked of the tables too."""
TASK = "search.index"
Rows = list[Repo]  # `list` is a verb of the class


@dataclass(frozen=True, slots=True)
class _Found:
    """`ids` may hold some that are not meant if there are many. `total` None: as many as `ids`."""

    view: View
    ids: BitMap
    keys: Sequence[Last] | None  # in order, of a small set: exact
    everything: int

    @property
    def total(self) -> int:
        return len(self.ids) if self.keys is None else len(self.keys)


class Search:
    def __init__(self, database: Database, queue: Queue, small: int = SMALL) -> None:
        self._database = database
        self._queue = queue
        self._small = small
        self.index = Index()

    # -- lists, as `Repos` has them --

    def list(self, actor: Actor, wanted: RepoFilter, limit: int, cursor: str = "") -> RepoPage:
        """What the actor may see of it, after `cursor`. Pages stay in step while repositories come and go."""
        last, limit = read_cursor(cursor), min(limit, MAX_PAGE)
        with self._database.read() as tx:
            found = self._found(tx, actor, wanted, last, limit)
            if found is None:
                rows, end = lists.after(tx, actor, wanted, last, limit)
                return RepoPage(tuple(rows), None if end is None else write_cursor(end))
            rows = self._rows(found, actor, wanted, last, 0, limit + 1)
        end = lists.sort_key(rows[limit - 1], wanted.sort) if len(rows) > limit else None
        return RepoPage(tuple(rows[:limit]), None if end is None else write_cursor(end))

    def page(self, actor: Actor, wanted: RepoFilter, offset: int, limit: int) -> Sequence[Repo]:
        with self._database.read() as tx:
            found = self._found(tx, actor, wanted, None, limit)
            if found is None:
                return lists.page(tx, actor, wanted, offset, limit)
            return self._rows(found, actor, wanted, None, offset, limit)

    def top(self, actor: Actor, wanted: RepoFilter, limit: int) -> tuple[Sequence[Repo], int]:
        """The first page, and the number of all of it."""
        with self._database.read() as tx:
            found = self._found(tx, actor, wanted, None, limit)
            if found is None:
                return lists.page(tx, actor, wanted, 0, limit), self._count(tx, actor, wanted)
            return self._rows(found, actor, wanted, None, 0, limit), found.total

    def count(self, actor: Actor, wanted: RepoFilter) -> int:
        """Of a large hub about, where words are looked for in names and many are found."""
        with self._database.read() as tx:
            return self._count(tx, actor, wanted)

    def facets(
        self, actor: Actor, wanted: RepoFilter, find: Mapping[str, str], limit: Mapping[str, int]
    ) -> FacetCounts:
        """What the list of one kind can be narrowed by; `find` and `limit` by the name of the facet."""
        with self._database.read() as tx:
            return repo_facets.facets(wanted, find, limit, self._look(tx, actor, _sample_of(wanted)))

    def tags(self, actor: Actor, kind: RepoKind) -> Sequence[str]:
        """Every tag on what the actor may see, sorted; of a large hub, on a few thousand spread over all."""
        with self._database.read() as tx:
            found = self._found(tx, actor, RepoFilter(kind=kind), None, None)
            return lists.tags(tx, actor, kind, None if found is None else _spread(found.ids, TAGGED))

    # -- how --

    def _count(self, tx: Tx, actor: Actor, wanted: RepoFilter) -> int:
        found = self._found(tx, actor, wanted, None, None)
        return lists.count(tx, actor, wanted) if found is None else found.total

    def _look(self, tx: Tx, actor: Actor, sample: int) -> Callable[[RepoFilter], tuple[Sequence[Seen], int]]:
        by_tables = repo_facets.latest(tx, actor)

        def look(wanted: RepoFilter) -> tuple[Sequence[Seen], int]:
            found = self._found(tx, actor, wanted, None, None)
            if found is None:
                return by_tables(wanted)
            total = found.total
            if total <= sample and found.keys is not None:
                return repo_facets.among(tx, actor, wanted, [number for _, number in found.keys]), total
            return repo_facets.among(tx, actor, wanted, _spread(found.ids, sample)), total

        return look

    def _found(self, tx: Tx, actor: Actor, wanted: RepoFilter, last: Last | None, needed: int | None) -> _Found | None:
        """None: the tables know better. `needed` None: it is only counted."""
        if wanted.kind is None:
            return None
        view = self.index.at(tx)
        if not view.state.ready or view.state.total <= self._small:
            return None
        if needed is not None and _is_whole(wanted):
            return None  # an order of the table itself, with next to nothing to leave out
        owner = None
        if wanted.author is not None and (owner := store.find_owner(tx, wanted.author)) is None:
            return _Found(view, BitMap(), [], 0)
        ids = view.matching(actor, wanted, None if owner is None else owner.id)
        ids = self._with_latest(tx, actor, wanted, ids)
        keys = sorted(lists.keys(tx, actor, wanted, list(ids)), reverse=True) if len(ids) <= FEW else None
        if keys is not None and last is not None:
            keys = [key for key in keys if key < last]
        return _Found(view, ids, keys, len(view.having(term(f"k:{wanted.kind.value}"))))

    def _with_latest(self, tx: Tx, actor: Actor, wanted: RepoFilter, ids: BitMap) -> BitMap:
        """What was written a moment ago waits to be indexed: the tables are asked about it."""
        waiting = [task["repo_id"] for task in self._queue.waiting(tx, TASK, FEW)]
        if not waiting:
            return ids
        fitting = [number for _, number in lists.keys(tx, actor, wanted, waiting)]
        return BitMap((ids - BitMap(waiting)) | BitMap(fitting))

    def _rows(
        self, found: _Found, actor: Actor, wanted: RepoFilter, last: Last | None, offset: int, limit: int
    ) -> Rows:
        """Some in the set may not be meant; then more are fetched."""
        tx = found.view.tx
        if found.keys is not None:
            return lists.among(tx, actor, wanted, [number for _, number in found.keys[offset : offset + limit]])
        ids = Order(tx, actor, wanted, found.ids, found.everything, offset + limit, last).ids()
        rows: Rows = []
        self._skip(tx, actor, wanted, ids, offset)
        while len(rows) < limit and (some := list(islice(ids, limit))):
            rows += lists.among(tx, actor, wanted, some)
        return rows[:limit]

    def _skip(self, tx: Tx, actor: Actor, wanted: RepoFilter, ids: Iterator[int], offset: int) -> None:
        """The first ones of a list. Far down, those that are not meant are not told apart."""
        is_near = offset <= NEAR and (wanted.search or wanted.parameters is not None)
        while offset > 0 and (some := list(islice(ids, min(offset, 500) if is_near else offset))):
            offset -= len(lists.keys(tx, actor, wanted, some)) if is_near else offset


def _spread(ids: BitMap, most: int) -> Sequence[int]:
    """So many of them, at equal distances."""
    return [ids[at] for at in range(0, len(ids), max(1, -(-len(ids) // most)))]


def _is_whole(wanted: RepoFilter) -> bool:
    """Is it a list of all of a kind?"""
    return wanted == RepoFilter(kind=wanted.kind, sort=wanted.sort)


def _sample_of(wanted: RepoFilter) -> int:
    chosen = bool(wanted.pipeline_tag) + bool(wanted.library) + len(wanted.tags) + len(wanted.any_tags)
    return min(SAMPLE, max(SAMPLES // 6, SAMPLES // (1 + chosen)))
