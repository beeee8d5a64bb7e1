"""Large file pointers: the small text that stands in git for a file whose bytes are elsewhere.

Source: git-lfs specification, "The Pointer".
Shape:  `version https://git-lfs.github.com/spec/v1`, optional `ext-N-...` lines, `oid sha256:<hex>`,
        `size <n>`; each line `key value` and ended by one newline, keys after the first in alphabetical order.
Units:  bytes; a pointer is shorter than 1,024 bytes.
Errors: none; what is not exactly a pointer is an ordinary file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
