"""The nouns of notifications."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pioche.names import RepoId

Reason = Literal["mention", "author", "participating", "owner", "watching", "asked", "follow"]
What = Literal["opened", "commented", "edited", "status", "renamed", "followed", "requested", "accepted", "rejected"]
Level = Literal["watch", "mute"]
Group = Literal["mention", "participating", "watching", "follow"]

# The first that fits is the one that is shown.
REASONS: tuple[Reason, ...] = ("mention", "author", "participating", "owner", "watching", "asked", "follow")
GROUPS: tuple[Group, ...] = ("mention", "participating", "watching", "follow")
MAILED: tuple[Group, ...] = ("mention", "participating", "watching")
"""Groups that mail can be had of."""
_GROUP_OF: dict[str, Group] = {"author": "participating", "asked": "participating", "owner": "watching"}


def group_of(reason: str) -> Group:
    """Reasons that a person switches on and off together."""
    known = _GROUP_OF.get(reason)
    return known if known is not None else next(group for group in GROUPS if group == reason)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Of which groups somebody wants to be told, and how."""

    web: frozenset[str] = frozenset(GROUPS)
    mail: frozenset[str] = frozenset(MAILED)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that happened in a discussion, as its event says. `comment_id`: whose text it is about."""

    what: What
    repo_id: int
    discussion_id: int
    actor_id: int | None
    comment_id: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One row of the inbox. `repo` None: somebody (`actor`) follows the reader; without a discussion it is about who
    is let in to a gated repository.
    """

    id: int
    reason: str
    what: str
    actor: str | None
    unread: bool
    done: bool
    updated_at: int
    comment_id: int | None
    repo: RepoId | None = None
    discussion_id: int | None = None
    num: int = 0
    title: str = ""
    status: str = ""
    is_pull_request: bool = False

    @property
    def path(self) -> str:
        """Where it leads."""
        if self.repo is None:
            return f"/{self.actor or ''}"
        if self.discussion_id is None:
            return f"/{self.repo.path}/settings/access" if self.what == "requested" else f"/{self.repo.path}"
        end = f"?comment={self.comment_id}#comment-{self.comment_id}" if self.comment_id else ""
        return f"/{self.repo.path}/discussions/{self.num}{end}"


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which ones. `mention`: all, participating (with mentions) or mentions."""

    read: Literal["all", "unread"] = "all"
    done: bool = False
    repo: RepoId | None = None
    kind: str = ""  # of the repository
    mention: Literal["all", "participating", "mentions"] = "all"
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Notifications to be changed: these, or all that the filter lets through."""

    ids: Sequence[int] = ()
    discussions: Sequence[int] = ()
    all_of: NoticeFilter | None = None


@dataclass(frozen=True, slots=True)
class NoticePage:
    notices: Sequence[Notice]
    all: int
    unread: int
    view: int  # how many the filter lets through


@dataclass(frozen=True, slots=True)
class Watched:
    """Something that a person watches or mutes, with a link."""

    id: int
    level: str
    name: str
    path: str
