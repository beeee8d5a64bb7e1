"""Discussions and their events as clients read them."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from pioche.community.rendering import render_comment, render_comments
from pioche.community.types import Discussion, DiscussionDetails, DiscussionEvent
from pioche.names import RepoId
from pioche.protocols.hub import discussion as wire
from pioche.web.responses import external_id, iso

HIDDEN = "This comment is hidden."
"""What clients read in its place."""
ALL_SECONDS = 5.0
"""Of processor time for the HTML of all comments of one answer: clients ask for them at once, be they ten thousand."""


def fields_of(item: Discussion, repo_id: RepoId) -> dict[str, Any]:
    return {
        "num": item.num,
        "title": item.title,
        "status": item.status,
        "is_pull_request": item.is_pull_request,
        "created_at": iso(item.created_at),
        "pinned": item.pinned,
        "locked": item.locked,
        "num_comments": item.comments,
        "top_reactions": [wire.TopReaction(emoji, count) for emoji, count in item.top_reactions],
        "num_reaction_users": item.reaction_users,
        "repo": wire.RepoName(repo_id.full, repo_id.kind.value),
        "author": UNSET if item.author is None else wire.Author(item.author),
    }


def details_answer(details: DiscussionDetails) -> wire.Details:
    item = details.discussion
    html = render_comments(details.events, ALL_SECONDS)
    events = [event_answer(event, html.get(event.id)) for event in details.events]
    answer = wire.Details(**fields_of(item, details.repo.repo_id), events=events)
    if item.is_pull_request:
        answer.files_with_conflicts = list(details.conflicts)
        answer.changes = wire.Changes(item.base, item.merge_commit or UNSET)
        answer.diff = UNSET if details.patch is None else details.patch
    return answer


def event_answer(event: DiscussionEvent, html: str | None = None) -> wire.Event:
    """`html` if it is known what a comment looks like."""
    return wire.Event(
        id=event.oid or external_id(event.id),
        type=event.kind,
        created_at=iso(event.created_at),
        data=_event_data(event, html),
        author=UNSET if event.author is None else wire.Author(event.author),
    )


def _event_data(event: DiscussionEvent, html: str | None) -> dict[str, Any]:
    match event.kind:
        case "comment":
            return _comment_data(event, html)
        case "status-change":
            return {"status": event.text}
        case "commit":
            return {"subject": event.text, "oid": event.oid}
        case "title-change":
            return {"from": event.was, "to": event.text}
        case "locking-change":
            return {"locked": event.text == "locked"}
        case "reference":
            return {"num": int(event.text)}


def _comment_data(event: DiscussionEvent, html: str | None) -> dict[str, Any]:
    edited = event.edited_at is not None
    written_at = event.created_at if event.edited_at is None else event.edited_at
    latest = _version(event.editor if edited else event.author, event.text, written_at)
    if event.hidden:
        latest |= {"raw": HIDDEN, "html": ""}
    else:
        latest["html"] = render_comment(event) if html is None else html
    history = [_version(item.author, item.text, item.written_at) for item in event.history]
    reacted = [{"reaction": one.emoji, "users": list(one.users), "count": one.count} for one in event.reactions]
    told = {"edited": edited, "hidden": event.hidden, "latest": latest, "numEdits": len(history)}
    return {**told, "history": history, "reactions": reacted}


def _version(author: str | None, text: str, written_at: int) -> dict[str, Any]:
    """The author is absent once that account is gone."""
    version: dict[str, Any] = {"raw": text, "updatedAt": iso(written_at)}
    return version if author is None else {**version, "author": {"name": author}}
