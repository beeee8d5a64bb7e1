"""Likes by API and by the button of a page."""

from __future__ import annotations

from starlette.responses import Response

from pioche.repos.pages.links import repo_url
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import avatar_url, iso, json_response, page_response, see_other
from pioche.web.routing import Route

PER_PAGE = 500
LAST = 2**62
"""No cursor is larger."""


def like(call: Call) -> Response:
    call.hub.likes.give(call.actor, repo_of(call))
    return json_response({"success": True})


def unlike(call: Call) -> Response:
    call.hub.likes.take_back(call.actor, repo_of(call))
    return json_response({"success": True})


def likers(call: Call) -> Response:
    limit, start = call.query_int("limit", PER_PAGE, 1, PER_PAGE), call.query_int("cursor", 0, 0, LAST)
    found, after = call.hub.likes.likers(call.actor, repo_of(call), start, limit)
    items = [
        {
            "user": liker.name,
            "fullname": liker.fullname or liker.name,
            "avatarUrl": avatar_url(call, liker.name),
            "type": "user",
        }
        for liker in found
    ]
    return page_response(call, items, None if after is None else str(after))


def liked(call: Call) -> Response:
    limit, start = call.query_int("limit", PER_PAGE, 1, PER_PAGE), call.query_int("cursor", 0, 0, LAST)
    page = call.hub.likes.of(call.actor, call.arg("name"), start, limit)
    items = [
        {
            "createdAt": iso(like.created_at),
            "repo": {"name": like.repo.repo_id.full, "type": like.repo.repo_id.kind.value},
        }
        for like in page.likes
    ]
    return page_response(call, items, None if page.cursor is None else str(page.cursor))


def press(call: Call) -> Response:
    """The button in the header of a repository; afterwards its first page is shown."""
    repo_id, likes = repo_of(call), call.hub.likes
    change = likes.take_back if call.form().get("do") == "unlike" else likes.give
    change(call.actor, repo_id)
    return see_other(repo_url(repo_id))


routes = [
    *for_each_kind("POST", "/api/{repo}/like", like),
    *for_each_kind("DELETE", "/api/{repo}/like", unlike),
    *for_each_kind("GET", "/api/{repo}/likers", likers),
    Route("GET", "/api/users/{name}/likes", liked),
    *for_each_kind("POST", "/{repo}/like", press, dialect="html"),
]
