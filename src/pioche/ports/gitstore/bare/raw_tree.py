"""Tree objects as git stores them.

Source: git's own documentation of object formats; checked against `git ls-tree`.
Shape:  (mode in octal digits, space, name, NUL, 20 bytes of id)*, sorted by name, folders as if named `name/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

TREE = 0o040000
FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
SUBMODULE = 0o160000


def read_tree(raw: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """(name, mode, id) in stored order."""
    start, end = 0, len(raw)
    while start < end:
        space = raw.index(b" ", start)
        nul = raw.index(b"\0", space)
        yield raw[space + 1 : nul], int(raw[start:space], 8), raw[nul + 1 : nul + 21]
        start = nul + 21


def format_tree(entries: Iterable[tuple[bytes, int, bytes]]) -> bytes:
    ordered = sorted(entries, key=lambda entry: entry[0] + b"/" if entry[1] == TREE else entry[0])
    return b"".join(b"%o %s\0%s" % (mode, name, oid) for name, mode, oid in ordered)
