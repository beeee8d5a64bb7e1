"""Search over everything by name: a page of its own, and the list below the field at the top of every page."""

from __future__ import annotations

from starlette.responses import Response

from pioche.names import RepoKind
from pioche.repos.types import RepoFilter
from pioche.web.call import Call
from pioche.web.routing import Route

SHOWN, SUGGESTED = 10, 4
MAX_TEXT = 300


def search(call: Call) -> Response:
    """`part` asks for the list alone."""
    text = call.query("search").strip()[:MAX_TEXT]
    part = call.query_flag("part")
    groups = [(kind, _found(call, kind, text, SUGGESTED if part else SHOWN)) for kind in RepoKind] if text else []
    values = {"text": text, "groups": [(kind, found) for kind, found in groups if found]}
    return call.hub.templates.page(call, "repos/suggestions.html" if part else "repos/search.html", values)


def _found(call: Call, kind: RepoKind, text: str, limit: int) -> list[str]:
    wanted = RepoFilter(kind=kind, search=text, sort="likes")
    return [repo.repo_id.full for repo in call.hub.search.page(call.actor, wanted, 0, limit)]


routes = [Route("GET", "/search", search, dialect="html")]
