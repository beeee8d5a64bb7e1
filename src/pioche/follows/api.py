"""Following by API: doing it, and the three lists."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.types import AccountKind
from pioche.follows.types import FacePage
from pioche.web.call import Call
from pioche.web.responses import avatar_url, json_response, page_response
from pioche.web.routing import Route

PER_PAGE = 500
LAST = 2**62
"""No cursor is larger."""


def follow_user(call: Call) -> Response:
    call.hub.follows.follow(call.actor, call.arg("name"), AccountKind.USER)
    return json_response({"success": True})


def unfollow_user(call: Call) -> Response:
    call.hub.follows.unfollow(call.actor, call.arg("name"), AccountKind.USER)
    return json_response({"success": True})


def follow_org(call: Call) -> Response:
    call.hub.follows.follow(call.actor, call.arg("name"), AccountKind.ORG)
    return json_response({"success": True})


def unfollow_org(call: Call) -> Response:
    call.hub.follows.unfollow(call.actor, call.arg("name"), AccountKind.ORG)
    return json_response({"success": True})


def user_followers(call: Call) -> Response:
    start, limit = _place(call)
    return _page(call, call.hub.follows.followers(call.actor, call.arg("name"), AccountKind.USER, start, limit))


def org_followers(call: Call) -> Response:
    start, limit = _place(call)
    return _page(call, call.hub.follows.followers(call.actor, call.arg("name"), AccountKind.ORG, start, limit))


def following(call: Call) -> Response:
    start, limit = _place(call)
    return _page(call, call.hub.follows.following(call.actor, call.arg("name"), AccountKind.USER, start, limit))


def _place(call: Call) -> tuple[int, int]:
    return call.query_int("cursor", 0, 0, LAST), call.query_int("limit", PER_PAGE, 1, PER_PAGE)


def _page(call: Call, page: FacePage) -> Response:
    items: list[dict[str, Any]] = [
        {
            "user": face.name,
            "fullname": face.fullname or face.name,
            "avatarUrl": avatar_url(call, face.name),
            "type": "user",
            "isPro": False,
            "isFollowing": face.followed,
        }
        for face in page.faces
    ]
    return page_response(call, items, None if page.cursor is None else str(page.cursor))


routes = [
    Route("POST", "/api/users/{name}/follow", follow_user),
    Route("DELETE", "/api/users/{name}/follow", unfollow_user),
    Route("POST", "/api/organizations/{name}/follow", follow_org),
    Route("DELETE", "/api/organizations/{name}/follow", unfollow_org),
    Route("GET", "/api/users/{name}/followers", user_followers),
    Route("GET", "/api/users/{name}/following", following),
    Route("GET", "/api/organizations/{name}/followers", org_followers),
]
