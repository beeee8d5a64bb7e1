"""What happens when: one table from events to tasks.

A row says: when this event is recorded, enqueue that task, in the same transaction. The task gets the event's
fields as arguments.
"""

from __future__ import annotations

import msgspec

from pioche.events import (
    AccessDecided,
    AccessRequested,
    AnyEvent,
    BucketSettingsChanged,
    CommentEdited,
    CommentHidden,
    DiscussionCommented,
    DiscussionDeleted,
    DiscussionOpened,
    DiscussionRenamed,
    DiscussionStatusChanged,
    Event,
    RepoCreated,
    RepoDeleted,
    RepoMeasured,
    RepoMoved,
    RepoRanked,
    RepoSettingsChanged,
    RepoUpdated,
    UserFollowed,
)
from pioche.ports.database import Tx
from pioche.queue.service import Queue

LISTENERS: dict[type[Event], tuple[str, ...]] = {
    UserFollowed: ("notifications.tell_follow",),
    AccessRequested: ("notifications.tell_access",),
    AccessDecided: ("notifications.tell_access",),
    DiscussionOpened: ("notifications.tell", "webhooks.gather"),
    DiscussionCommented: ("notifications.tell", "webhooks.gather"),
    DiscussionStatusChanged: ("notifications.tell", "webhooks.gather", "evals.settle"),
    CommentEdited: ("notifications.tell", "webhooks.gather"),
    CommentHidden: ("webhooks.gather",),
    DiscussionDeleted: ("webhooks.gather",),
    DiscussionRenamed: ("notifications.tell", "webhooks.gather"),
    RepoCreated: ("links.resolve", "search.index", "webhooks.gather"),
    RepoUpdated: ("repos.measure", "links.read", "evals.read", "search.index", "webhooks.gather"),
    RepoMoved: ("links.resolve", "search.index", "webhooks.gather"),
    RepoRanked: ("search.index",),
    RepoMeasured: ("search.index",),
    RepoSettingsChanged: ("search.index", "webhooks.gather", "jobs.follow"),
    BucketSettingsChanged: ("jobs.follow",),
    RepoDeleted: ("search.index", "webhooks.gather"),
}


def announce(queue: Queue, tx: Tx, event: AnyEvent) -> None:
    """Record an event: enqueue every task that listens to it."""
    for task in LISTENERS.get(type(event), ()):
        queue.enqueue(tx, task, msgspec.to_builtins(event))
