"""The nouns of follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pioche.collections.types import Collection
from pioche.names import RepoId


@dataclass(frozen=True, slots=True)
class Face:
    """An account in a list. `followed`: by whoever asks."""

    name: str
    fullname: str
    kind: str  # user | org
    followed: bool


@dataclass(frozen=True, slots=True)
class FacePage:
    """`cursor` continues after the last one; None if there are no more."""

    faces: Sequence[Face]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of a profile, counting only what the reader may see."""

    followers: int
    following: int
    followed: bool
    likes: int
    discussions: int
    upvotes: int


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody did, and about what: a repository, a discussion in it, a collection, an account."""

    kind: Literal["made", "updated", "liked", "opened", "collection", "followed"]
    at: int
    who: str
    repo: RepoId | None = None
    num: int | None = None
    title: str = ""
    is_pull_request: bool = False
    collection: Collection | None = None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """Newest first. `before` continues; None if there is no more."""

    deeds: Sequence[Deed]
    before: int | None
