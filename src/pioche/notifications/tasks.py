"""Background work of notifications: telling people of an event, and mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pioche.notifications.service.telling import MAIL_TASK, WAKE_TASK
from pioche.notifications.types import Thing, What
from pioche.queue.types import TaskType

if TYPE_CHECKING:
    from pioche.hub import Hub

_WHAT: dict[str, What] = {
    "DiscussionOpened": "opened",
    "DiscussionCommented": "commented",
    "CommentEdited": "edited",
    "DiscussionStatusChanged": "status",
    "DiscussionRenamed": "renamed",
}


def tell(hub: Hub, event: Mapping[str, Any]) -> None:
    """Of something in a discussion."""
    hub.notifications.telling.tell(
        Thing(
            what=_WHAT[event["type"]],
            repo_id=event["repo_id"],
            discussion_id=event["discussion_id"],
            actor_id=event["actor_id"],
            comment_id=event.get("comment_id"),
            detail=event.get("status", ""),
        )
    )


def tell_follow(hub: Hub, event: Mapping[str, Any]) -> None:
    if event["actor_id"] is not None:
        hub.notifications.telling.tell_follow(event["actor_id"], event["account_id"])


def tell_access(hub: Hub, event: Mapping[str, Any]) -> None:
    """Of a request to be let in to a gated repository, or what became of it."""
    if event["type"] == "AccessRequested":
        hub.notifications.access.tell_requested(event["repo_id"], event["user_id"])
    else:
        decided = (event["repo_id"], event["user_id"], event["status"], event["actor_id"])
        hub.notifications.access.tell_decided(*decided)


def mail(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.notifications.mailing.send(arguments["user_id"])
    hub.notifications.access.send(arguments["user_id"])


def wake(hub: Hub, arguments: Mapping[str, Any]) -> None:
    hub.notifications.telling.wake(arguments["user_ids"])


tasks = [
    TaskType("notifications.tell", tell),
    TaskType("notifications.tell_follow", tell_follow),
    TaskType("notifications.tell_access", tell_access),
    TaskType(WAKE_TASK, wake),
    # 2 s, 8 s, 32 s, 2 min, 9 min, 34 min, 2.3 h, 9 h: a mail server may be gone for a night.
    TaskType(MAIL_TASK, mail, attempts=9, lane="outside"),
]
