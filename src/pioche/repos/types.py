"""The nouns of repositories. Git's own nouns (tree nodes, commits, refs) are in `ports.gitstore`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pioche.accounts.types import Resource
from pioche.errors import InvalidInput
from pioche.names import CommitOid, RepoId, RepoKind
from pioche.ports.gitstore import DeleteFile, DeleteFolder, PutFile

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
    group_id: int | None  # the resource group that it is in
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
    downloads: int  # of the last 30 days
    downloads_all: int = 0
    trending: float = 0.0  # see `trending.py`
    discussions_disabled: bool = False
    config: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)  # dtype -> count, of safetensors or GGUF
    gguf: Mapping[str, Any] = field(default_factory=dict)  # what the header of a GGUF file says

    @property
    def resource(self) -> Resource:
        return Resource(self.id, self.owner_id, self.private, self.created_by, bool(self.gated), self.group_id)


@dataclass(frozen=True, slots=True)
class RefMove:
    """One ref and where it goes: `old` None means that it must not exist yet, `new` None that it ends.

    `old` is a commit (for an annotated tag the one that it stands for).
    """

    ref: str
    old: str | None
    new: str | None


SDKS = ("gradio", "streamlit", "docker", "static")
"""What the app of a space is made with."""


@dataclass(frozen=True, slots=True)
class NewRepo:
    """What is asked for when a repository is made. `sdk` is for spaces, `group_id` a resource group of the owner."""

    repo_id: RepoId
    private: bool = False
    sdk: str | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """An account as the owner of repositories."""

    id: int
    name: str


# -- writing --


@dataclass(frozen=True, slots=True)
class CommitHeader:
    """`parent_commit` (all of it, or its first digits): refuse the commit if the branch is elsewhere by now."""

    summary: str
    description: str = ""
    parent_commit: str | None = None

    @property
    def message(self) -> str:
        return f"{self.summary.strip()}\n\n{self.description.strip()}".strip()


@dataclass(frozen=True, slots=True)
class PutLargeFile:
    """A file whose bytes were uploaded to this repository. `size` None: the hub knows it."""

    path: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class CopyFile:
    """A file or folder of this repository to another path; `src_revision` None is the branch being committed to."""

    path: str
    src_path: str
    src_revision: str | None = None


CommitOperation = PutFile | PutLargeFile | CopyFile | DeleteFile | DeleteFolder


@dataclass(frozen=True, slots=True)
class FileSample:
    """A file that somebody wants to upload, by its first bytes."""

    path: str
    size: int
    sample: bytes = b""


@dataclass(frozen=True, slots=True)
class UploadChoice:
    """How to upload it; `oid` is the git id or SHA-256 of what is there now."""

    path: str
    is_large: bool
    is_ignored: bool
    oid: str | None


Sort = Literal["trendingScore", "lastModified", "createdAt", "likes", "downloads"]
SORTS: tuple[Sort, ...] = ("trendingScore", "lastModified", "createdAt", "likes", "downloads")


@dataclass(frozen=True, slots=True)
class RepoFilter:
    """What a list shows. Every tag must be there; every word of `search` must be in `owner/name`.

    Of each group of `any_tags` one tag at least must be there.
    `uses` are ids of models or datasets that the card of a space names. `parameters` is (least, most).
    """

    kind: RepoKind | None = None
    search: str = ""
    author: str | None = None
    tags: tuple[str, ...] = ()
    any_tags: tuple[tuple[str, ...], ...] = ()
    pipeline_tag: str | None = None
    library: str | None = None
    gated: bool | None = None
    uses: tuple[str, ...] = ()
    parameters: tuple[int, int] | None = None
    sort: Sort = "lastModified"


@dataclass(frozen=True, slots=True)
class RepoPage:
    """`cursor` continues after the last one; None if there are no more."""

    repos: tuple[Repo, ...]
    cursor: str | None


def parse_parameters(text: str) -> tuple[int, int] | None:
    """`min:6B,max:128B`; either may be left out."""
    if not text:
        return None
    bounds = {"min": 0, "max": 2**62}
    for part in text.split(","):
        match = _BOUND.match(part.strip())
        if match is None:
            raise InvalidInput("'num_parameters' looks like 'min:6B,max:128B'.")
        bounds[match[1]] = min(2**62, int(float(match[2]) * _UNITS[match[3].upper()]))
    return bounds["min"], bounds["max"]


_BOUND = re.compile(r"(min|max):(\d{1,15}(?:\.\d{1,9})?)([KMBT]?)\Z", re.IGNORECASE)
_UNITS: Mapping[str, int] = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
