"""Pages of discussions and pull requests."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.community.types import DiscussionFilter, NewDiscussion
from pioche.errors import Conflict, HubError, InvalidInput, NotFound
from pioche.repos.pages.diff import split_patch
from pioche.repos.pages.links import repo_url
from pioche.repos.pages.show import behind_gate, page_values
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import see_other
from pioche.web.text import _


def show_list(call: Call) -> Response:
    status = call.query("status", "open")
    kind = call.query("type")
    wanted = DiscussionFilter(
        kind="pull_request" if kind == "pull_request" else "discussion" if kind == "discussion" else "",
        status="closed" if status == "closed" else "" if status == "all" else "open",
        page=call.query_int("p", 0, 0, 10_000),
    )
    header = call.hub.browse.header(call.actor, repo_of(call))
    found = call.hub.community.list(call.actor, repo_of(call), wanted)
    values = {"found": found, "status": status, "kind": kind}
    return _page(call, "community/list.html", {**page_values(call, header, "community"), **values})


def show_thread(call: Call) -> Response:
    return _thread(call)


def show_new(call: Call) -> Response:
    return _new(call, {})


def create(call: Call) -> Response:
    form = call.form()
    try:
        new = NewDiscussion(form.get("title", "").strip(), form.get("text", ""))
        num = call.hub.community.open(call.actor, repo_of(call), new)
    except InvalidInput as error:
        return _new(call, form, error.message)
    return see_other(_url(call, num))


def act(call: Call) -> Response:
    """Answer, close, open again, pin, merge, rename, edit or hide, by the button that was pressed."""
    form, num = call.form(), _num(call)
    text, community, repo_id = form.get("text", ""), call.hub.community, repo_of(call)
    try:
        match form.get("do", "comment"):
            case "merge":
                community.merge(call.actor, repo_id, num, text)
                return flash.say(call, see_other(_url(call, num)), _("Merged."), "success")
            case "close" | "open" as do:
                community.set_status(call.actor, repo_id, num, "closed" if do == "close" else "open", text)
            case "pin" | "unpin" as do:
                community.pin(call.actor, repo_id, num, do == "pin")
            case "rename":
                community.rename(call.actor, repo_id, num, form.get("title", ""))
            case "edit":
                # Browsers end lines with two characters; what was not touched is then no edit.
                community.edit_comment(call.actor, repo_id, num, _event_id(form), text.replace("\r\n", "\n"))
            case "hide":
                community.hide_comment(call.actor, repo_id, num, _event_id(form))
            case _:
                community.comment(call.actor, repo_id, num, text)
    except (InvalidInput, Conflict) as error:
        return _thread(call, error, form)
    return see_other(_url(call, num))


def _thread(call: Call, error: HubError | None = None, form: dict[str, str] | None = None) -> Response:
    """`form` is what was sent and not taken."""
    header = call.hub.browse.header(call.actor, repo_of(call))
    view = call.hub.community.details(call.actor, repo_of(call), _num(call), with_patch=True)
    own = view.discussion.author_id is not None and view.discussion.author_id == call.actor.user_id
    values = {
        "view": view,
        "error": error.message if error else "",
        "form": {"do": "", "comment": "", "title": "", "text": "", **(form or {})},
        "may_close": own or header.can_write,
        "may_rename": header.can_discuss and (own or header.can_write),
        "html": {event.id: render_card(event.text, str) for event in view.events if event.kind == "comment"},
        "may_edit": {
            event.id
            for event in view.events
            if event.kind == "comment" and not event.hidden and header.can_discuss
            if header.can_write or event.author_id == call.actor.user_id
        },
        "diffs": split_patch(view.patch or ""),
    }
    status = 409 if isinstance(error, Conflict) else 400 if error else 200
    return _page(call, "community/thread.html", {**page_values(call, header, "community"), **values}, status)


def _new(call: Call, form: dict[str, str], error: str = "") -> Response:
    header = call.hub.browse.header(call.actor, repo_of(call), Action.DISCUSS)
    values = {**page_values(call, header, "community"), "form": form, "error": error}
    return _page(call, "community/new.html", values, 400 if error else 200)


def _page(call: Call, template: str, values: dict[str, Any], status: int = 200) -> Response:
    return call.hub.templates.page(call, template, values, status)


def _num(call: Call) -> int:
    text = call.arg("num")
    if not text.isdecimal() or len(text) > 9:
        raise NotFound(_("There is no such discussion."))
    return int(text)


def _event_id(form: dict[str, str]) -> int:
    text = form.get("comment", "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise NotFound(_("There is no such comment."))
    return int(text)


def _url(call: Call, num: int) -> str:
    return repo_url(repo_of(call), "discussions", str(num))


routes = [
    *for_each_kind("GET", "/{repo}/discussions", show_list, dialect="html"),
    *for_each_kind("GET", "/{repo}/discussions/new", show_new, dialect="html"),
    *for_each_kind("POST", "/{repo}/discussions/new", create, dialect="html"),
    *for_each_kind("GET", "/{repo}/discussions/{num}", behind_gate(show_thread), dialect="html"),
    *for_each_kind("POST", "/{repo}/discussions/{num}", act, dialect="html"),
]
