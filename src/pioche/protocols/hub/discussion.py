"""Discussions: lists, details and events.

Source: Hub API as `huggingface_hub` 2.4 reads it.
Shape:  `{discussions, count, start}` for lists; one discussion with `events` for details; `{num}` for a new one.
Units:  dates end in `Z`; ids of events are 24 hex digits.
Errors: none of its own. `author` is absent, never null, once the account is gone: clients look into it.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType


class Author(msgspec.Struct):
    name: str


class RepoName(msgspec.Struct):
    name: str
    type: str


class TopReaction(msgspec.Struct):
    reaction: str
    count: int


class Discussion(msgspec.Struct, rename="camel"):
    num: int
    title: str
    status: str
    is_pull_request: bool
    created_at: str
    repo: RepoName
    author: Author | UnsetType = UNSET
    pinned: bool = False
    locked: bool = False
    num_comments: int = 0
    top_reactions: list[TopReaction] = []
    num_reaction_users: int = 0


class DiscussionList(msgspec.Struct):
    discussions: list[Discussion]
    count: int
    start: int


class Event(msgspec.Struct, rename="camel"):
    """`data`: comment `{edited, hidden, latest, history}`; status-change `{status}`; commit `{subject, oid}`;
    title-change `{from, to}`; locking-change `{locked}`; reference `{num}`, of the discussion that speaks of this one.
    """

    id: str
    type: str
    created_at: str
    data: dict[str, Any]
    author: Author | UnsetType = UNSET


class Changes(msgspec.Struct, rename="camel"):
    base: str
    merge_commit_id: str | UnsetType = UNSET


class Details(Discussion, rename="camel", kw_only=True):
    """The last three are there for pull requests; `filesWithConflicts` must be."""

    events: list[Event]
    files_with_conflicts: list[str] | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET
    diff: str | UnsetType = UNSET


class NewDiscussion(msgspec.Struct, rename="camel"):
    title: str
    description: str = ""
    pull_request: bool = False


class NewComment(msgspec.Struct):
    comment: str = ""


class EditedComment(msgspec.Struct):
    content: str


class NewTitle(msgspec.Struct):
    title: str


class Pin(msgspec.Struct):
    """Without a word, it is pinned."""

    pinned: bool = True


class Lock(msgspec.Struct):
    """Without a word, it is locked."""

    locked: bool = True


class NewReaction(msgspec.Struct):
    reaction: str


class Storage(msgspec.Struct, rename="camel"):
    """Bytes that deleting the ref of a pull request would free."""

    estimated_storage: int
    ref_deleted: bool


class NewStatus(msgspec.Struct):
    status: Literal["open", "closed"]
    comment: str | None = None


class Merge(msgspec.Struct):
    comment: str | None = None
