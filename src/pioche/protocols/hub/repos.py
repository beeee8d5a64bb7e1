"""Repositories: making, deleting, moving, settings, duplicating, and the list of one's own.

Source: Hub API as `huggingface_hub` 2.4 speaks it. Fields that only say where to keep something (`region`) are
        accepted and mean nothing on a hub of one place.
Shape:  JSON objects; `type` absent means model; `organization` is the owner's name, null for one's own.
Units:  bytes of storage; dates are ISO 8601 and end in Z.
Errors: none here; what a value means is decided where it is used.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType


class RepoName(msgspec.Struct, frozen=True):
    """What delete is about."""

    name: str
    organization: str | None = None
    type: str | None = None


class CreateRepo(msgspec.Struct, frozen=True, rename="camel"):
    """`private` is how clients before 2.0 said `visibility`."""

    name: str
    organization: str | None = None
    type: str | None = None
    visibility: str | None = None
    private: bool | None = None
    sdk: str | None = None
    template: str | None = None
    hardware: str | None = None
    sleep_time_seconds: int | None = None
    secrets: list[Any] | None = None
    variables: list[Any] | None = None
    volumes: list[Any] | None = None
    resource_group_id: str | None = None


class MoveRepo(msgspec.Struct, frozen=True, rename="camel"):
    from_repo: str
    to_repo: str
    type: str | None = None


class Settings(msgspec.Struct, frozen=True, rename="camel"):
    """What is absent stays. `gated` false lifts it."""

    gated: Literal["auto", "manual"] | bool | UnsetType | None = UNSET
    visibility: str | None = None
    private: bool | None = None
    discussions_disabled: bool | None = None


class Duplicate(msgspec.Struct, frozen=True, rename="camel"):
    repository: str
    visibility: str | None = None
    private: bool | None = None
    hardware: str | None = None
    sleep_time_seconds: int | None = None
    secrets: list[Any] | None = None
    variables: list[Any] | None = None
    volumes: list[Any] | None = None
    resource_group_id: str | None = None


class Created(msgspec.Struct, frozen=True):
    """Clients read the id from `url`, which must be on the host that they called."""

    url: str
    name: str
    id: str


class OwnRepo(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    type: str
    updated_at: str
    visibility: str
    storage: int
