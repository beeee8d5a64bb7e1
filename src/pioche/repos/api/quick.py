"""Looking quickly: names of everything as one types, and what trends, by API."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.accounts.types import Account, AccountKind
from pioche.errors import InvalidInput
from pioche.names import RepoKind
from pioche.repos.api.info import InfoWriter
from pioche.repos.types import Repo, RepoFilter
from pioche.web.call import Call
from pioche.web.responses import avatar_url, external_id, json_response
from pioche.web.routing import Route

MOST, MAX_TEXT = 20, 300
MAX_SPACES, SHOWN_SPACES = 2_000, 50
"""The Spaces that trend most are looked through, as there is no index of what they are about."""
SORTS: dict[str, RepoKind] = {kind.plural: kind for kind in RepoKind}
ACCOUNTS = ("users", "orgs")
_LISTED = ("author", "likes", "downloads", "pipeline_tag", "lastModified", "private", "tags", "sdk")


class QuickRequest(msgspec.Struct):
    q: str = ""
    limit: int = 5
    type: list[str] | None = None


def quicksearch(call: Call) -> Response:
    wanted = call.query_list("type") or None
    return _quick(call, call.query("q"), call.query_int("limit", 5, 1, MOST), wanted)


def quicksearch_by_post(call: Call) -> Response:
    asked = call.json(QuickRequest)
    return _quick(call, asked.q, min(MOST, max(1, asked.limit)), asked.type)


def trending(call: Call) -> Response:
    """What trends of each kind, or of the one that `type` names (`model`, `dataset`, `space`, `all`)."""
    text, limit = call.query("type", "all"), call.query_int("limit", 10, 1, MOST)
    kinds = [kind for kind in RepoKind if text in ("all", kind.value)]
    if not kinds:
        raise InvalidInput(f"'type' is one of: all, {', '.join(RepoKind)}; not '{text[:20]}'.")
    found = [repo for kind in kinds for repo in _page(call, kind, "", limit)]
    found.sort(key=lambda repo: -repo.trending)
    writer = InfoWriter(call.hub.infos, call.actor)
    listed = [
        {"repoType": repo.repo_id.kind.value, "repoData": writer.write(call.hub.infos.of_row(repo), _LISTED)}
        for repo in found[:limit]
    ]
    return json_response({"recentlyTrending": listed})


def search_spaces(call: Call) -> Response:
    """Spaces by what they are about: those whose name, title, description or tags have most of the words."""
    words = set(re.findall(r"\w+", call.query("q")[:MAX_TEXT].lower()))
    if not words:
        raise InvalidInput("Say what to look for: 'q'.")
    tags, sdks = set(call.query_list("filter")), set(call.query_list("sdk"))
    scored = []
    for repo in _page(call, RepoKind.SPACE, "", MAX_SPACES):
        hits = len(words & set(re.findall(r"\w+", _about(repo))))
        if hits and tags <= set(repo.tags) and (not sdks or repo.sdk in sdks):
            scored.append((hits / len(words), repo))
    scored.sort(key=lambda pair: (-pair[0], -pair[1].trending))
    return json_response([_space(repo, score) for score, repo in scored[:SHOWN_SPACES]])


def _about(repo: Repo) -> str:
    said = [repo.repo_id.full, str(repo.card.get("title", "")), str(repo.card.get("short_description", ""))]
    return " ".join([*said, *repo.tags]).lower()


def _space(repo: Repo, score: float) -> dict[str, Any]:
    return {
        "id": repo.repo_id.full,
        "author": repo.repo_id.namespace,
        "title": str(repo.card.get("title", "")) or repo.repo_id.name,
        "emoji": str(repo.card.get("emoji", "")),
        "sdk": repo.sdk,
        "likes": repo.likes,
        "private": repo.private,
        "tags": list(repo.tags),
        "runtime": {"stage": "STOPPED"},
        "ai_short_description": str(repo.card.get("short_description", "")),
        "semanticRelevancyScore": round(score, 3),
        "trendingScore": round(repo.trending),
    }


def _quick(call: Call, text: str, limit: int, types: list[str] | None) -> Response:
    known = [*SORTS, *ACCOUNTS, "collections", "papers", "buckets"]
    if types and (odd := next((one for one in types if one.rstrip("s") + "s" not in known), None)):
        raise InvalidInput(f"'type' is one of: {', '.join(known)}; not '{odd[:20]}'.")
    asked = {one.rstrip("s") + "s" for one in types} if types else set(known)
    text, said = text.strip()[:MAX_TEXT], dict[str, Any]()
    for name, kind in SORTS.items():
        if name in asked:
            wanted = RepoFilter(kind=kind, search=text, sort="trendingScore")
            rows, total = call.hub.search.top(call.actor, wanted, limit) if text else ((), 0)
            said[name], said[f"{name}Count"] = [_repo(one) for one in rows], total
    if set(ACCOUNTS) & asked:
        found = call.hub.accounts.people.named(text, limit) if text else []
        for name, sort in (("users", "user"), ("orgs", "org")):
            if name in asked:
                of_sort = [one for one in found if one.kind.value == sort][:limit]
                said[name] = [_account(call, one) for one in of_sort]
                said[f"{name}Count"] = len(of_sort)
    return json_response({"q": text, **said})


def _page(call: Call, kind: RepoKind, text: str, limit: int) -> list[Repo]:
    return list(call.hub.search.page(call.actor, RepoFilter(kind=kind, search=text, sort="trendingScore"), 0, limit))


def _account(call: Call, one: Account) -> dict[str, Any]:
    key = "user" if one.kind is AccountKind.USER else "name"
    return {key: one.name, "fullname": one.fullname, "avatarUrl": avatar_url(call, one.name)}


def _repo(repo: Repo) -> dict[str, Any]:
    return {"_id": external_id(repo.id), "id": repo.repo_id.full, "trendingWeight": round(repo.trending, 3)}


routes = [
    Route("GET", "/api/spaces/semantic-search", search_spaces),
    Route("GET", "/api/quicksearch", quicksearch),
    Route("POST", "/api/quicksearch", quicksearch_by_post, safe=True),
    Route("GET", "/api/trending", trending),
]
