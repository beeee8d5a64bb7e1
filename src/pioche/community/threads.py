"""Reading a discussion: its events, a page of them, and what a pull request would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pioche.community import remains, store
from pioche.community.ends import ends_of
from pioche.community.references import resolve
from pioche.community.types import Discussion, DiscussionDetails, DiscussionEvent, Mergeable, Part
from pioche.ports.database import Tx
from pioche.ports.gitstore import GitRepo
from pioche.repos.types import Repo

PART = 100
"""Events on one page."""
MAX_COMMITS = 100
"""Commits of a pull request that are listed among its events."""


def read_part(tx: Tx, repo: Repo, discussion: Discussion, part: Part | None, reader: int | None) -> DiscussionDetails:
    """The events of that page, or all. A page too far is the last one."""
    if part is None:
        events = with_references(tx, repo, store.events(tx, discussion.id, reader=reader))
        return DiscussionDetails(repo, discussion, events)
    pages = max(1, -(-store.count_events(tx, discussion.id) // PART))
    page = part.page
    if part.comment is not None:
        page = store.count_events(tx, discussion.id, before=part.comment) // PART
    page = min(page, pages - 1)
    found = store.events(tx, discussion.id, (page * PART, PART + 1), reader)
    until = found[PART].created_at if len(found) > PART else None
    events = with_references(tx, repo, found[:PART])
    return DiscussionDetails(repo, discussion, events, page=page, pages=pages, until=until)


def with_references(tx: Tx, repo: Repo, events: Sequence[DiscussionEvent]) -> list[DiscussionEvent]:
    """What they speak of, in one look for all."""
    refers = resolve(tx, repo, [event.text for event in events if event.kind == "comment"])
    refers |= resolve(tx, repo, [f"#{event.text}" for event in events if event.kind == "reference"])
    return [replace(event, refers=refers) if event.kind in ("comment", "reference") else event for event in events]


def with_remains(tx: Tx, details: DiscussionDetails, with_patch: bool) -> DiscussionDetails:
    """Of a pull request whose ref was deleted."""
    left = remains.find(tx, details.discussion.id)
    if left is None:
        return details
    patch = left.patch if with_patch else None
    return replace(details, events=_among(details, remains.commit_events(left)), patch=patch)


def with_changes(git: GitRepo, details: DiscussionDetails, with_patch: bool) -> DiscussionDetails:
    """What the pull request would change now, or has changed; without its base branch, nothing."""
    ends = ends_of(git, details.discussion)
    is_open = details.discussion.status in ("open", "draft")
    if ends is None:
        return replace(details, mergeable="gone" if is_open else "")
    commits = [
        DiscussionEvent(0, "commit", info.author_name, info.title, info.date_ms, info.oid)
        for info in reversed(git.history(ends.new, limit=MAX_COMMITS, without=ends.old))
    ]
    conflicts: Sequence[str] = ()
    if details.discussion.status != "merged":
        conflicts = git.conflicts(git.resolve(details.discussion.base), ends.new)
    mergeable: Mergeable = ""
    if is_open:
        mergeable = "conflicts" if conflicts else "nothing" if ends.old == ends.new else "yes"
    patch = git.patch(ends.old, ends.new).decode(errors="replace") if with_patch else None
    return replace(details, events=_among(details, commits), conflicts=conflicts, patch=patch, mergeable=mergeable)


def _among(details: DiscussionDetails, commits: Sequence[DiscussionEvent]) -> list[DiscussionEvent]:
    """Commits that are as old as what else is on this page, by time. Git keeps whole seconds."""
    since = details.events[0].created_at // 1000 if details.page > 0 else 0
    until = float("inf") if details.until is None else details.until // 1000
    here = [event for event in commits if since <= event.created_at // 1000 < until]
    return sorted([*details.events, *here], key=lambda event: (event.created_at // 1000, event.kind == "commit"))
