"""Tree objects as git stores them.

Source: git's own documentation of object formats; checked against `git ls-tree`.
Shape:  (mode in octal digits, space, name, NUL, 20 bytes of id)*, sorted by name, folders as if named `name/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

TREE = 0o040000
FILE = 0o100644
EXECUTABLE = 0o100755
SYMLINK = 0o120000
SUBMODULE = 0o160000

_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_MODES = {b"%o" % mode: mode for mode in (TREE, FILE, EXECUTABLE, SYMLINK, SUBMODULE)}


def read_tree(raw: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """(name, mode, id) in stored order."""
    end = 0
    for found in _ENTRY.finditer(raw):
        if found.start() != end:
            break
        mode, name, oid = found.groups()
        end = found.end()
        yield name, _MODES.get(mode) or int(mode, 8), oid
    if end != len(raw):
        raise ValueError("This is not a tree object.")


def format_tree(entries: Iterable[tuple[bytes, int, bytes]]) -> bytes:
    ordered = sorted(entries, key=lambda entry: entry[0] + b"/" if entry[1] == TREE else entry[0])
    return b"".join(b"%o %s\0%s" % (mode, name, oid) for name, mode, oid in ordered)
