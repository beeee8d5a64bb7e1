"""`Gathering`: from an event to a delivery for every hook that listens, and whose owner may see what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Row, select

from pioche.accounts import store as account_store
from pioche.accounts.access import Action, allows
from pioche.accounts.types import Resource
from pioche.community.tables import discussion_events, discussions
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.repos import store as repo_store
from pioche.repos.types import Repo
from pioche.settings import Settings
from pioche.webhooks import store
from pioche.webhooks.payload import (
    Changes,
    CommentPart,
    DiscussionPart,
    EventPart,
    HookPart,
    MovedTo,
    Payload,
    RefPart,
    RepoPart,
    Urls,
    Who,
)

DELIVER_TASK = "webhooks.deliver"
# Event -> action and scope.
SENT = {
    "RepoCreated": ("create", "repo"),
    "RepoDeleted": ("delete", "repo"),
    "RepoMoved": ("move", "repo"),
    "RepoSettingsChanged": ("update", "repo.config"),
    "RepoUpdated": ("update", "repo.content"),
    "DiscussionOpened": ("create", "discussion"),
    "DiscussionCommented": ("create", "discussion.comment"),
    "DiscussionStatusChanged": ("update", "discussion"),
    "DiscussionRenamed": ("update", "discussion"),
    "CommentEdited": ("update", "discussion.comment"),
    "CommentHidden": ("update", "discussion.comment"),
    "DiscussionDeleted": ("delete", "discussion"),
}


def external(number: int) -> str:
    """Ids as clients know them: 24 hex digits."""
    return f"{number:024x}"


class Gathering:
    def __init__(self, database: Database, queue: Queue, settings: Settings) -> None:
        self._database = database
        self._queue = queue
        self._base = settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"

    def gather(self, event: Mapping[str, Any]) -> int:
        """The number of deliveries."""
        with self._database.read() as tx:
            about = self._about(tx, event)
            if about is None:
                return 0
            resource, payload = about
            kind = payload.repo.type
            domain = payload.event.scope.partition(".")[0]
            hooks = [
                row
                for row in store.listening(tx, kind, resource.id, resource.owner_id)
                if domain in msgspec.json.decode(row.domains) and _may_see(tx, row.user_id, resource)
            ]
        if not hooks:
            return 0
        said = f"{payload.event.action} {payload.event.scope}"
        with self._database.write() as tx:
            for row in hooks:
                payload.webhook = HookPart(external(row.id))
                number = store.add_delivery(tx, row.id, said, msgspec.json.encode(payload).decode())
                self._queue.enqueue(tx, DELIVER_TASK, {"delivery_id": number})
        return len(hooks)

    # -- what it is about --

    def _about(self, tx: Tx, event: Mapping[str, Any]) -> tuple[Resource, Payload] | None:
        action, scope = SENT[event["type"]]
        if event["type"] == "RepoDeleted":
            return self._deleted(event, EventPart(action, scope))
        repo = repo_store.get(tx, event["repo_id"])
        if repo is None:
            return None
        payload = Payload(EventPart(action, scope), self._repo(repo))
        if event["type"] == "DiscussionDeleted":
            payload.discussion = self._deleted_discussion(repo, event)
            return repo.resource, payload
        match event["type"]:
            case "RepoUpdated":
                payload.updated_refs = [RefPart(event["ref"], event["old"], event["new"])]
            case "RepoMoved":
                payload.moved_to = MovedTo(repo.repo_id.full, Who(external(repo.owner_id)))
                payload.repo.name = event["old_name"]
        if "discussion_id" in event:
            row = tx.execute(select(discussions).where(discussions.c.id == event["discussion_id"])).first()
            if row is None:
                return None
            payload.discussion = self._discussion(repo, row)
            payload.comment = self._comment(tx, repo, row, event)
        return repo.resource, payload

    def _deleted(self, event: Mapping[str, Any], said: EventPart) -> tuple[Resource, Payload]:
        kind = RepoKind(event["kind"])
        group_id = event.get("group_id")  # an event from before there were groups has none
        resource = Resource(
            event["repo_id"], event["owner_id"], event["private"], event["created_by"], group_id=group_id
        )
        namespace, _, name = event["name"].partition("/")
        part = RepoPart(
            kind.value,
            event["name"],
            external(event["repo_id"]),
            event["private"],
            Who(external(event["owner_id"])),
            self._urls(RepoId(kind, namespace, name)),
        )
        return resource, Payload(said, part)

    def _repo(self, repo: Repo) -> RepoPart:
        part = RepoPart(
            repo.repo_id.kind.value,
            repo.repo_id.full,
            external(repo.id),
            repo.private,
            Who(external(repo.owner_id)),
            self._urls(repo.repo_id),
            tags=list(repo.tags),
        )
        if repo.head is not None:
            part.head_sha = str(repo.head)
        return part

    def _urls(self, repo_id: RepoId) -> Urls:
        api = f"{self._base}/api/{repo_id.kind.plural}/{repo_id.full}"
        return Urls(f"{self._base}/{repo_id.path}", api)

    def _discussion(self, repo: Repo, row: Row[Any]) -> DiscussionPart:
        place = f"{repo.repo_id.path}/discussions/{row.num}"
        api = f"{self._base}/api/{repo.repo_id.kind.plural}/{repo.repo_id.full}/discussions/{row.num}"
        part = DiscussionPart(
            external(row.id), row.num, row.title, row.is_pull_request, row.status, Urls(f"{self._base}/{place}", api)
        )
        if row.author_id is not None:
            part.author = Who(external(row.author_id))
        if row.is_pull_request:
            merged = row.merge_commit or UNSET
            part.changes = Changes(row.base or f"refs/heads/{repo.default_branch}", merged)
        return part

    def _deleted_discussion(self, repo: Repo, event: Mapping[str, Any]) -> DiscussionPart:
        what = (event["num"], event["title"], event["is_pull_request"], event["status"])
        place = f"{self._base}/{repo.repo_id.path}/discussions/{event['num']}"
        part = DiscussionPart(external(event["discussion_id"]), *what, Urls(place))
        if event["author_id"] is not None:
            part.author = Who(external(event["author_id"]))
        return part

    def _comment(self, tx: Tx, repo: Repo, discussion: Row[Any], event: Mapping[str, Any]) -> CommentPart | UnsetType:
        """Of what was opened, the first comment is its text."""
        row = discussion_events.c
        query = select(discussion_events).where(row.discussion_id == discussion.id, row.kind == "comment")
        if event.get("comment_id") is not None:
            query = query.where(row.id == event["comment_id"])
        elif event["type"] != "DiscussionOpened":
            return UNSET
        found = tx.execute(query.order_by(row.id).limit(1)).first()
        if found is None:
            return UNSET
        place = f"{self._base}/{repo.repo_id.path}/discussions/{discussion.num}#{external(found.id)}"
        part = CommentPart(external(found.id), found.hidden, Urls(place))
        if not found.hidden:
            part.content = found.text
        if found.author_id is not None:
            part.author = Who(external(found.author_id))
        return part


def _may_see(tx: Tx, user_id: int, resource: Resource) -> bool:
    actor = account_store.actor_of_user(tx, user_id)
    return actor is not None and allows(actor, Action.READ, resource)
