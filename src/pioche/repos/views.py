"""What the pages of a repository show: one frozen value for each page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pioche.names import CommitOid
from pioche.ports.gitstore import CommitInfo, DiffFile, Ref, TreeNode
from pioche.repos.quants import Quant
from pioche.repos.types import Repo


@dataclass(frozen=True, slots=True)
class Header:
    """What every page of a repository has on top."""

    repo: Repo
    can_write: bool
    can_admin: bool
    can_discuss: bool
    discussions_open: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the repository the reader is. `revision` is what the address says, `commit` what it means."""

    revision: str
    commit: CommitOid
    path: str
    branches: Sequence[Ref]
    tags: Sequence[Ref]

    @property
    def is_branch(self) -> bool:
        """Only the tip of a branch can be edited."""
        return any(ref.name == self.revision for ref in self.branches)


@dataclass(frozen=True, slots=True)
class CardPage:
    """`text` is the body of README.md without its front matter; None if there is no card."""

    header: Header
    place: Place | None
    text: str | None
    parameters: Mapping[str, int]  # dtype -> count, from headers of safetensors or GGUF
    quants: Sequence[Quant] = ()  # variants in GGUF


@dataclass(frozen=True, slots=True)
class FolderEntry:
    node: TreeNode
    last: CommitInfo | None


@dataclass(frozen=True, slots=True)
class FolderPage:
    header: Header
    place: Place
    entries: Sequence[FolderEntry]
    total: int
    page: int
    pages: int
    last: CommitInfo
    commits: int


Preview = Literal["text", "markdown", "image", "audio", "video", "safetensors", "pdf", "none"]


@dataclass(frozen=True, slots=True)
class FilePage:
    """`text` for text and markdown previews; `tensors` for safetensors: (name, dtype, shape, count) each."""

    header: Header
    place: Place
    node: TreeNode
    last: CommitInfo
    preview: Preview
    text: str | None = None
    tensors: Sequence[tuple[str, str, Sequence[int], int]] = ()
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    header: Header
    place: Place
    commits: Sequence[CommitInfo]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class TensorChange:
    """`old` and `new` are dtype and shape; None where it was not, or is not any more."""

    name: str
    old: tuple[str, Sequence[int]] | None
    new: tuple[str, Sequence[int]] | None


@dataclass(frozen=True, slots=True)
class TensorChanges:
    """By the headers alone: what has the same name, dtype and shape may still hold other weights."""

    changes: Sequence[TensorChange]  # the first of `count`
    count: int
    same: int
    metadata: Sequence[tuple[str, str, str]]  # key, before, after


ChangeKind = Literal["text", "large", "image", "table", "tensors", "binary", "long", "submodule"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """`columns`: the first lines of a table, before and after, for the names of its columns."""

    file: DiffFile
    kind: ChangeKind
    columns: tuple[str, str] = ("", "")
    tensors: TensorChanges | None = None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What changed between two commits; `files` are the first of `total`, or the one that was asked for by `only`."""

    old: CommitOid | None
    new: CommitOid
    files: Sequence[FileChange]
    total: int
    only: str = ""


@dataclass(frozen=True, slots=True)
class CommitPage:
    header: Header
    commit: CommitInfo
    changes: ChangeSet
