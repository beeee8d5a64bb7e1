"""Pages of discussions and pull requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.community.acting import do
from pioche.community.rendering import render_comments
from pioche.community.types import EMOJIS, DiscussionDetails, DiscussionFilter, NewDiscussion, Part
from pioche.errors import Conflict, HubError, InvalidInput, NotFound
from pioche.repos.pages.links import repo_url
from pioche.repos.pages.show import behind_gate, page_values
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import see_other
from pioche.web.text import _


def show_list(call: Call) -> Response:
    status, kind = call.query("status", "open"), call.query("type")
    sort = call.query("sort")
    wanted = DiscussionFilter(
        kind="pull_request" if kind == "pull_request" else "discussion" if kind == "discussion" else "",
        status="closed" if status == "closed" else "" if status == "all" else "open",
        author=call.query("author").strip()[:96],
        search=call.query("search").strip()[:200],
        sort="trending" if sort == "trending" else "reactions" if sort == "reactions" else "recently-created",
        page=call.query_int("p", 0, 0, 10_000),
    )
    header = call.hub.browse.header(call.actor, repo_of(call))
    found = call.hub.community.list(call.actor, repo_of(call), wanted)
    asked: dict[str, str] = {"status": wanted.status or "all", "type": wanted.kind, "sort": wanted.sort}
    asked |= {"author": wanted.author, "search": wanted.search}

    def link(**changed: str | int) -> str:
        query = urlencode({key: value for key, value in {**asked, **changed}.items() if value})
        return f"{repo_url(repo_of(call), 'discussions')}?{query}"

    values = {"found": found, "asked": asked, "link": link}
    return _page(call, "community/list.html", {**page_values(call, header, "community"), **values})


def show_thread(call: Call) -> Response:
    return _thread(call)


def show_new(call: Call) -> Response:
    return _new(call, {})


def create(call: Call) -> Response:
    form = call.form()
    if form.get("do") == "preview":
        return _new(call, form, preview=_preview(call, form))
    try:
        new = NewDiscussion(form.get("title", "").strip(), form.get("text", ""))
        num = call.hub.community.open(call.actor, repo_of(call), new)
    except InvalidInput as error:
        return _new(call, form, error.message)
    return see_other(_url(call, num))


def preview(call: Call) -> Response:
    """What a comment would look like, as a piece of a page."""
    values = {"preview": _preview(call, call.form())}
    return _page(call, "community/preview.html", values)


def act(call: Call) -> Response:
    """What the button says that was pressed. What is not taken comes back with the reason."""
    form, num = call.form(), _num(call)
    if form.get("do") == "preview":
        return _thread(call, form=form, preview=_preview(call, form))
    try:
        return do(call, form, num) or see_other(_url(call, num))
    except (InvalidInput, Conflict) as error:
        return _thread(call, error, form)


def _thread(
    call: Call, error: HubError | None = None, form: dict[str, str] | None = None, preview: str | None = None
) -> Response:
    """`form` is what was sent and not taken."""
    header = call.hub.browse.header(call.actor, repo_of(call))
    view = call.hub.community.details(call.actor, repo_of(call), _num(call), part=_part(call))
    own = view.discussion.author_id is not None and view.discussion.author_id == call.actor.user_id
    talks = header.can_discuss and header.discussions_open and (header.can_write or not view.discussion.locked)
    values = {
        "view": view,
        "error": error.message if error else "",
        "form": {"do": "", "comment": "", "title": "", "text": _quoted(call, view), **(form or {})},
        "preview": preview,
        "talks": talks,
        "may_close": talks and (own or header.can_write),
        "may_hide": _own_comments(view, call.actor.user_id, header.can_write) if header.can_discuss else set(),
        "html": render_comments(view.events),
        "emojis": EMOJIS,
    }
    status = 409 if isinstance(error, Conflict) else 400 if error else 200
    return _page(call, "community/thread.html", {**page_values(call, header, "community"), **values}, status)


def _quoted(call: Call, view: DiscussionDetails) -> str:
    """What an answer begins with that quotes the comment of the address."""
    if not call.query_flag("quote"):
        return ""
    comment = _part(call).comment
    for event in view.events:
        if event.kind == "comment" and event.id == comment and event.text:
            return "".join(f"> {line}\n" for line in event.text.splitlines()) + "\n"
    return ""


def _own_comments(view: DiscussionDetails, user_id: int | None, all_of_them: bool) -> set[int]:
    """Those that this reader may edit and hide."""
    shown = [event for event in view.events if event.kind == "comment" and not event.hidden]
    return {event.id for event in shown if all_of_them or (user_id is not None and event.author_id == user_id)}


def _part(call: Call) -> Part:
    comment = call.query("comment")
    number = int(comment) if comment.isascii() and comment.isdecimal() and len(comment) <= 15 else None
    return Part(call.query_int("p", 0, 0, 1_000_000), number)


def _preview(call: Call, form: dict[str, str]) -> str:
    text = form.get("text", "")
    return render_card(text, str, refers=call.hub.writing.refers(call.actor, repo_of(call), text))


def _new(call: Call, form: dict[str, str], error: str = "", preview: str | None = None) -> Response:
    header = call.hub.browse.header(call.actor, repo_of(call), Action.DISCUSS)
    values = {**page_values(call, header, "community"), "form": form, "error": error, "preview": preview}
    return _page(call, "community/new.html", values, 400 if error else 200)


def _page(call: Call, template: str, values: dict[str, Any], status: int = 200) -> Response:
    return call.hub.templates.page(call, template, values, status)


def _num(call: Call) -> int:
    text = call.arg("num")
    if not text.isdecimal() or len(text) > 9:
        raise NotFound(_("There is no such discussion."))
    return int(text)


def _url(call: Call, num: int) -> str:
    return repo_url(repo_of(call), "discussions", str(num))


routes = [
    *for_each_kind("GET", "/{repo}/discussions", show_list, dialect="html"),
    *for_each_kind("GET", "/{repo}/discussions/new", show_new, dialect="html"),
    *for_each_kind("POST", "/{repo}/discussions/new", create, dialect="html"),
    *for_each_kind("POST", "/{repo}/discussions/preview", preview, dialect="html"),
    *for_each_kind("GET", "/{repo}/discussions/{num}", behind_gate(show_thread), dialect="html"),
    *for_each_kind("POST", "/{repo}/discussions/{num}", act, dialect="html"),
]
