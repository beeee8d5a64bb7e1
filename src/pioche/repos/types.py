"""The nouns of repositories. Git's own nouns (tree nodes, commits, refs) are in `ports.gitstore`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pioche.accounts.types import Resource
from pioche.names import CommitOid, RepoId

Gated = Literal["", "auto", "manual"]


@dataclass(frozen=True, slots=True)
class Repo:
    """A row of `repos` with the owner's name. `card` is the front matter of README.md."""

    id: int
    repo_id: RepoId
    owner_id: int
    private: bool
    gated: Gated
    default_branch: str
    created_by: int | None
    created_at: int
    updated_at: int
    head: CommitOid | None
    card: Mapping[str, Any]
    tags: tuple[str, ...]
    pipeline_tag: str | None
    library: str | None
    sdk: str | None
    storage: int
    likes: int
    downloads: int

    @property
    def resource(self) -> Resource:
        return Resource(self.id, self.owner_id, self.private, self.created_by, bool(self.gated))


@dataclass(frozen=True, slots=True)
class RefMove:
    """One ref and where it goes: `old` None means that it must not exist yet, `new` None that it ends.

    `old` is a commit (for an annotated tag the one that it stands for).
    """

    ref: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class NewRepo:
    """What is asked for when a repository is made. `sdk` is for spaces."""

    repo_id: RepoId
    private: bool = False
    sdk: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """An account as the owner of repositories."""

    id: int
    name: str
