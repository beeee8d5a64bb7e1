"""The nouns of discussions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pioche.names import CommitOid
from pioche.repos.types import Repo

Status = Literal["draft", "open", "closed", "merged"]
EventKind = Literal["comment", "status-change", "title-change", "locking-change", "reference", "commit"]
Sort = Literal["recently-created", "trending", "reactions"]
MAX_TEXT = 64 * 1024
"""Characters of a comment."""
Mergeable = Literal["", "yes", "conflicts", "nothing", "gone"]
"""Of an open pull request: `nothing` is new in it, or its base branch is `gone`. Otherwise empty."""
SORTS: tuple[Sort, ...] = ("recently-created", "trending", "reactions")
EMOJIS = ("🔥", "🚀", "👀", "❤️", "🤗", "😎", "➕", "🧠", "👍", "🤝", "😔", "🤯")
"""What people react with: the reference's twelve."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The changes of a pull request: what came between `old`, where it parted from its base, and `new`."""

    old: CommitOid | None
    new: CommitOid


@dataclass(frozen=True, slots=True)
class Discussion:
    """`author` is None once that account is gone. `base` is a full ref, empty for what is no pull request."""

    id: int
    num: int
    title: str
    author_id: int | None
    author: str | None
    is_pull_request: bool
    status: Status
    base: str
    merge_commit: str | None
    created_at: int
    merged: Ends | None = None
    pinned: bool = False
    locked: bool = False
    comments: int = 0
    ref_deleted: bool = False
    top_reactions: Sequence[tuple[str, int]] = ()  # in lists: emoji and how often, most first
    reaction_users: int = 0

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.num}"


@dataclass(frozen=True, slots=True)
class CommentVersion:
    """What a comment said before it was edited; `author` wrote it so."""

    author: str | None
    text: str
    written_at: int


@dataclass(frozen=True, slots=True)
class Reaction:
    """`users` are names, the first that reacted so first; at most a hundred of `count`."""

    emoji: str
    users: Sequence[str]
    count: int
    mine: bool = False


@dataclass(frozen=True, slots=True)
class DiscussionEvent:
    """`text`: Markdown of a comment, the new status, the new title, the title of a commit (then `oid` is set),
    `locked` or `unlocked`, or the number of the discussion that refers to this one.

    `was` is the title before a title-change. A hidden comment has neither text nor `history`, which is oldest first.
    """

    id: int
    kind: EventKind
    author: str | None
    text: str
    created_at: int
    oid: str = ""
    author_id: int | None = None
    was: str = ""
    hidden: bool = False
    edited_at: int | None = None
    editor: str | None = None
    history: Sequence[CommentVersion] = ()
    reactions: Sequence[Reaction] = ()
    refers: Mapping[str, str] = field(default_factory=dict)  # `@alice`, `#12` in its text -> where they are


@dataclass(frozen=True, slots=True)
class NewDiscussion:
    title: str
    description: str = ""
    is_pull_request: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """How a discussion starts. `base` is the ref that a pull request wants to change, in full."""

    status: Status = "open"
    base: str = ""


@dataclass(frozen=True, slots=True)
class DiscussionFilter:
    """`kind` and `status` "" is all; `open` includes drafts. `search` is a part of the title. `page` counts from 0."""

    kind: Literal["", "discussion", "pull_request"] = ""
    status: Literal["", "open", "closed"] = ""
    author: str = ""
    search: str = ""
    sort: Sort = "recently-created"
    page: int = 0


@dataclass(frozen=True, slots=True)
class DiscussionPage:
    repo: Repo
    discussions: Sequence[Discussion]
    count: int
    start: int


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a long discussion: a page, counted from 0, or the one with this comment."""

    page: int = 0
    comment: int | None = None


@dataclass(frozen=True, slots=True)
class CommentEdit:
    """`seen` is how many times the comment had been edited when its editor read it; None: they do not care."""

    event_id: int
    text: str
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class DiscussionDetails:
    """`conflicts` are the files that a merge cannot settle; `patch` the unified diff if it was asked for.

    `events` are those of `page` of `pages`, or all; `until` is when the next page begins.
    """

    repo: Repo
    discussion: Discussion
    events: Sequence[DiscussionEvent]
    conflicts: Sequence[str] = ()
    patch: str | None = None
    page: int = 0
    pages: int = 1
    until: int | None = None
    mergeable: Mergeable = ""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a pull request changes. `ends` is None if its base branch is gone; `patch` is what is left once its ref is
    deleted.
    """

    repo: Repo
    discussion: Discussion
    ends: Ends | None
    patch: str = ""
