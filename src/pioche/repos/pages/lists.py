"""Home, and the page that tells how to use the hub."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from pioche.names import RepoKind
from pioche.repos.types import Repo, RepoFilter
from pioche.web.call import Call
from pioche.web.routing import Route

TRENDING = 8
SHOWN = (RepoKind.MODEL, RepoKind.DATASET, RepoKind.SPACE)


def home(call: Call) -> Response:
    """What trends of each kind among what the reader may see; for who has logged in also what is theirs."""
    if call.actor.is_anonymous and call.hub.accounts.setup_key() is not None:
        return call.hub.templates.page(call, "repos/welcome.html", {})
    columns = [(kind, _find(call, RepoFilter(kind=kind, sort="trendingScore"), TRENDING)) for kind in SHOWN]
    mine = _find(call, RepoFilter(author=call.actor.name), 8) if not call.actor.is_anonymous else []
    return call.hub.templates.page(
        call, "repos/home.html", {"columns": columns, "mine": mine, "feed": call.hub.follows.feed(call.actor, 0, 12)}
    )


def docs(call: Call) -> Response:
    return call.hub.templates.page(call, "repos/docs.html", {})


def _find(call: Call, wanted: RepoFilter, limit: int) -> Sequence[Repo]:
    repos: Sequence[Repo] = call.hub.search.page(call.actor, wanted, 0, limit)
    return repos


routes = [
    Route("GET", "/", home, dialect="html"),
    Route("GET", "/docs", docs, dialect="html"),
]
