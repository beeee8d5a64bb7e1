"""`Texts`: words in cards. What is called so comes first, then what trends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from pyroaring import BitMap

from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.names import RepoKind
from pioche.ports.database import Database, Tx
from pioche.repos import lists
from pioche.repos.types import Repo, RepoFilter
from pioche.search import store
from pioche.search.index import Index, View
from pioche.search.order import Order
from pioche.search.terms import of_name, term, words

MAX_WORDS = 12
MAX_CHARACTERS = 300
DEEPEST = 1_000
"""Hits that one can page through; whoever looks further says more words."""
AROUND = 110
"""Characters of a snippet before and after a word."""
SNIPPETS = 2
EXACT = 300
"""Up to so many hits are counted to the last one."""

Piece = tuple[str, bool]
"""Some text, and whether it is what was looked for."""


@dataclass(frozen=True, slots=True)
class Hit:
    repo: Repo
    snippets: Sequence[Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class HitPage:
    """`totals`: how many of each kind. `is_ready` False: the index is being made."""

    hits: Sequence[Hit]
    totals: dict[RepoKind, int]
    is_ready: bool = True


class Texts:
    def __init__(self, database: Database, index: Index) -> None:
        self._database = database
        self._index = index

    def find(self, actor: Actor, text: str, kind: RepoKind | None, offset: int, limit: int) -> HitPage:
        """Repositories in whose name, tags or card every word of `text` stands. `kind` None: of every kind."""
        looked_for = list(dict.fromkeys(words(text[:MAX_CHARACTERS])))[:MAX_WORDS]
        if not looked_for:
            return HitPage((), {})
        if offset + limit > DEEPEST:
            raise InvalidInput(f"Only the first {DEEPEST} are shown. Look for more words, or for rarer ones.")
        with self._database.read() as tx:
            view = self._index.at(tx)
            if not view.state.ready:
                return HitPage((), {}, is_ready=False)
            found = {one: view.matching(actor, RepoFilter(kind=one), words=looked_for) for one in RepoKind}
            exact = {one: self._seen(tx, actor, one, ids) for one, ids in found.items()}
            asked = list(RepoKind) if kind is None else [kind]
            rows = [
                repo for one in asked for repo in self._first(view, actor, one, exact[one], looked_for, offset + limit)
            ]
            rows.sort(key=lambda repo: (not _is_named(repo, looked_for), -repo.trending))
            shown = rows[offset : offset + limit]
            documents = store.indexed(tx, [repo.id for repo in shown])
        hits = [Hit(repo, _snippets(documents[repo.id].document.text, looked_for)) for repo in shown]
        return HitPage(hits, {one: len(ids) for one, ids in exact.items()})

    def _seen(self, tx: Tx, actor: Actor, kind: RepoKind, ids: BitMap) -> BitMap:
        """Of a few it is looked up whether they may be seen; of many, the index has said it."""
        if len(ids) > EXACT:
            return ids
        return BitMap([number for _, number in lists.keys(tx, actor, RepoFilter(kind=kind), list(ids))])

    def _first(
        self, view: View, actor: Actor, kind: RepoKind, ids: BitMap, looked_for: Sequence[str], limit: int
    ) -> list[Repo]:
        named = BitMap(ids)
        for word in looked_for:
            for number in of_name(word):
                if named:
                    named &= view.having(number)
        everything = len(view.having(term(f"k:{kind.value}")))
        wanted = RepoFilter(kind=kind, sort="trendingScore")
        order: list[Iterator[int]] = [
            Order(view.tx, actor, wanted, some, everything, limit).ids() for some in (named, ids - named) if some
        ]
        return lists.among(view.tx, actor, wanted, list(islice(chain(*order), limit)))


def _is_named(repo: Repo, looked_for: Sequence[str]) -> bool:
    name = repo.repo_id.full.lower()
    return all(word in name for word in looked_for)


def _snippets(text: str, looked_for: Sequence[str]) -> list[list[Piece]]:
    """The first places where words stand, with something around them; the beginning of a card where none does."""
    pattern = re.compile("|".join(re.escape(word) for word in looked_for), re.IGNORECASE)
    found, end = list[list[Piece]](), 0
    for match in pattern.finditer(text):
        if match.start() < end:
            continue
        start, end = _around(text, match.start(), match.end(), end)
        found.append(list(_pieces(text, start, end, pattern)))
        if len(found) == SNIPPETS:
            break
    return found or ([[(text[: 2 * AROUND], False)]] if text else [])


def _around(text: str, start: int, end: int, after: int) -> tuple[int, int]:
    """Whole words."""
    first, last = max(after, start - AROUND), min(len(text), end + AROUND)
    if first > after and (gap := text.find(" ", first, start)) >= 0:
        first = gap + 1
    if last < len(text) and (gap := text.rfind(" ", end, last)) >= 0:
        last = gap
    return first, last


def _pieces(text: str, start: int, end: int, pattern: re.Pattern[str]) -> Iterator[Piece]:
    at = start
    for match in pattern.finditer(text, start, end):
        yield text[at : match.start()], False
        yield match[0], True
        at = match.end()
    yield text[at:end], False
