"""Commit: what is asked before files are uploaded (preupload), and the commit itself as lines of JSON.

Source: Hub API as `huggingface_hub` 2.4 and `@huggingface/hub` speak it.
Shape:  commit: NDJSON, each line `{"key": ..., "value": {...}}`; one `header`, then `file`, `lfsFile`, `copyFile`,
        `deletedFile`, `deletedFolder` in the order in which they apply. Preupload and the answers: one JSON object.
Units:  bytes; contents are base64 or UTF-8 text, oids lowercase hex.
Errors: `InvalidInput` with the number of the line, `TooLarge` for a file that must be a large file; no retry helps.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

import msgspec

from pioche.errors import InvalidInput, TooLarge

MAX_OPERATIONS = 100_000
LINE_SLACK = 64 * 1024
"""Room in a line for everything that is not content; a path takes 1 KiB, a long description a few."""


# -- lines --


class Header(msgspec.Struct, frozen=True, rename="camel"):
    """`parentCommit` (5 to 40 hex digits): refuse the commit if the branch is elsewhere by now."""

    summary: str = ""
    description: str | None = None
    parent_commit: str | None = None


class File(msgspec.Struct, frozen=True):
    path: str
    content: str
    encoding: Literal["base64", "utf-8"] = "utf-8"


class LfsFile(msgspec.Struct, frozen=True):
    """`size` is absent when the client copies a file within a repository (huggingface_hub 2.4)."""

    path: str
    oid: str
    algo: Literal["sha256"] = "sha256"
    size: int | None = None


class CopyFile(msgspec.Struct, frozen=True, rename="camel"):
    path: str
    src_path: str
    src_revision: str | None = None


class DeletedFile(msgspec.Struct, frozen=True):
    path: str


class DeletedFolder(msgspec.Struct, frozen=True):
    """The path may end with a slash."""

    path: str


class _HeaderLine(msgspec.Struct, tag_field="key", tag="header"):
    value: Header


class _FileLine(msgspec.Struct, tag_field="key", tag="file"):
    value: File


class _LfsFileLine(msgspec.Struct, tag_field="key", tag="lfsFile"):
    value: LfsFile


class _CopyFileLine(msgspec.Struct, tag_field="key", tag="copyFile"):
    value: CopyFile


class _DeletedFileLine(msgspec.Struct, tag_field="key", tag="deletedFile"):
    value: DeletedFile


class _DeletedFolderLine(msgspec.Struct, tag_field="key", tag="deletedFolder"):
    value: DeletedFolder


_Line = _HeaderLine | _FileLine | _LfsFileLine | _CopyFileLine | _DeletedFileLine | _DeletedFolderLine
_LINE: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True)
class Content:
    """A `file` line with its content decoded."""

    path: str
    content: bytes


CommitLine = Content | LfsFile | CopyFile | DeletedFile | DeletedFolder


def read_commit(file: IO[bytes], max_file: int) -> tuple[Header, Iterator[CommitLine]]:
    """The header, and the operations one by one, so that a long commit is never in memory as a whole.

    No file in it may be longer than `max_file` bytes. Errors in later lines come when those are reached.
    """
    values = _read_lines(file, max_file)
    number, first = next(values, (1, None))
    if not isinstance(first, Header):
        raise InvalidInput(f"Line {number} of the commit must have the key 'header'.")
    return first, _operations(values, max_file)


def _operations(values: Iterator[tuple[int, Header | File | CommitLine]], max_file: int) -> Iterator[CommitLine]:
    for count, (number, value) in enumerate(values):
        if count == MAX_OPERATIONS:
            raise TooLarge(f"A commit may change {MAX_OPERATIONS} files. Make several commits.")
        if isinstance(value, Header):
            raise InvalidInput(f"Line {number} of the commit is a second header; there may be one.")
        yield Content(value.path, _decode_content(value, number, max_file)) if isinstance(value, File) else value


def _read_lines(file: IO[bytes], max_file: int) -> Iterator[tuple[int, Header | File | CommitLine]]:
    # Text with an escape for every byte would be longer still; such a file is refused like one that is too long.
    limit = 2 * max_file + LINE_SLACK
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) > limit:
            raise _too_large(f"The file in line {number} of the commit", max_file)
        if not line.isspace():
            yield number, _decode_line(line, number)


def _decode_line(line: bytes, number: int) -> Header | File | CommitLine:
    try:
        return _LINE.decode(line).value
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"Line {number} of the commit cannot be read: {error}.") from error


def _decode_content(file: File, number: int, max_file: int) -> bytes:
    try:
        if file.encoding == "base64":
            content = binascii.a2b_base64(file.content, strict_mode=True)
        else:
            content = file.content.encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise InvalidInput(
            f"The content of '{file.path[:200]}' (line {number}) is not valid {file.encoding}."
        ) from error
    if len(content) > max_file:
        raise _too_large(f"'{file.path[:200]}'", max_file)
    return content


def _too_large(what: str, max_file: int) -> TooLarge:
    return TooLarge(
        f"{what} is larger than {max_file} bytes, so it must be uploaded as a large file: ask for the upload mode "
        "first, as the hub's clients do, or track it with Git LFS."
    )


# -- answers --


class CommitAnswer(msgspec.Struct, rename="camel", omit_defaults=True):
    commit_url: str
    commit_oid: str
    success: bool | None = None
    hook_output: str | None = None
    pull_request_url: str | None = None


class PreuploadFile(msgspec.Struct):
    """`sample`: base64 of the first 512 bytes."""

    path: str
    size: int = 0
    sample: str = ""

    def sample_bytes(self) -> bytes:
        try:
            return binascii.a2b_base64(self.sample)
        except ValueError as error:
            raise InvalidInput(f"The sample of '{self.path[:200]}' is not valid base64.") from error


class PreuploadRequest(msgspec.Struct, rename="camel"):
    files: list[PreuploadFile]
    git_ignore: str | None = None


class UploadMode(msgspec.Struct, rename="camel", omit_defaults=True):
    """`oid` is the git blob id or the SHA-256 of what is at this path already; the client skips what is the same.

    `shouldIgnore` must be there, even if false (huggingface_hub 2.4 looks it up without a default).
    """

    path: str
    upload_mode: Literal["lfs", "regular"]
    should_ignore: bool
    oid: str | None = None


class PreuploadAnswer(msgspec.Struct):
    files: list[UploadMode]
