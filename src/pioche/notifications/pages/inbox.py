"""The inbox."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from pioche.errors import InvalidInput, NotFound
from pioche.names import RepoId, RepoKind
from pioche.notifications.types import Chosen, NoticeFilter
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _

PAGE = 30
PAGES = 10_000
VIEWS = ("unread", "all", "done")
_HIGHEST = 2**62


def show(call: Call) -> Response:
    inbox, page = call.hub.notifications.inbox, call.query_int("p", 0, 0, PAGES)
    view = call.query("view", "all")
    found = inbox.page(call.actor, _wanted(call), page, PAGE)
    values = {
        "found": found,
        "view": view if view in VIEWS else "all",
        "repo": call.query("repo"),
        "repos": inbox.repos(call.actor),
        "page": page,
        "pages": -(-found.view // PAGE),
        "here": _address(call),
    }
    return call.hub.templates.page(call, "notifications/inbox.html", values)


def change(call: Call) -> Response:
    """`one` is `do:id`; else `do` with the chosen `id`s, or with `all`."""
    items = call.form_items()
    form, inbox = dict(items), call.hub.notifications.inbox
    do, _colon, one = form.get("one", "").partition(":")
    if do:
        chosen = Chosen(ids=(_number(one),))
    else:
        do = form.get("do", "")
        ids = tuple(_number(value) for key, value in items if key == "id")
        # What came after the page was made is not among "all" of it.
        everything = _wanted(call, until=_number(form.get("until", "0"))) if do.startswith("all-") else None
        do, chosen = do.removeprefix("all-"), Chosen(ids=ids, all_of=everything)
    match do:
        case "read" | "unread":
            inbox.mark(call.actor, chosen, read=do == "read")
        case "done" | "undone":
            inbox.finish(call.actor, chosen, done=do == "done")
        case "mute" if chosen.all_of is None:
            inbox.mute(call.actor, chosen)
            return flash.say(call, see_other(_address(call)), _("You are told nothing more about this."), "success")
        case _:
            raise InvalidInput(_("'do' is one of: read, unread, done, undone, mute."))
    return see_other(_address(call))


def open_one(call: Call) -> Response:
    """Leads to what it is about, and it is read."""
    text = call.arg("number")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise NotFound(_("There is no such notification."))
    return see_other(call.hub.notifications.inbox.open(call.actor, int(text)).path)


def _wanted(call: Call, until: int | None = None) -> NoticeFilter:
    view, repo = call.query("view", "all"), None
    kind, _slash, name = call.query("repo").partition("/")
    if name:
        repo = RepoId.parse(RepoKind.from_plural(kind), name)
    read = "unread" if view == "unread" else "all"
    return NoticeFilter(read=read, done=view == "done", repo=repo, until=until)  # type: ignore[arg-type]


def _address(call: Call) -> str:
    query = [(key, value) for key in ("view", "repo", "p") if (value := call.query(key))]
    return "/notifications" + (f"?{urlencode(query)}" if query else "")


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:19]) < _HIGHEST:
        return int(text[:19])
    raise InvalidInput(_("There is no such notification."))


routes = [
    Route("GET", "/notifications", show, dialect="html"),
    Route("POST", "/notifications", change, dialect="html", limit=256 * 1024),
    Route("GET", "/notifications/{number}", open_one, dialect="html"),
]
