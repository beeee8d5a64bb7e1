"""The nouns of webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

WatchedKind = Literal["user", "org", "model", "dataset", "space"]
Domain = Literal["repo", "discussion"]
DeliveryState = Literal["waiting", "done", "failed"]

WATCHED_KINDS: tuple[WatchedKind, ...] = get_args(WatchedKind)
DOMAINS: tuple[Domain, ...] = get_args(Domain)


@dataclass(frozen=True, slots=True)
class Watched:
    """Whose events: of all repositories of an account, or of one repository. `name` is as it is called now."""

    kind: WatchedKind
    name: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """`note` says why the hub itself disabled it."""

    id: int
    url: str
    watched: tuple[Watched, ...]
    domains: tuple[Domain, ...]
    secret: str
    disabled: bool
    note: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks a hook to be. None leaves it as it is."""

    url: str | None = None
    watched: tuple[Watched, ...] | None = None
    domains: tuple[Domain, ...] | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of a hook, and how it went. `status` is of the last answer; `response` its beginning."""

    id: int
    webhook_id: int
    event: str  # `update repo.content`
    payload: str
    state: DeliveryState
    attempts: int
    status: int | None
    response: str
    error: str
    milliseconds: int | None
    created_at: int
    sent_at: int | None
