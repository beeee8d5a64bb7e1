"""Discussions by API."""

from __future__ import annotations

import re

from starlette.responses import Response

from pioche.community.answers import details_answer, event_answer, fields_of
from pioche.community.types import SORTS, CommentEdit, DiscussionFilter, NewDiscussion, Sort
from pioche.errors import InvalidInput, NotFound
from pioche.protocols.hub import discussion as wire
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import json_response


def list_discussions(call: Call) -> Response:
    page = call.hub.community.list(call.actor, repo_of(call), _filter(call))
    found = [wire.Discussion(**fields_of(item, page.repo.repo_id)) for item in page.discussions]
    return json_response(wire.DiscussionList(found, page.count, page.start))


def open_discussion(call: Call) -> Response:
    asked = call.json(wire.NewDiscussion)
    new = NewDiscussion(asked.title.strip(), asked.description, asked.pull_request)
    repo_id = repo_of(call)
    num = call.hub.community.open(call.actor, repo_id, new)
    url = f"{call.base_url}/{repo_id.path}/discussions/{num}"
    return json_response({"num": num, "pullRequest": new.is_pull_request, "url": url})


def discussion(call: Call) -> Response:
    details = call.hub.community.details(call.actor, repo_of(call), number_of(call), call.query_flag("diff"))
    return json_response(details_answer(details))


def comment(call: Call) -> Response:
    text = call.json(wire.NewComment).comment
    event = call.hub.community.comment(call.actor, repo_of(call), number_of(call), text)
    return json_response({"newMessage": event_answer(event)})


def edit_comment(call: Call) -> Response:
    text = call.json(wire.EditedComment).content
    edit = CommentEdit(comment_of(call), text)
    event = call.hub.community.edit_comment(call.actor, repo_of(call), number_of(call), edit)
    return json_response({"updatedComment": event_answer(event)})


def hide_comment(call: Call) -> Response:
    event = call.hub.community.hide_comment(call.actor, repo_of(call), number_of(call), comment_of(call))
    return json_response({"updatedComment": event_answer(event)})


def rename(call: Call) -> Response:
    event = call.hub.community.rename(call.actor, repo_of(call), number_of(call), call.json(wire.NewTitle).title)
    return json_response({"newTitle": event_answer(event)})


def set_status(call: Call) -> Response:
    asked = call.json(wire.NewStatus)
    event = call.hub.community.set_status(call.actor, repo_of(call), number_of(call), asked.status, asked.comment or "")
    return json_response({"newStatus": event_answer(event)})


def pin(call: Call) -> Response:
    pinned = call.json(wire.Pin).pinned
    call.hub.community.pin(call.actor, repo_of(call), number_of(call), pinned)
    return json_response({"pinned": pinned})


def merge(call: Call) -> Response:
    text = call.json(wire.Merge).comment or ""
    oid = call.hub.pull_requests.merge(call.actor, repo_of(call), number_of(call), text)
    return json_response({"success": True, "commitOid": oid})


def number_of(call: Call) -> int:
    text = call.arg("num")
    if not text.isdecimal() or len(text) > 9:
        raise NotFound(f"There is no discussion '{text[:20]}' here.")
    return int(text)


def comment_of(call: Call) -> int:
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
        call.query("search").strip()[:200],
        _sort(call),
        call.query_int("p", 0, 0, 100_000),
    )


def _sort(call: Call) -> Sort:
    wanted = call.query("sort") or SORTS[0]
    for sort in SORTS:
        if wanted == sort:
            return sort
    raise InvalidInput(f"'sort' is one of: {', '.join(SORTS)}.")


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
