"""Home, and the lists of models, datasets and Spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from pioche.names import RepoKind
from pioche.repos.types import Repo, RepoFilter, Sort
from pioche.web.call import Call
from pioche.web.routing import Route

PAGE = 30
SORTS: tuple[Sort, ...] = ("lastModified", "createdAt", "likes", "downloads")


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of repositories. `total` is how many there are in all that the reader may see."""

    kind: RepoKind
    repos: Sequence[Repo]
    total: int
    page: int
    pages: int
    search: str
    sort: str
    filters: Sequence[tuple[str, str]]  # (query key, value) of what narrows the list, but the name
    elsewhere: Sequence[tuple[RepoKind, int]]  # how many of the other kinds have a name like the one looked for

    def url(self, **changes: str | int) -> str:
        """The address of this list with something changed; an empty value takes it out."""
        query = [*self.filters, ("search", self.search), ("sort", "" if self.sort == SORTS[0] else self.sort)]
        query = [(key, value) for key, value in query if key not in changes]
        query += [(key, str(value)) for key, value in changes.items()]
        text = urlencode([(key, value) for key, value in query if value])
        return f"/{self.kind.plural}" + (f"?{text}" if text else "")

    def without(self, item: tuple[str, str]) -> str:
        """The address without one of the filters."""
        left = [pair for pair in self.filters if pair != item]
        text = urlencode([*left, *([("search", self.search)] if self.search else [])])
        return f"/{self.kind.plural}" + (f"?{text}" if text else "")


def home(call: Call) -> Response:
    if call.actor.is_anonymous and call.hub.accounts.setup_key() is not None:
        return call.hub.templates.page(call, "repos/welcome.html", {})
    columns = [(kind, _find(call, RepoFilter(kind=kind), 8)) for kind in RepoKind]
    mine = _find(call, RepoFilter(author=call.actor.name), 8) if not call.actor.is_anonymous else []
    return call.hub.templates.page(
        call, "repos/home.html", {"columns": columns, "mine": mine, "feed": call.hub.follows.feed(call.actor, 0, 12)}
    )


def show_list(kind: RepoKind, call: Call) -> Response:
    page = call.query_int("p", 0, 0, 10_000)
    filters = [(k, v) for k in ("filter", "author", "pipeline_tag", "library") for v in call.query_list(k) if v]
    wanted = RepoFilter(
        kind=kind,
        search=call.query("search").strip(),
        author=call.query("author") or None,
        tags=tuple(v for k, v in filters if k == "filter"),
        pipeline_tag=call.query("pipeline_tag") or None,
        library=call.query("library") or None,
        sort=next((name for name in SORTS if name == call.query("sort")), SORTS[0]),
    )
    total = call.hub.repos.count(call.actor, wanted)
    repos = call.hub.repos.page(call.actor, wanted, page * PAGE, PAGE)
    view = ListPage(
        kind, repos, total, page, -(-total // PAGE), wanted.search, wanted.sort, filters, _elsewhere(call, wanted)
    )
    return call.hub.templates.page(call, "repos/list.html", {"view": view, "sorts": SORTS})


def _elsewhere(call: Call, wanted: RepoFilter) -> list[tuple[RepoKind, int]]:
    if not wanted.search:
        return []
    others = [kind for kind in RepoKind if kind != wanted.kind]
    found = [(kind, call.hub.repos.count(call.actor, RepoFilter(kind=kind, search=wanted.search))) for kind in others]
    return [(kind, total) for kind, total in found if total]


def docs(call: Call) -> Response:
    return call.hub.templates.page(call, "repos/docs.html", {})


def _find(call: Call, wanted: RepoFilter, limit: int) -> Sequence[Repo]:
    repos: Sequence[Repo] = call.hub.repos.page(call.actor, wanted, 0, limit)
    return repos


def show_models(call: Call) -> Response:
    return show_list(RepoKind.MODEL, call)


def show_datasets(call: Call) -> Response:
    return show_list(RepoKind.DATASET, call)


def show_spaces(call: Call) -> Response:
    return show_list(RepoKind.SPACE, call)


routes = [
    Route("GET", "/", home, dialect="html"),
    Route("GET", "/models", show_models, dialect="html"),
    Route("GET", "/datasets", show_datasets, dialect="html"),
    Route("GET", "/spaces", show_spaces, dialect="html"),
    Route("GET", "/docs", docs, dialect="html"),
]
