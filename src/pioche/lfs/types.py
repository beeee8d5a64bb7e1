"""The nouns of large files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holding:
    """A large file that a repository has a right to. `since`: Unix milliseconds; `xet_hash` None: it is one blob."""

    sha256: str
    size: int
    xet_hash: str | None
    since: int


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file that lies in one blob of its own, because it came in whole. Others are in the content store."""

    sha256: str
    size: int
    created_at: int

    @property
    def key(self) -> str:
        return blob_key(self.sha256)


def blob_key(sha256: str) -> str:
    return f"lfs/{sha256[:2]}/{sha256[2:4]}/{sha256}"


@dataclass(frozen=True, slots=True)
class LargeFileSource:
    """The bytes of a large file, however they are stored. `local_path` is set when they lie in one file here."""

    sha256: str
    size: int
    local_path: Path | None
    reader: Callable[[int, int], Iterator[bytes]]

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes `start` to `end` (not included) in pieces. Close the iterator if it is not read to its end."""
        return self.reader(start, self.size if end is None else min(end, self.size))


@dataclass(frozen=True, slots=True)
class Lock:
    """One person's claim on a path, as `git lfs lock` makes it."""

    id: int
    path: str
    owner_id: int
    owner_name: str
    locked_at: int


@dataclass(frozen=True, slots=True)
class UploadSlot:
    """A file that a repository may send: one part of it (from 1 on), all parts (`part` 0), or whole (no upload id)."""

    repo_id: int
    sha256: str
    size: int
    upload_id: str = ""
    part: int = 0

    def part_of(self, upload_id: str, part: int) -> UploadSlot:
        return UploadSlot(self.repo_id, self.sha256, self.size, upload_id, part)
