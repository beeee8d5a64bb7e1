"""Discussions by API."""

from __future__ import annotations

import re
from typing import Any

from msgspec import UNSET
from starlette.responses import Response

from pioche.community.types import (
    Discussion,
    DiscussionDetails,
    DiscussionEvent,
    DiscussionFilter,
    NewDiscussion,
)
from pioche.errors import InvalidInput, NotFound
from pioche.names import RepoId
from pioche.protocols.hub import discussion as wire
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import external_id, iso, json_response

HIDDEN = "This comment is hidden."
"""What clients read in its place."""


def list_discussions(call: Call) -> Response:
    page = call.hub.community.list(call.actor, repo_of(call), _filter(call))
    found = [wire.Discussion(**_fields(item, page.repo.repo_id)) for item in page.discussions]
    return json_response(wire.DiscussionList(found, page.count, page.start))


def open_discussion(call: Call) -> Response:
    asked = call.json(wire.NewDiscussion)
    new = NewDiscussion(asked.title.strip(), asked.description, asked.pull_request)
    repo_id = repo_of(call)
    num = call.hub.community.open(call.actor, repo_id, new)
    url = f"{call.base_url}/{repo_id.path}/discussions/{num}"
    return json_response({"num": num, "pullRequest": new.is_pull_request, "url": url})


def discussion(call: Call) -> Response:
    details = call.hub.community.details(call.actor, repo_of(call), _num(call), call.query_flag("diff"))
    return json_response(_details(details))


def comment(call: Call) -> Response:
    text = call.json(wire.NewComment).comment
    event = call.hub.community.comment(call.actor, repo_of(call), _num(call), text)
    return json_response({"newMessage": _event(event)})


def edit_comment(call: Call) -> Response:
    text = call.json(wire.EditedComment).content
    event = call.hub.community.edit_comment(call.actor, repo_of(call), _num(call), _comment_id(call), text)
    return json_response({"updatedComment": _event(event)})


def hide_comment(call: Call) -> Response:
    event = call.hub.community.hide_comment(call.actor, repo_of(call), _num(call), _comment_id(call))
    return json_response({"updatedComment": _event(event)})


def rename(call: Call) -> Response:
    event = call.hub.community.rename(call.actor, repo_of(call), _num(call), call.json(wire.NewTitle).title)
    return json_response({"newTitle": _event(event)})


def set_status(call: Call) -> Response:
    asked = call.json(wire.NewStatus)
    event = call.hub.community.set_status(call.actor, repo_of(call), _num(call), asked.status, asked.comment or "")
    return json_response({"newStatus": _event(event)})


def pin(call: Call) -> Response:
    pinned = call.json(wire.Pin).pinned
    call.hub.community.pin(call.actor, repo_of(call), _num(call), pinned)
    return json_response({"pinned": pinned})


def merge(call: Call) -> Response:
    text = call.json(wire.Merge).comment or ""
    oid = call.hub.community.merge(call.actor, repo_of(call), _num(call), text)
    return json_response({"success": True, "commitOid": oid})


def _num(call: Call) -> int:
    text = call.arg("num")
    if not text.isdecimal() or len(text) > 9:
        raise NotFound(f"There is no discussion '{text[:20]}' here.")
    return int(text)


def _comment_id(call: Call) -> int:
    """The number behind an id of 24 hex digits; what is no such id, or larger than any, is no comment."""
    text = call.arg("event")
    if not re.fullmatch(r"0{9}[0-7][0-9a-f]{14}", text, re.ASCII | re.IGNORECASE):
        raise NotFound("There is no such comment here.")
    return int(text, 16)


def _filter(call: Call) -> DiscussionFilter:
    kind, status = call.query("type", "all"), call.query("status", "all")
    match kind:
        case "all" | "discussion" | "pull_request":
            pass
        case _:
            raise InvalidInput("'type' is one of: all, discussion, pull_request.")
    match status:
        case "all" | "open" | "closed":
            pass
        case _:
            raise InvalidInput("'status' is one of: all, open, closed.")
    return DiscussionFilter(
        "" if kind == "all" else kind,
        "" if status == "all" else status,
        call.query("author"),
        call.query_int("p", 0, 0, 100_000),
    )


def _fields(item: Discussion, repo_id: RepoId) -> dict[str, Any]:
    return {
        "num": item.num,
        "title": item.title,
        "status": item.status,
        "is_pull_request": item.is_pull_request,
        "created_at": iso(item.created_at),
        "pinned": item.pinned,
        "repo": wire.RepoName(repo_id.full, repo_id.kind.value),
        "author": UNSET if item.author is None else wire.Author(item.author),
    }


def _details(details: DiscussionDetails) -> wire.Details:
    item = details.discussion
    answer = wire.Details(**_fields(item, details.repo.repo_id), events=[_event(event) for event in details.events])
    if item.is_pull_request:
        answer.files_with_conflicts = list(details.conflicts)
        answer.changes = wire.Changes(item.base, item.merge_commit or UNSET)
        answer.diff = UNSET if details.patch is None else details.patch
    return answer


def _event(event: DiscussionEvent) -> wire.Event:
    return wire.Event(
        id=event.oid or external_id(event.id),
        type=event.kind,
        created_at=iso(event.created_at),
        data=_event_data(event),
        author=UNSET if event.author is None else wire.Author(event.author),
    )


def _event_data(event: DiscussionEvent) -> dict[str, Any]:
    match event.kind:
        case "comment":
            return _comment_data(event)
        case "status-change":
            return {"status": event.text}
        case "commit":
            return {"subject": event.text, "oid": event.oid}
        case "title-change":
            return {"from": event.was, "to": event.text}


def _comment_data(event: DiscussionEvent) -> dict[str, Any]:
    edited = event.edited_at is not None
    written_at = event.created_at if event.edited_at is None else event.edited_at
    latest = _version(event.editor if edited else event.author, event.text, written_at)
    if event.hidden:
        latest |= {"raw": HIDDEN, "html": ""}
    else:
        latest["html"] = render_card(event.text, str)
    history = [_version(item.author, item.text, item.written_at) for item in event.history]
    return {"edited": edited, "hidden": event.hidden, "latest": latest, "history": history}


def _version(author: str | None, text: str, written_at: int) -> dict[str, Any]:
    """The author is absent once that account is gone."""
    version: dict[str, Any] = {"raw": text, "updatedAt": iso(written_at)}
    return version if author is None else {**version, "author": {"name": author}}


routes = [
    *for_each_kind("GET", "/api/{repo}/discussions", list_discussions),
    *for_each_kind("POST", "/api/{repo}/discussions", open_discussion),
    *for_each_kind("GET", "/api/{repo}/discussions/{num}", discussion),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/comment", comment),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/comment/{event}/edit", edit_comment),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/comment/{event}/hide", hide_comment),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/title", rename),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/status", set_status),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/pin", pin),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/merge", merge),
]
