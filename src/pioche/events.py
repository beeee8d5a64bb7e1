"""Facts the rooms announce, in the past tense, recorded in the transaction that makes them true.

`wiring.py` says which task runs on which event. A listener gets the event's fields, so they are plain values.
"""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, tag=True):
    """A fact. `actor_id` is None for what the hub did itself or an anonymous person caused."""

    actor_id: int | None


class UserJoined(Event, frozen=True, tag=True):
    """An account was made."""

    user_id: int


class UserFollowed(Event, frozen=True, tag=True):
    """`actor_id` began to follow a user or an organisation."""

    account_id: int


class RepoCreated(Event, frozen=True, tag=True):
    """A repository was made."""

    repo_id: int


class RepoUpdated(Event, frozen=True, tag=True):
    """A ref moved. `old` is None when it was made, `new` is None when it was deleted."""

    repo_id: int
    ref: str
    old: str | None
    new: str | None


class RepoMoved(Event, frozen=True, tag=True):
    """A repository got another name or owner. `old_name` is `namespace/name`."""

    repo_id: int
    old_name: str


class RepoSettingsChanged(Event, frozen=True, tag=True):
    """Who may see a repository changed; `private` is how it is now."""

    repo_id: int
    private: bool


class BucketSettingsChanged(Event, frozen=True, tag=True):
    """Who may see a bucket changed."""

    bucket_id: int


class RepoDeleted(Event, frozen=True, tag=True):
    """A repository is gone. `name` is `namespace/name`; the rest says who could see it, for nothing else does now."""

    repo_id: int
    name: str
    kind: str
    owner_id: int
    private: bool
    created_by: int | None
    group_id: int | None = None


class RepoRanked(Event, frozen=True, tag=True):
    """What people do with a repository moved it in the lists: a like, many downloads."""

    repo_id: int


class RepoMeasured(Event, frozen=True, tag=True):
    """The weights of a model were read: how many parameters it has is known, or changed."""

    repo_id: int


class AccessRequested(Event, frozen=True, tag=True):
    """Somebody asked to be let in to a gated repository and waits for its owner."""

    repo_id: int
    user_id: int


class AccessDecided(Event, frozen=True, tag=True):
    """`status` is what became of a request: accepted, rejected, or pending again. `user_id` may be an organisation."""

    repo_id: int
    user_id: int
    status: str


class DiscussionOpened(Event, frozen=True, tag=True):
    """A discussion or pull request was opened."""

    repo_id: int
    discussion_id: int


class DiscussionCommented(Event, frozen=True, tag=True):
    """A comment was added to a discussion. `comment_id` is the row of `discussion_events`."""

    repo_id: int
    discussion_id: int
    comment_id: int


class CommentEdited(Event, frozen=True, tag=True):
    """A comment says something else now."""

    repo_id: int
    discussion_id: int
    comment_id: int


class CommentHidden(Event, frozen=True, tag=True):
    """A comment is not shown any more."""

    repo_id: int
    discussion_id: int
    comment_id: int


class DiscussionDeleted(Event, frozen=True, tag=True):
    """A discussion is gone with all that was said; the rest says what it was, for nothing else does now."""

    repo_id: int
    discussion_id: int
    num: int
    title: str
    is_pull_request: bool
    status: str
    author_id: int | None


class DiscussionStatusChanged(Event, frozen=True, tag=True):
    """A discussion was closed, opened again or merged; `status` is how it is now."""

    repo_id: int
    discussion_id: int
    status: str


class DiscussionRenamed(Event, frozen=True, tag=True):
    """A discussion got another title."""

    repo_id: int
    discussion_id: int


AnyEvent = (
    UserJoined
    | UserFollowed
    | RepoCreated
    | RepoUpdated
    | RepoMoved
    | RepoSettingsChanged
    | BucketSettingsChanged
    | RepoDeleted
    | RepoRanked
    | RepoMeasured
    | AccessRequested
    | AccessDecided
    | DiscussionOpened
    | DiscussionCommented
    | CommentEdited
    | CommentHidden
    | DiscussionDeleted
    | DiscussionStatusChanged
    | DiscussionRenamed
)
