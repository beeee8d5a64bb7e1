"""The nouns of buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pioche.accounts.types import Resource
from pioche.errors import InvalidName
from pioche.names import RepoKind, check_name

EMPTY = bytes(32)
"""The Xet hash of a file without bytes. It is in no store: there is nothing to store."""


@dataclass(frozen=True, slots=True)
class BucketId:
    """`namespace/name`."""

    namespace: str
    name: str

    @classmethod
    def parse(cls, text: str) -> BucketId:
        namespace, slash, name = text.partition("/")
        if not slash:
            raise InvalidName(f"A bucket is called 'owner/name', and '{text[:100]}' has no owner.")
        return cls(check_name(namespace), check_name(name))

    @property
    def full(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """The path of its page without the leading slash."""
        return f"buckets/{self.full}"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A row of `buckets` with its owner's name. `size` is in bytes. `log_start`: (id, time) of the newest change that
    the log has forgotten.
    """

    id: int
    bucket_id: BucketId
    owner_id: int
    private: bool
    created_by: int | None
    group_id: int | None
    created_at: int
    updated_at: int
    size: int
    total_files: int
    log_start: tuple[int, int]

    @property
    def resource(self) -> Resource:
        return Resource(self.id, self.owner_id, self.private, self.created_by, group_id=self.group_id)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a bucket. `name` is its Xet hash in raw bytes; `mtime` is what the sender's disk said."""

    path: str
    name: bytes
    size: int
    mtime: int | None
    uploaded_at: int


@dataclass(frozen=True, slots=True)
class Folder:
    """All files below `path` + `/`. Folders are not stored: they are there while a file is in them."""

    path: str


Entry = StoredFile | Folder


@dataclass(frozen=True, slots=True)
class Listing:
    """`next_start`: where the next page starts; None if there is none."""

    entries: Sequence[Entry]
    next_start: str | None


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file with its bucket; `xet_path` is where the content store is."""

    bucket: Bucket
    file: StoredFile
    xet_path: str


@dataclass(frozen=True, slots=True)
class StoredBytes:
    """The bytes of a file, read when they are asked for."""

    size: int
    reader: Callable[[int, int], Iterator[bytes]]
    local_path: Path | None = None

    def read(self, start: int, end: int) -> Iterator[bytes]:
        return self.reader(start, end)


@dataclass(frozen=True, slots=True)
class BucketPage:
    """`cursor` continues after the last one; None if there are no more."""

    buckets: Sequence[Bucket]
    cursor: str | None


# -- writing --


@dataclass(frozen=True, slots=True)
class AddFile:
    """A file whose bytes were uploaded for this bucket. `name` is its Xet hash in raw bytes."""

    path: str
    name: bytes
    mtime: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a copy comes from: a repository of a kind, or a bucket (`kind` None). `full` is `namespace/name`."""

    kind: RepoKind | None
    full: str


@dataclass(frozen=True, slots=True)
class CopyFile:
    """A file of another place, by its Xet hash, or, of a repository, by its path at a revision."""

    path: str
    source: Source
    name: bytes | None = None
    source_path: str = ""
    revision: str = "main"
    mtime: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Nothing happens if it is not there."""

    path: str


Operation = AddFile | CopyFile | DeleteFile


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that was left out, and why."""

    path: str
    error: str


# -- changes --

ChangeKind = Literal["add", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the log. Of a delete only the path is known."""

    id: int
    kind: ChangeKind
    path: str
    name: bytes | None
    size: int | None
    mtime: int | None
    at: int
