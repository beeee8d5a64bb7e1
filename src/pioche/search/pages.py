"""Words in cards: a page of its own, and the same by API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.names import RepoKind
from pioche.search.texts import DEEPEST, HitPage
from pioche.web.call import Call
from pioche.web.responses import json_response
from pioche.web.routing import Route
from pioche.web.text import _

PAGE = 20


@dataclass(frozen=True, slots=True)
class TextView:
    text: str
    kind: RepoKind | None
    page: int
    found: HitPage

    @property
    def total(self) -> int:
        return sum(count for kind, count in self.found.totals.items() if self.kind in (None, kind))

    @property
    def pages(self) -> int:
        return min(-(-self.total // PAGE), DEEPEST // PAGE)

    @property
    def kinds(self) -> Sequence[tuple[RepoKind | None, int]]:
        """Each kind with its number of hits, all together first."""
        return [(None, sum(self.found.totals.values())), *self.found.totals.items()]

    def url(self, **changes: object) -> str:
        values = {"q": self.text, "type": self.kind.value if self.kind else "", **changes}
        return "/search/full-text?" + urlencode({key: value for key, value in values.items() if value})


def full_text(call: Call) -> Response:
    text, kind = _asked(call)
    page = call.query_int("p", 0, 0, DEEPEST // PAGE - 1)
    found = call.hub.texts.find(call.actor, text, kind, page * PAGE, PAGE)
    return call.hub.templates.page(call, "search/full_text.html", {"view": TextView(text, kind, page, found)})


def full_text_by_api(call: Call) -> Response:
    text, kind = _asked(call)
    limit = call.query_int("limit", PAGE, 1, 100)
    offset = call.query_int("offset", 0, 0, DEEPEST - limit)
    found = call.hub.texts.find(call.actor, text, kind, offset, limit)
    hits = [
        {
            "repoId": {"name": hit.repo.repo_id.full, "type": hit.repo.repo_id.kind.value},
            "tags": list(hit.repo.tags),
            "likes": hit.repo.likes,
            "private": hit.repo.private,
            "snippets": [
                [{"text": piece, "highlight": is_hit} for piece, is_hit in snippet if piece] for snippet in hit.snippets
            ],
        }
        for hit in found.hits
    ]
    totals = {kind.plural: count for kind, count in found.totals.items()}
    return json_response({"hits": hits, "estimatedTotalHits": totals, "ready": found.is_ready})


def _asked(call: Call) -> tuple[str, RepoKind | None]:
    kind = call.query("type")
    if kind and kind not in list(RepoKind):
        raise InvalidInput(_("'type' is one of: %(kinds)s.") % {"kinds": ", ".join(RepoKind)})
    return call.query("q").strip()[:300], RepoKind(kind) if kind else None


routes = [
    Route("GET", "/search/full-text", full_text, dialect="html"),
    Route("GET", "/api/search/full-text", full_text_by_api),
]
