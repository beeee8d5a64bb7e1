"""Reading tables and their cells: the hub shows data by it, and recipes learn from data by it, so both see the same.

Nothing but the standard library: it is imported by the hub, and by scripts that run without the hub's package.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from typing import Any

LONGEST_LIST, MOST_ITEMS = 100_000, 20_000
"""Characters of a text that is read as a list, and items of any list; what has more is taken as it is written."""
MAX_COLUMNS, MAX_CELLS = 2_000, 20_000_000
"""A short row is as long as the longest: a few megabytes could say that they are billions of cells."""
_PLAIN = {str, int, float, bool}
_ITEM = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+"|[-+]?[0-9][0-9.eE+-]*+|True|False"""
_ITEMS = re.compile(_ITEM, re.DOTALL)
# Between the items of NumPy there is no comma. As Python, 'a' 'b' would be one text.
_LIST = re.compile(rf"\[\s*+(?:(?:{_ITEM})(?:\s*+,\s*+|\s++|(?=\])))*+\]", re.DOTALL)


def read_csv(text: str, *, tabs: bool = False) -> tuple[list[str], list[list[str]]]:
    """Names of columns, and rows that are as long, without empty ones. Raises `csv.Error`, or `ValueError` for two
    columns of one name.
    """
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t" if tabs else _delimiter_of(text)))
    names = [cell.strip() for cell in lines[0]] if lines else []
    check_extent(len(names), len(lines))
    if len(set(names)) != len(names):
        raise ValueError("two columns have the same name")
    return names, [(row + [""] * len(names))[: len(names)] for row in lines[1:] if any(row)]


def read_lines(text: str) -> list[dict[str, Any]]:
    """Of JSON, an object in each. Raises `ValueError`."""
    rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("every line must be an object")
    return rows


def check_extent(columns: int, rows: int) -> None:
    """Raises `ValueError`."""
    if columns > MAX_COLUMNS or columns * rows > MAX_CELLS:
        raise ValueError(f"it has {columns} columns and {rows} rows, which is more than is read here")


def text_of(cell: Any) -> str:
    """What is read where a text is wanted. Of a list, also of one that is written as a text, its words."""
    if cell is None:
        return ""
    items = listed(cell)
    try:
        return _clean(str(cell).strip() if items is None else " ".join(items))
    except RecursionError:  # lists in lists without an end
        return ""


def listed(cell: Any) -> list[str] | None:
    """The items of a list of texts and numbers, written as JSON, as Python, or as NumPy prints it. None for anything
    else: `[sic]` is a text.
    """
    items = _parsed(cell.strip()) if isinstance(cell, str) else cell
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        return None
    kinds = set(map(type, items))  # of millions of cells
    return (items if kinds <= {str} else list(map(str, items))) if kinds <= _PLAIN else None


def tagged(words: Any, tags: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a row and the tag of each, from lists or from texts with spaces between. Raises `ValueError`."""
    found, kinds = _parted(words), _parted(tags)
    if isinstance(tags, str) and kinds and kinds[0].startswith("[") and listed(tags) is None:
        raise ValueError("tags that begin like a list and are none that can be read")
    if len(found) != len(kinds):
        raise ValueError(f"{len(found)} words and {len(kinds)} tags: every word needs one tag")
    return found, kinds


def _parted(cell: Any) -> tuple[str, ...]:
    items = listed(cell)
    if items is not None:
        return tuple(items) if "".join(items).isascii() else tuple(map(_clean, items))
    if isinstance(cell, list | dict):
        raise ValueError(f"a list of other things than texts, or of more than {MOST_ITEMS}")
    return tuple(text_of(cell).split())


def _clean(said: str) -> str:
    """JSON may name halves of characters, which nothing can show or write."""
    return said if said.isascii() else said.encode("utf-8", "replace").decode()


def _parsed(text: str) -> Any:
    if not (text.startswith("[") and text.endswith("]")) or len(text) > LONGEST_LIST:
        return None
    is_simple = '"' not in text and "\\" not in text
    try:
        # Most lists of Python are JSON but for their quotes, and JSON is read ten times as fast.
        return json.loads(text.replace("'", '"') if is_simple else text)
    except (ValueError, RecursionError):
        return [_literal(one) for one in _ITEMS.findall(text)] if _LIST.fullmatch(text) else None


def _literal(item: str) -> str:
    """Of Python. Most have nothing in them that stands for something else, and are read quickly."""
    if item[0] not in "'\"":
        return item
    try:
        return str(ast.literal_eval(item)) if "\\" in item else item[1:-1]
    except (ValueError, SyntaxError):
        return item[1:-1]


def _delimiter_of(text: str) -> str:
    """The one of `,` `;` tab `|` that its first line has most of."""
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)
