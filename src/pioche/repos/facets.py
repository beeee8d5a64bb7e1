"""What a list can be narrowed by, with counts: tasks, libraries, licences, languages and the rest, out of the tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import Row, Select, desc, select

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.names import RepoKind
from pioche.ports.database import Tx
from pioche.protocols.card import texts
from pioche.repos import lists
from pioche.repos.derive import MODEL_FORMAT_TAGS
from pioche.repos.tables import repos
from pioche.repos.types import RepoFilter

SAMPLE = 2_000
"""Repositories that are looked at, the latest first. Counts of a longer list are reckoned from these."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """`key` and `value` are what the address of the list says."""

    key: str
    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """`more`: how many values are not among these."""

    name: str
    values: Sequence[FacetValue]
    more: int


@dataclass(frozen=True, slots=True)
class FacetCounts:
    facets: Sequence[Facet]
    total: int
    approximate: bool


class _Card(msgspec.Struct):
    language: Any = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a repository adds to the counts."""

    task: str | None
    library: str | None
    gated: bool
    tags: Sequence[str]
    languages: frozenset[str]


Pairs = list[tuple[str, str, str]]
"""(query key, query value, label) of each value that a repository has."""


def _column(key: str) -> Callable[[Seen], Pairs]:
    def of(seen: Seen) -> Pairs:
        value = seen.task if key == "pipeline_tag" else seen.library
        return [(key, value, value)] if value else []

    return of


def _prefixed(prefix: str) -> Callable[[Seen], Pairs]:
    def of(seen: Seen) -> Pairs:
        found = [(tag, tag[len(prefix) :]) for tag in seen.tags if tag.startswith(prefix)]
        # `base_model:relation:owner/name` says the same as `base_model:owner/name` once more.
        return [("filter", tag, label) for tag, label in found if ":" not in label]

    return of


def _among(values: frozenset[str]) -> Callable[[Seen], Pairs]:
    return lambda seen: [("filter", tag, tag) for tag in seen.tags if tag in values]


def _languages(seen: Seen) -> Pairs:
    return [("filter", tag, tag) for tag in seen.tags if tag in seen.languages]


def _access(seen: Seen) -> Pairs:
    return [("gated", "true", "gated") if seen.gated else ("gated", "false", "open")]


def _other(seen: Seen) -> Pairs:
    known = {seen.task, seen.library, *MODEL_FORMAT_TAGS, *seen.languages}
    return [("filter", tag, tag) for tag in seen.tags if ":" not in tag and tag not in known]


GROUPS: Mapping[RepoKind, Mapping[str, Callable[[Seen], Pairs]]] = {
    RepoKind.MODEL: {
        "task": _column("pipeline_tag"),
        "library": _column("library"),
        "license": _prefixed("license:"),
        "language": _languages,
        "dataset": _prefixed("dataset:"),
        "base_model": _prefixed("base_model:"),
        "format": _among(MODEL_FORMAT_TAGS),
        "access": _access,
        "other": _other,
    },
    RepoKind.DATASET: {
        "task": _prefixed("task_categories:"),
        "modality": _prefixed("modality:"),
        "size": _prefixed("size_categories:"),
        "format": _prefixed("format:"),
        "license": _prefixed("license:"),
        "language": _prefixed("language:"),
        "access": _access,
        "other": _other,
    },
    RepoKind.SPACE: {
        "sdk": _among(frozenset(("gradio", "docker", "static", "streamlit"))),
        "license": _prefixed("license:"),
        "other": _other,
    },
    RepoKind.KERNEL: {"license": _prefixed("license:"), "access": _access, "other": _other},
}


Look = Callable[[RepoFilter], tuple[Sequence[Seen], int]]
"""Some repositories of a list, and how many there are."""


def facets(wanted: RepoFilter, find: Mapping[str, str], limit: Mapping[str, int], look: Look) -> FacetCounts:
    """For a list of one kind. `find`: group -> what its values must contain; `limit`: group -> most values."""
    assert wanted.kind is not None
    seen, total = look(wanted)
    found = []
    for name, values_of in GROUPS[wanted.kind].items():
        # What excludes its own neighbours is counted as if it were not chosen: one can change one's mind.
        wider = _without(wanted, name)
        here, whole = (seen, total) if wider == wanted else look(wider)
        scale = max(1.0, whole / max(1, len(here)))
        counted = Counter(pair for repo in here for pair in set(values_of(repo)))
        fitting = [(pair, n) for pair, n in counted.items() if find.get(name, "").lower() in pair[2].lower()]
        fitting.sort(key=lambda item: (-item[1], item[0][2]))
        values = [FacetValue(*pair, count=_rounded(n, scale)) for pair, n in fitting[: limit.get(name, 8)]]
        found.append(Facet(name, values, len(fitting) - len(values)))
    return FacetCounts(found, total, total > len(seen))


def latest(tx: Tx, actor: Actor) -> Look:
    """The ones that changed last, by the tables alone."""

    def look(wanted: RepoFilter) -> tuple[Sequence[Seen], int]:
        narrowed = lists.narrow(_select(), actor, wanted).order_by(desc(repos.c.updated_at)).limit(SAMPLE)
        seen = [_seen(row) for row in tx.execute(narrowed)]
        return seen, len(seen) if len(seen) < SAMPLE else lists.count(tx, actor, wanted)

    return look


def among(tx: Tx, actor: Actor, wanted: RepoFilter, ids: Sequence[int]) -> list[Seen]:
    """Those of `ids` that are in the list."""
    narrowed = lists.narrow(_select(), actor, wanted)
    return [_seen(row) for some in lists.pieces(ids) for row in tx.execute(narrowed.where(repos.c.id.in_(some)))]


def _select() -> Select[Any]:
    columns = (repos.c.pipeline_tag, repos.c.library, repos.c.gated, repos.c.tags, repos.c.card)
    return select(*columns).select_from(repos.join(accounts, accounts.c.id == repos.c.owner_id))


def _rounded(count: int, scale: float) -> int:
    """What was reckoned is not given to the last digit."""
    return count if scale == 1.0 else int(float(f"{count * scale:.2g}"))


def _without(wanted: RepoFilter, name: str) -> RepoFilter:
    match name:
        case "task":
            return replace(wanted, pipeline_tag=None)
        case "library":
            return replace(wanted, library=None)
        case "access":
            return replace(wanted, gated=None)
        case _:
            return wanted


def _seen(row: Row[Any]) -> Seen:
    tags = msgspec.json.decode(row.tags, type=list[str])
    languages = frozenset(texts(msgspec.json.decode(row.card, type=_Card).language))
    return Seen(row.pipeline_tag, row.library, bool(row.gated), tags, languages)
