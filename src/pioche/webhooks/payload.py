"""What is sent: version 3 of the reference's payload.

Source: the reference's documentation, and the classes that its client reads payloads with (`WebhookPayload`).
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class EventPart(msgspec.Struct):
    action: str  # create | update | delete | move
    scope: str  # repo, repo.content, repo.config, discussion, discussion.comment


class Who(msgspec.Struct):
    id: str


class Urls(msgspec.Struct, omit_defaults=True):
    web: str
    api: str | None = None


class RepoPart(msgspec.Struct, rename="camel"):
    type: str
    name: str
    id: str
    private: bool
    owner: Who
    url: Urls
    head_sha: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET


class Changes(msgspec.Struct, rename="camel", omit_defaults=True):
    base: str
    merge_commit_id: str | UnsetType = UNSET


class DiscussionPart(msgspec.Struct, rename="camel"):
    id: str
    num: int
    title: str
    is_pull_request: bool
    status: str
    url: Urls
    pinned: bool = False
    author: Who | UnsetType = UNSET
    changes: Changes | UnsetType = UNSET


class CommentPart(msgspec.Struct):
    id: str
    hidden: bool
    url: Urls
    author: Who | UnsetType = UNSET
    content: str | UnsetType = UNSET


class RefPart(msgspec.Struct, rename="camel"):
    ref: str
    old_sha: str | None
    new_sha: str | None


class MovedTo(msgspec.Struct):
    name: str
    owner: Who


class HookPart(msgspec.Struct):
    id: str
    version: int = 3


class Payload(msgspec.Struct, rename="camel"):
    event: EventPart
    repo: RepoPart
    webhook: HookPart | UnsetType = UNSET
    discussion: DiscussionPart | UnsetType = UNSET
    comment: CommentPart | UnsetType = UNSET
    updated_refs: list[RefPart] | UnsetType = UNSET
    moved_to: MovedTo | UnsetType = UNSET
