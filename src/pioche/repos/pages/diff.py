"""A unified diff as rows of a table."""

from __future__ import annotations

import re
from typing import Literal

Row = tuple[Literal["context", "add", "del", "hunk"], int | None, int | None, str]

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
MAX_ROWS = 2_000
MAX_FILES = 100


def rows_of(patch: str | None) -> list[Row] | None:
    """Kind, old and new line number, text. None for what has no text diff; at most `MAX_ROWS` rows."""
    if patch is None:
        return None
    rows: list[Row] = []
    old = new = 0
    inside = False
    for line in patch.split("\n"):
        hunk = _HUNK.match(line)
        if hunk:
            old, new, inside = int(hunk[1]), int(hunk[2]), True
            rows.append(("hunk", None, None, line))
        elif inside and line.startswith("+"):
            rows.append(("add", None, new, line[1:]))
            new += 1
        elif inside and line.startswith("-"):
            rows.append(("del", old, None, line[1:]))
            old += 1
        elif inside and line.startswith(" "):
            rows.append(("context", old, new, line[1:]))
            old, new = old + 1, new + 1
        if len(rows) >= MAX_ROWS:
            break
    return rows


def split_patch(patch: str) -> list[tuple[str, list[Row]]]:
    """The files of a patch as git prints it: path and rows of each, at most `MAX_FILES`."""
    files = []
    for part in re.split(r"^diff --git ", patch, flags=re.MULTILINE)[1 : MAX_FILES + 1]:
        path = part.partition("\n")[0].rpartition(" b/")[2]
        files.append((path, rows_of(part) or []))
    return files
