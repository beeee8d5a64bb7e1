"""`Index`: the reading side. Sets of ids by term, the ones asked for most kept in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from pioche.accounts.types import Actor, OrgRole
from pioche.ports.database import Tx
from pioche.repos.types import RepoFilter
from pioche.search import store
from pioche.search.store import State
from pioche.search.terms import of_name, of_range, term

KEPT_BYTES = 48 * 1024 * 1024
EACH_BYTES = 200
"""What a set costs besides its ids."""
FEW = 1_000
"""So many rows are read at once: a set that small needs no further narrowing, the tables answer the rest."""


class Index:
    """What is kept in memory of it, for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[BitMap, int]] = OrderedDict()
        self._bytes = 0
        self._version = -1

    def at(self, tx: Tx) -> View:
        """The index as this transaction sees it. What changed since the last time is dropped from memory."""
        now = store.read_state(tx)
        if now.version > self._version:
            terms = None if self._version < now.floor else store.changed_since(tx, self._version)
            with self._lock:
                for number in list(self._kept) if terms is None else terms:
                    self._bytes -= self._kept.pop(number, (None, 0))[1]
                self._version = max(self._version, now.version)
        return View(self, tx, now, store.count_blocks(tx))

    def kept(self, number: int) -> BitMap | None:
        with self._lock:
            found = self._kept.get(number)
            if found is None:
                return None
            self._kept.move_to_end(number)
            return found[0]

    def keep(self, number: int, found: BitMap, size: int, version: int) -> None:
        """Nothing, if another thread knows of changes since `version`."""
        with self._lock:
            if version != self._version or number in self._kept:
                return
            self._kept[number] = found, size
            self._bytes += size
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1][1]


@dataclass(frozen=True, slots=True)
class View:
    index: Index
    tx: Tx
    state: State
    blocks: int

    def having(self, number: int) -> BitMap:
        """Every repository with a term. Not to be changed: others read it too."""
        if (kept := self.index.kept(number)) is not None:
            return kept
        found, size = store.posting(self.tx, number, self.blocks)
        self.index.keep(number, found, size + EACH_BYTES, self.state.version)
        return found

    def any_of(self, numbers: Iterable[int]) -> BitMap:
        return BitMap.union(BitMap(), *[self.having(number) for number in numbers])

    def matching(
        self, actor: Actor, wanted: RepoFilter, owner_id: int | None = None, words: Sequence[str] = ()
    ) -> BitMap:
        """All that the tables would find, and sometimes more. `owner_id` is that of `wanted.author`."""
        sets = self._sets(actor, wanted, owner_id, words)
        found = BitMap(next(sets))
        for one in sets:
            found &= one
            if len(found) <= FEW // 4:
                break
        return found

    def _sets(self, actor: Actor, wanted: RepoFilter, owner_id: int | None, words: Sequence[str]) -> Iterator[BitMap]:
        """Rare ones first, more or less."""
        if owner_id is not None:
            yield self.having(term(f"o:{owner_id}"))
        for text in _exact(wanted, words):
            yield self.having(term(text))
        for group in wanted.any_tags:
            yield self.any_of(term(f"t:{tag.lower()}") for tag in group)
        for word in wanted.search.lower().split():
            for number in of_name(word):
                yield self.having(number)
        if wanted.parameters is not None:
            yield self.any_of(of_range(*wanted.parameters))
        if wanted.kind is not None:
            yield self.having(term(f"k:{wanted.kind.value}"))
        if wanted.gated is not None:
            yield self.having(term(f"g:{wanted.gated:d}"))
        yield from self.visible(actor)

    def visible(self, actor: Actor) -> Iterator[BitMap]:
        """What the actor may see is in all of these, as `repos.lists.visible_to` says it; without any, it is all."""
        public = term("public")
        if not actor.is_admin:
            yield self._inside(actor) | self.having(public)
        token = actor.token
        if token is None or token.role != "fineGrained":
            return
        granted = BitMap(self.having(public))
        for scope in token.scopes:
            if scope.permission == "discuss":
                continue
            if scope.repo_id is not None:
                granted.add(scope.repo_id)
            elif scope.owner_id is not None:
                granted |= self.having(term(f"o:{scope.owner_id}"))
            elif scope.permission == "contribute":
                granted |= self.having(term(f"c:{actor.user_id}"))
            else:
                return
        yield granted

    def _inside(self, actor: Actor) -> BitMap:
        """As `access.insiders` says it."""
        all_of = [org for org, role in actor.orgs.items() if role >= OrgRole.ADMIN]
        all_of += [] if actor.user_id is None or actor.is_service else [actor.user_id]
        some_of = self.any_of(term(f"o:{org}") for org, role in actor.orgs.items() if role < OrgRole.ADMIN)
        outside = some_of - self.having(term("grouped")) if some_of else some_of
        within = self.any_of(term(f"r:{group}") for group in actor.groups)
        return self.any_of(term(f"o:{owner}") for owner in all_of) | outside | within


def _exact(wanted: RepoFilter, words: Sequence[str]) -> Iterator[str]:
    yield from (f"w:{word}" for word in words)
    yield from (f"t:{tag.lower()}" for tag in wanted.tags)
    yield from (f"u:{used.lower()}" for used in wanted.uses)
    if wanted.library is not None:
        yield f"l:{wanted.library}"
    if wanted.pipeline_tag is not None:
        yield f"p:{wanted.pipeline_tag}"
