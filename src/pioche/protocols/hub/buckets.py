"""Buckets: their properties, their files, batches of changes, and the events that say what changed.

Source: Hub API as `huggingface_hub` 2.4 speaks it (`_buckets.py`, `_bucket_live_follow.py`). `sourcePath` and
        `sourceRevision` of a copy are this hub's own: they name files that have no Xet hash.
Shape:  JSON; a batch is NDJSON, one operation per line; events are server-sent events with JSON as data. Fields that
        only say where to keep something (`region`) and `contentType` mean nothing here.
Units:  bytes; `mtime` of operations in Unix milliseconds, all other dates ISO 8601 that end in Z.
Errors: `InvalidInput` with the number of the line; what is wrong with one operation is in `failed` of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pioche.errors import InvalidInput

LINE_MAX = 64 * 1024
LATEST = 253_402_300_799_999
"""The last millisecond that a date of four digits can name."""


class CreateBucket(msgspec.Struct, frozen=True, rename="camel"):
    visibility: str | None = None
    private: bool | None = None
    resource_group_id: str | None = None


class Settings(msgspec.Struct, frozen=True):
    private: bool | None = None
    visibility: str | None = None


class BucketInfo(msgspec.Struct, rename="camel"):
    id: str
    author: str
    private: bool
    created_at: str
    updated_at: str
    size: int
    total_files: int


class FileInfo(msgspec.Struct, rename="camel", tag_field="type", tag="file"):
    path: str
    size: int
    xet_hash: str
    uploaded_at: str
    mtime: str | UnsetType = UNSET


class FolderInfo(msgspec.Struct, tag_field="type", tag="directory"):
    path: str


class PathsRequest(msgspec.Struct, frozen=True):
    paths: list[str]


# -- batches --


class AddFile(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="addFile"):
    path: str
    xet_hash: str
    mtime: float | None = None


class CopyFile(msgspec.Struct, frozen=True, rename="camel", tag_field="type", tag="copyFile"):
    """Either `xetHash`, or, of a repository, `sourcePath` at `sourceRevision`."""

    path: str
    source_repo_type: str
    source_repo_id: str
    xet_hash: str | None = None
    source_path: str | None = None
    source_revision: str | None = None
    mtime: float | None = None


class DeleteFile(msgspec.Struct, frozen=True, tag_field="type", tag="deleteFile"):
    path: str


Line = AddFile | CopyFile | DeleteFile


class Target(msgspec.Struct, frozen=True):
    type: str
    name: str


class FileToCopy(msgspec.Struct, frozen=True, rename="camel"):
    xet_hash: str
    filename: str


class CopyRequest(msgspec.Struct, frozen=True):
    target: Target
    files: list[FileToCopy]


class Failed(msgspec.Struct):
    path: str
    error: str


class BatchAnswer(msgspec.Struct):
    """200 if anything was done, 422 if nothing was; clients read `failed` of both."""

    success: bool
    processed: int
    succeeded: int
    failed: list[Failed]


def read_batch(body: IO[bytes], most: int) -> Iterator[Line]:
    """The operations of a body; raises `InvalidInput` for a line that is none, or for more than `most`."""
    decoder = msgspec.json.Decoder(Line)
    number = 0
    while line := body.readline(LINE_MAX):
        number += 1
        if not line.strip():
            continue
        if number > most:
            raise InvalidInput(f"Send {most} operations at a time.")
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidInput(f"Line {number} of the batch is not as expected: {error}.") from error


def mtime_of(given: float | None) -> int | None:
    """In the years that dates can name."""
    return None if given is None else int(max(0, min(LATEST, given)))


# -- events --


class Change(msgspec.Struct, rename="camel", omit_defaults=True):
    """Of a delete only the path is known."""

    op: Literal["add", "update", "delete"]
    path: str
    size: int | None = None
    xet_hash: str | None = None
    uploaded_at: str | None = None
    mtime: str | None = None


class ChangesEvent(msgspec.Struct):
    cursor: str
    changes: Sequence[Change]


def event(name: Literal["ready", "changes", "reset", "reconnect"], data: object) -> bytes:
    """One event; clients ignore events without data."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


KEEP_ALIVE = b": still here\n\n"
