"""Changes of CSV and TSV files as rows with cells, made from the lines that git found to differ."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Literal

MAX_COLUMNS = 60
MAX_CELL = 300
"""Letters of a cell that are shown."""

LineRow = tuple[str, int | None, int | None, str]
Mark = Literal["", "add", "del", "change"]


@dataclass(frozen=True, slots=True)
class Cell:
    """`old` and `new` differ only where `mark` is "change"; otherwise `new` is what it holds, or held."""

    new: str
    old: str = ""
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """`number` is the line of the file, as it is now or, for what was taken away, as it was."""

    mark: Mark | Literal["gap"]
    number: int | None = None
    cells: Sequence[Cell] = ()


@dataclass(frozen=True, slots=True)
class TableDiff:
    columns: Sequence[Cell]
    rows: Sequence[TableRow]
    hidden: int  # columns that are not shown


def table_of(path: str, heads: tuple[str, str], rows: Sequence[LineRow]) -> TableDiff | None:
    """None for what is no plain table: lines within cells, or lines that are not read as CSV."""
    split = _Splitter("\t" if path.lower().endswith(".tsv") else ",")
    old_names, new_names = (split(head) if head else [] for head in heads)
    if old_names is None or new_names is None or (not old_names and not new_names):
        return None
    columns = _columns(old_names, new_names)
    found: list[TableRow] = []
    for kind, group in groupby(rows, _sort):
        run = list(group)
        lines = [(row, split(row[3])) for row in run if row[0] in ("add", "del", "context")]
        if any(cells is None for _, cells in lines):
            return None
        known = [(row, cells) for row, cells in lines if cells is not None and 1 not in (row[1], row[2])]
        if kind == "hunk" and found:
            found.append(TableRow("gap"))
        elif kind == "change":
            found += _changed(known, columns)
        else:
            found += [TableRow("", row[2], columns.row(None, cells)) for row, cells in known]
    return TableDiff(columns.head(), found, columns.hidden)


class _Splitter:
    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter

    def __call__(self, line: str) -> list[str] | None:
        """None if the line is not a row by itself."""
        line = line.rstrip("\r")
        if not line:
            return []
        if '"' not in line:
            return line.split(self._delimiter)
        try:
            [cells] = csv.reader([line], delimiter=self._delimiter, strict=True)
        except (csv.Error, ValueError):
            return None
        return cells


@dataclass(frozen=True, slots=True)
class _Columns:
    """Each column by its name, and its place before and after; None where there is none."""

    names: Sequence[tuple[str, int | None, int | None]]
    hidden: int

    def head(self) -> list[Cell]:
        return [Cell(name[:MAX_CELL], "", _presence(old, new)) for name, old, new in self.names]

    def row(self, old: Sequence[str] | None, new: Sequence[str] | None) -> list[Cell]:
        """One side None: the cells of the other. Both: what changed in each cell."""
        cells = []
        for _, at_old, at_new in self.names:
            before, after = _cell(old, at_old), _cell(new, at_new)
            if old is None or new is None:
                cells.append(Cell(after if old is None else before))
            elif at_old is None or at_new is None:
                cells.append(Cell(after if at_old is None else before, "", _presence(at_old, at_new)))
            else:
                changed = _whole(old, at_old) != _whole(new, at_new)
                cells.append(Cell(after, before, "change") if changed else Cell(after))
        return cells


def _columns(old: Sequence[str], new: Sequence[str]) -> _Columns:
    if not old or not new or old == new:
        names = new or old
        # A table that came or went as a whole has no columns that came or went.
        both = [(name, at, at) for at, name in enumerate(names)]
        return _Columns(both[:MAX_COLUMNS], max(0, len(both) - MAX_COLUMNS))
    places = {name: at for at, name in reversed(list(enumerate(old)))}
    found: list[tuple[str, int | None, int | None]] = []
    for at, name in enumerate(new):
        found.append((name, places.pop(name, None), at))
    found += [(name, at, None) for name, at in sorted(places.items(), key=lambda item: item[1])]
    return _Columns(found[:MAX_COLUMNS], max(0, len(found) - MAX_COLUMNS))


def _changed(lines: Sequence[tuple[LineRow, list[str]]], columns: _Columns) -> Iterator[TableRow]:
    """Rows that went and rows that came in their place: with the same first cell, or else one after the other."""
    gone = [(row[1], cells) for row, cells in lines if row[0] == "del"]
    come = [(row[2], cells) for row, cells in lines if row[0] == "add"]
    for before, after in _matched(gone, come):
        if before is None and after is not None:
            yield TableRow("add", after[0], columns.row(None, after[1]))
        elif after is None and before is not None:
            yield TableRow("del", before[0], columns.row(before[1], None))
        elif before is not None and after is not None:
            cells = columns.row(before[1], after[1])
            if len(cells) > 1 and all(cell.mark for cell in cells):
                yield TableRow("del", before[0], columns.row(before[1], None))
                yield TableRow("add", after[0], columns.row(None, after[1]))
            else:
                yield TableRow("change", after[0], cells)


_Line = tuple[int | None, list[str]]


def _matched(gone: list[_Line], come: list[_Line]) -> Iterator[tuple[_Line | None, _Line | None]]:
    if len(gone) == len(come):
        yield from zip(gone, come, strict=True)
        return
    keys = {line[1][0]: line for line in gone if line[1]}
    pairs = [keys.pop(line[1][0], None) if line[1] else None for line in come]
    taken = {id(line) for line in pairs if line is not None}
    if not taken:
        yield from zip_longest(gone, come)
        return
    yield from ((line, None) for line in gone if id(line) not in taken)
    yield from zip(pairs, come, strict=True)


def _sort(row: LineRow) -> str:
    return "change" if row[0] in ("add", "del", "note") else row[0]


def _presence(old: int | None, new: int | None) -> Mark:
    return "add" if old is None else "del" if new is None else ""


def _whole(cells: Sequence[str] | None, at: int | None) -> str:
    return cells[at] if cells is not None and at is not None and at < len(cells) else ""


def _cell(cells: Sequence[str] | None, at: int | None) -> str:
    return _whole(cells, at)[:MAX_CELL]
