"""The lists of models, datasets and Spaces: facets, chips, name search. All state is in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from pioche.names import RepoKind
from pioche.repos.facets import GROUPS, FacetCounts
from pioche.repos.types import Repo, RepoFilter, Sort, parse_parameters
from pioche.web.call import Call
from pioche.web.routing import Route

PAGE = 30
VALUES, ALL_VALUES = 8, 200
SORTS: tuple[Sort, ...] = ("trendingScore", "lastModified", "createdAt", "likes", "downloads")
KEYS = ("filter", "author", "pipeline_tag", "library", "gated", "num_parameters", "models", "datasets")
SIZES = ("1M", "10M", "100M", "500M", "1B", "3B", "7B", "13B", "34B", "70B", "200B")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of repositories. `finds`: facet -> what its values must contain; `whole`: facets shown to the end."""

    kind: RepoKind
    repos: Sequence[Repo]
    counts: FacetCounts
    page: int
    pages: int
    search: str
    sort: str
    filters: Sequence[Pair]  # (query key, value) of what narrows the list, but the name
    finds: Mapping[str, str]
    whole: frozenset[str]
    elsewhere: Sequence[tuple[RepoKind, int]]  # how many of the other kinds have a name like the one looked for

    def state(self, *left_out: str) -> list[Pair]:
        """The query of this list, but for some keys. A changed list starts at its first page."""
        pairs = [*self.filters, ("search", self.search), ("sort", "" if self.sort == SORTS[0] else self.sort)]
        pairs += [(f"in_{name}", text) for name, text in self.finds.items()]
        pairs += [("all", name) for name in sorted(self.whole)]
        return [(key, value) for key, value in pairs if value and key not in left_out]

    def label(self, item: Pair) -> str:
        """What a chip says."""
        key, value = item
        if key == "num_parameters":
            return "–".join(end or "…" for end in self.bounds)
        if key == "gated":
            return "open" if value == "false" else "gated"
        return value.split(":", 1)[-1] if key == "filter" else value

    def url(self, **changes: str | int) -> str:
        """The address of this list with something changed; an empty value takes it out."""
        return self._address([*self.state(*changes), *((key, str(value)) for key, value in changes.items() if value)])

    def more(self, name: str) -> str:
        return self._address([*self.state(), ("all", name)])

    def has(self, key: str, value: str) -> bool:
        return (key, value) in self.filters

    def toggled(self, key: str, value: str) -> str:
        """With one value of a facet chosen, or not any more."""
        if self.has(key, value):
            return self.without((key, value))
        kept = self.state() if key == "filter" else self.state(key)
        return self._address([*kept, (key, value)])

    def without(self, item: Pair) -> str:
        return self._address([pair for pair in self.state() if pair != item])

    @property
    def bounds(self) -> tuple[str, str]:
        """The two ends of the number of parameters, as written in the address; each may be empty."""
        text = dict(self.filters).get("num_parameters", "")
        ends = dict(part.split(":", 1) for part in text.lower().split(",") if ":" in part)
        return ends.get("min", "").upper(), ends.get("max", "").upper()

    def _address(self, pairs: Sequence[Pair]) -> str:
        return f"/{self.kind.plural}" + (f"?{urlencode(pairs)}" if pairs else "")


def show_list(kind: RepoKind, call: Call) -> Response:
    page = call.query_int("p", 0, 0, 10_000)
    filters = [(key, value) for key in KEYS for value in dict.fromkeys(call.query_list(key)) if value]
    if bounds := _bounds(call):
        filters = [*((key, value) for key, value in filters if key != "num_parameters"), *bounds]
    wanted = _wanted(kind, call, filters)
    finds = {name: call.query(f"in_{name}").strip()[:100] for name in GROUPS[kind]}
    whole = frozenset(call.query_list("all")) & GROUPS[kind].keys()
    limits = {name: ALL_VALUES if name in whole or finds[name] else VALUES for name in GROUPS[kind]}
    counts = call.hub.search.facets(call.actor, wanted, finds, limits)
    repos = call.hub.search.page(call.actor, wanted, page * PAGE, PAGE)
    pages = -(-counts.total // PAGE)
    given = wanted.search, wanted.sort, filters, finds, whole
    view = ListPage(kind, repos, counts, page, pages, *given, _elsewhere(call, wanted))
    return call.hub.templates.page(call, "repos/list.html", {"view": view, "sorts": SORTS, "sizes": SIZES})


def _wanted(kind: RepoKind, call: Call, filters: Sequence[Pair]) -> RepoFilter:
    one = dict(filters)
    tags, any_tags = call.hub.links.widen(call.actor, [value for key, value in filters if key == "filter"])
    return RepoFilter(
        kind=kind,
        search=call.query("search").strip(),
        author=one.get("author"),
        tags=tags,
        any_tags=any_tags,
        uses=tuple(value for key, value in filters if key in ("models", "datasets") and kind is RepoKind.SPACE),
        pipeline_tag=one.get("pipeline_tag"),
        library=one.get("library"),
        gated={"true": True, "false": False}.get(one.get("gated", "")),
        parameters=parse_parameters(one.get("num_parameters", "")),
        sort=next((name for name in SORTS if name == call.query("sort")), SORTS[0]),
    )


def _bounds(call: Call) -> list[Pair]:
    """What the form with two ends says, as the one key that the address keeps."""
    ends = [(end, call.query(f"p{end}")) for end in ("min", "max")]
    text = ",".join(f"{end}:{value}" for end, value in ends if value in SIZES)
    return [("num_parameters", text)] if text else []


def _elsewhere(call: Call, wanted: RepoFilter) -> list[tuple[RepoKind, int]]:
    if not wanted.search:
        return []
    others = [kind for kind in RepoKind if kind != wanted.kind]
    found = [(kind, call.hub.search.count(call.actor, RepoFilter(kind=kind, search=wanted.search))) for kind in others]
    return [(kind, total) for kind, total in found if total]


def show_models(call: Call) -> Response:
    return show_list(RepoKind.MODEL, call)


def show_datasets(call: Call) -> Response:
    return show_list(RepoKind.DATASET, call)


def show_spaces(call: Call) -> Response:
    return show_list(RepoKind.SPACE, call)


def show_kernels(call: Call) -> Response:
    return show_list(RepoKind.KERNEL, call)


routes = [
    Route("GET", "/models", show_models, dialect="html"),
    Route("GET", "/datasets", show_datasets, dialect="html"),
    Route("GET", "/spaces", show_spaces, dialect="html"),
    Route("GET", "/kernels", show_kernels, dialect="html"),
]
