"""Git LFS: pointers (the small text that stands in git for a file whose bytes are elsewhere), batch and locks.

Source: git-lfs specification, "The Pointer", "Batch API", "Basic Transfers", "File Locking API"; for the transfer
        `multipart`, the Python client of the Hub (2.4.0): `chunk_size` and part addresses in the header of an action.
Shape:  `version https://git-lfs.github.com/spec/v1`, optional `ext-N-...` lines, `oid sha256:<hex>`,
        `size <n>`; each line `key value` and ended by one newline, keys after the first in alphabetical order.
Units:  bytes; a pointer is shorter than 1,024 bytes.
Errors: none; what is not exactly a pointer is an ordinary file. In a batch each object has its own error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from pioche.names import check_sha256

VERSION = "https://git-lfs.github.com/spec/v1"
MIN_POINTER_SIZE = 120
"""No pointer is shorter: 43 bytes of version, 76 of oid, at least 7 of size."""
MAX_POINTER_SIZE = 1023
MAX_FILE_SIZE = 2**63 - 1

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"(?:ext-[0-9]-[a-z0-9.-]+ sha256:[0-9a-f]{64}\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n"
    rb"size (?P<size>0|[1-9][0-9]{0,18})\n\Z"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """A parsed pointer. `pointer_size` is the length of the pointer text itself."""

    sha256: str
    size: int
    pointer_size: int


def parse_pointer(content: bytes) -> Pointer | None:
    """The pointer that `content` is, or None for every other file."""
    if not MIN_POINTER_SIZE <= len(content) <= MAX_POINTER_SIZE:
        return None
    match = _POINTER.match(content)
    if match is None:
        return None
    size = int(match["size"])
    if size > MAX_FILE_SIZE:
        return None
    return Pointer(match["oid"].decode(), size, len(content))


def format_pointer(sha256: str, size: int) -> bytes:
    """The text to commit for a large file. Raises `InvalidName` for what is no SHA-256."""
    return f"version {VERSION}\noid sha256:{check_sha256(sha256)}\nsize {size}\n".encode()


# -- batch --

MEDIA_TYPE = "application/vnd.git-lfs+json"
MAX_BATCH = 1000
"""Objects in one request. Clients send 100 (git-lfs) or 256 (Python)."""


class ObjectSpec(msgspec.Struct, frozen=True):
    """A file as a client names it. Neither field is checked yet."""

    oid: str
    size: int


class RefSpec(msgspec.Struct, frozen=True):
    name: str


class BatchRequest(msgspec.Struct, frozen=True):
    """`ref` is absent in old clients, and when a pull request is about to be made."""

    operation: Literal["upload", "download"]
    objects: list[ObjectSpec]
    transfers: list[str] = msgspec.field(default_factory=lambda: ["basic"])
    ref: RefSpec | None = None
    hash_algo: str = "sha256"


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request to make. `expires_in` is in seconds.

    The Python client sends nothing of `header`; from an upload's it reads `chunk_size` and the addresses of parts
    ("1", "2", ...), and `href` is then where to say that all parts are there.
    """

    href: str
    expires_in: int
    header: dict[str, str] = msgspec.field(default_factory=dict)


class ObjectError(msgspec.Struct, frozen=True):
    """`code` is an HTTP status: 404 not here, 413 too large, 422 not valid, 507 no room."""

    code: int
    message: str


class ObjectAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Without actions and error: the file is here already.

    `authenticated` keeps git-lfs (3.3) from asking for a password where the address is enough.
    """

    oid: str
    size: int
    authenticated: bool = False
    actions: dict[Literal["upload", "verify", "download"], Action] | None = None
    error: ObjectError | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    objects: list[ObjectAnswer]
    transfer: Literal["basic", "multipart"] = "basic"
    hash_algo: str = "sha256"


class PartSpec(msgspec.Struct, frozen=True, rename={"part_number": "partNumber"}):
    part_number: int
    etag: str


class CompleteRequest(msgspec.Struct, frozen=True):
    """All parts were sent."""

    oid: str
    parts: list[PartSpec]


# -- locks --


class Owner(msgspec.Struct, frozen=True):
    name: str


class LockInfo(msgspec.Struct, frozen=True):
    """`locked_at` is ISO 8601; `id` is opaque text."""

    id: str
    path: str
    locked_at: str
    owner: Owner


class LockRequest(msgspec.Struct, frozen=True):
    path: str
    ref: RefSpec | None = None


class UnlockRequest(msgspec.Struct, frozen=True):
    force: bool = False
    ref: RefSpec | None = None


class LocksQuery(msgspec.Struct, frozen=True):
    """Body of `locks/verify`. A limit of 0 leaves it to the server."""

    cursor: str = ""
    limit: int = 0
    ref: RefSpec | None = None


class LockAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One lock: made, removed, or (with `message`) in the way."""

    lock: LockInfo
    message: str = ""


class LocksAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    locks: list[LockInfo]
    next_cursor: str = ""


class VerifyAnswer(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`ours` may be pushed over, `theirs` not."""

    ours: list[LockInfo]
    theirs: list[LockInfo]
    next_cursor: str = ""
