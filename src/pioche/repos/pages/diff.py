"""Changes as a page shows them: lines under each other or side by side, tables by their cells, all within bounds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from pioche.names import CommitOid
from pioche.ports.gitstore import DiffFile
from pioche.repos.pages.table_diff import TableDiff, table_of
from pioche.repos.views import ChangeSet, FileChange
from pioche.web.call import Call

Row = tuple[Literal["context", "add", "del", "hunk", "note"], int | None, int | None, str]
"""Kind, old and new line number, text."""
Pair = tuple[Row | None, Row | None]
"""What stands on the left and on the right; both are the same row for a hunk."""
View = Literal["unified", "split", "lines"]

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
MAX_ROWS = 1_500
"""Rows of a file that is one among others."""
MAX_ROWS_ALONE = 20_000
MAX_PAGE = 6_000
"""Rows of a page. Files after these are folded, with a link that shows each alone."""
MAX_FILES = 100
LINES = ("text", "table")


@dataclass(frozen=True, slots=True)
class ShownFile:
    """`rows`, `pairs` (side by side) or `table` is what to show of its lines; `is_cut` if that is not all of them."""

    change: FileChange
    rows: Sequence[Row] = ()
    pairs: Sequence[Pair] = ()
    table: TableDiff | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ShownChanges:
    """`others` are files that are named and not shown; `unnamed` counts the rest."""

    changes: ChangeSet
    files: Sequence[ShownFile]
    others: Sequence[FileChange]
    unnamed: int
    view: View
    additions: int
    deletions: int

    @property
    def has_tables(self) -> bool:
        return any(change.kind == "table" for change in self.changes.files)


def shown_changes(call: Call, changes: ChangeSet) -> ShownChanges:
    """Side by side with `?view=split`; tables are lines with `?view=lines`."""
    asked = call.query("view")
    view: View = "split" if asked == "split" else "lines" if asked == "lines" else "unified"
    left = MAX_ROWS_ALONE if changes.only else MAX_PAGE
    files = []
    for change in changes.files[:MAX_FILES]:
        file = _shown(change, view, left if changes.only else min(left, MAX_ROWS))
        left -= len(file.rows) + len(file.pairs) + (len(file.table.rows) if file.table else 0)
        files.append(file)
    return ShownChanges(
        changes,
        files,
        changes.files[MAX_FILES:],
        0 if changes.only else changes.total - len(changes.files),
        view,
        sum(change.file.additions for change in changes.files if change.kind in LINES),
        sum(change.file.deletions for change in changes.files if change.kind in LINES),
    )


def _shown(change: FileChange, view: View, limit: int) -> ShownFile:
    patch = change.file.patch
    if change.kind not in LINES or patch is None:
        return ShownFile(change)
    rows, is_cut = rows_of(patch, limit)
    if change.kind == "table" and view != "lines":
        table = table_of(change.file.path, change.columns, rows)
        if table is not None:
            return ShownFile(change, table=table, is_cut=is_cut)
    if view == "split":
        return ShownFile(change, pairs=pairs_of(rows), is_cut=is_cut)
    return ShownFile(change, rows, is_cut=is_cut)


def rows_of(patch: str, limit: int = MAX_ROWS) -> tuple[list[Row], bool]:
    """At most `limit` rows, and whether there are more."""
    rows: list[Row] = []
    old = new = 0
    inside = False
    for line in patch.split("\n"):
        if len(rows) >= limit and line:
            return rows, True
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
        elif inside and line.startswith("\\"):
            rows.append(("note", None, None, line[2:]))
    return rows, False


def pairs_of(rows: Sequence[Row]) -> list[Pair]:
    """Lines that went beside those that came in their place."""
    pairs: list[Pair] = []
    gone: list[Row] = []
    come: list[Row] = []

    def settle() -> None:
        pairs.extend(zip_longest(gone, come))
        gone.clear()
        come.clear()

    for row in rows:
        if row[0] == "del":
            if come and come[-1][0] == "add":
                settle()
            gone.append(row)
        elif row[0] == "add":
            come.append(row)
        elif row[0] == "note" and (gone or come):
            (come or gone).append(row)
        else:
            settle()
            pairs.append((row, row))
    settle()
    return pairs


def changes_of_patch(patch: str, head: CommitOid) -> ChangeSet:
    """What a patch as git prints it tells, where the commits are gone."""
    files = []
    for part in re.split(r"^diff --git ", patch, flags=re.MULTILINE)[1:]:
        path = part.partition("\n")[0].rpartition(" b/")[2]
        rows, _ = rows_of(part, MAX_PAGE)
        counts = [sum(row[0] == kind for row in rows) for kind in ("add", "del")]
        file = DiffFile(path, None, "modified", None, None, counts[0], counts[1], part)
        files.append(FileChange(file, "text" if rows else "binary"))
    return ChangeSet(None, head, files, len(files))
