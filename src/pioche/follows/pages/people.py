"""The button on profiles, the pages of followers and following, and the feed."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.types import AccountKind
from pioche.errors import NotFound, Unauthenticated
from pioche.follows.types import FacePage
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _

PAGE = 60
DEEDS = 40
LAST = 2**62


def press(call: Call) -> Response:
    """Follow, or no longer; afterwards the profile is shown."""
    account = call.hub.accounts.find_account(call.arg("ns"))
    change = call.hub.follows.unfollow if call.form().get("do") == "unfollow" else call.hub.follows.follow
    change(call.actor, account.name, account.kind)
    return see_other(f"/{account.name}")


def show_people(call: Call) -> Response:
    """`?show=following` or `followers` (otherwise) of one account."""
    account = call.hub.accounts.find_account(call.arg("ns"))
    start, follows = call.query_int("cursor", 0, 0, LAST), call.hub.follows
    shown = call.query("show", "followers")
    if shown == "followers":
        page = follows.followers(call.actor, account.name, account.kind, start, PAGE)
    elif shown in ("following", "organizations") and account.kind is AccountKind.USER:
        kind = AccountKind.USER if shown == "following" else AccountKind.ORG
        page = follows.following(call.actor, account.name, kind, start, PAGE)
    else:
        raise NotFound(_("There is no such list."))
    return _people(call, account.name, account.kind, shown, page)


def _people(call: Call, name: str, kind: AccountKind, shown: str, page: FacePage) -> Response:
    values = {
        "name": name,
        "is_user": kind is AccountKind.USER,
        "shown": shown,
        "faces": page.faces,
        "next_url": f"/{name}/-/people?show={shown}&cursor={page.cursor}" if page.cursor else "",
    }
    return call.hub.templates.page(call, "follows/people.html", values)


def show_activity(call: Call) -> Response:
    """Of one account, by pages."""
    account = call.hub.accounts.find_account(call.arg("ns"))
    feed = call.hub.follows.deeds_of(call.actor, account, call.query_int("before", 0, 0, LAST), DEEDS)
    values = {"name": account.name, "feed": feed, "place": f"/{account.name}/-/activity"}
    return call.hub.templates.page(call, "follows/activity.html", values)


def show_feed(call: Call) -> Response:
    """Of all whom one follows, by pages."""
    if call.actor.is_anonymous:
        raise Unauthenticated(_("Log in to see what those do whom you follow."))
    feed = call.hub.follows.feed(call.actor, call.query_int("before", 0, 0, LAST), DEEDS)
    return call.hub.templates.page(call, "follows/activity.html", {"name": "", "feed": feed, "place": "/activity"})


routes = [
    Route("GET", "/activity", show_feed, dialect="html"),
    Route("GET", "/{ns}/-/people", show_people, dialect="html"),
    Route("GET", "/{ns}/-/activity", show_activity, dialect="html"),
    Route("POST", "/{ns}/-/follow", press, dialect="html", limit=64 * 1024),
]
