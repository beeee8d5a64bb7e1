"""Looking at a table before it is learned from. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence

from pioche.errors import InvalidInput
from pioche.training.types import Preview

ENDINGS = (".csv", ".tsv", ".jsonl")
SHOWN, MAX_CLASSES, FEW = 5, 100, 20
MAX_FIELD = 1024 * 1024
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")


def look(name: str, content: bytes, text: str = "", label: str = "") -> Preview:
    """`text` and `label` are columns, if they were chosen. Raises `InvalidInput` for what is no table."""
    columns, rows = read(name, content)
    text = text if text in columns else _likely_text(columns, rows)
    label = label if label in columns and label != text else _likely_label(columns, rows, text)
    at, of = columns.index(text), columns.index(label) if label else -1
    classes = Counter(row[of].strip() for row in rows if row[of].strip()) if label else Counter[str]()
    warnings = _warnings(rows, at, of, classes)
    shown = [[cell[:200] for cell in row] for row in rows[:SHOWN]]
    return Preview(name, columns, shown, len(rows), text, label, dict(classes.most_common(12)), warnings)


def read(name: str, content: bytes) -> tuple[list[str], list[list[str]]]:
    """Columns and rows, every cell a text."""
    said = content.decode("utf-8-sig", errors="replace")
    try:
        columns, rows = _read_lines(said) if name.endswith(".jsonl") else _read_csv(name, said)
    except (csv.Error, ValueError) as error:
        raise InvalidInput(f"'{name}' cannot be read as a table: {error}.") from error
    if len(columns) < 2:
        raise InvalidInput(f"'{name}' has one column. A text and its label are needed, in two.")
    if not rows:
        raise InvalidInput(f"'{name}' has no rows.")
    return columns, rows


def check(name: str, content: bytes, text: str, label: str) -> None:
    """Raises `InvalidInput` for what nothing can be learned from."""
    columns, rows = read(name, content)
    for column in (text, label):
        if column not in columns:
            raise InvalidInput(f"There is no column '{column[:60]}' in '{name}'. There are: {', '.join(columns)}.")
    if text == label:
        raise InvalidInput("The text and its label must be different columns.")
    at, of = columns.index(text), columns.index(label)
    classes = Counter(row[of].strip() for row in rows if row[of].strip() and row[at].strip())
    if len(classes) < 2:
        raise InvalidInput("All rows are of one class, so there is nothing to tell apart.")
    if len(classes) > MAX_CLASSES:
        raise InvalidInput(f"'{label}' has {len(classes)} different values; {MAX_CLASSES} classes are the limit.")
    if sum(classes.values()) < FEW:
        raise InvalidInput(f"There are {sum(classes.values())} rows; at least {FEW} are needed to learn and to check.")


def _read_csv(name: str, said: str) -> tuple[list[str], list[list[str]]]:
    csv.field_size_limit(MAX_FIELD)
    first = said.partition("\n")[0]
    delimiter = "\t" if name.endswith(".tsv") else max(",;\t|", key=first.count)
    lines = list(csv.reader(io.StringIO(said, newline=""), delimiter=delimiter))
    columns = [cell.strip() for cell in lines[0]] if lines else []
    if len(set(columns)) != len(columns):
        raise ValueError("two columns have the same name")
    return columns, [(row + [""] * len(columns))[: len(columns)] for row in lines[1:] if any(row)]


def _read_lines(said: str) -> tuple[list[str], list[list[str]]]:
    rows = [json.loads(line) for line in said.splitlines() if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("every line must be an object")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return columns, [["" if row.get(column) is None else str(row.get(column)) for column in columns] for row in rows]


def _likely_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The column with the longest texts."""
    return max(columns, key=lambda column: sum(len(row[columns.index(column)]) for row in rows[:500]))


def _likely_label(columns: Sequence[str], rows: Sequence[Sequence[str]], text: str) -> str:
    """A column of few different values; one that is called so, if there is one."""
    others = [column for column in columns if column != text]
    named = [column for column in others if column.lower() in ("label", "labels", "class", "category", "target")]
    kinds = {column: len({row[columns.index(column)] for row in rows[:5_000]}) for column in others}
    fitting = [column for column in named or others if 2 <= kinds[column] <= MAX_CLASSES]
    return min(fitting, key=lambda column: kinds[column]) if fitting else ""


def _warnings(rows: Sequence[Sequence[str]], at: int, of: int, classes: Counter[str]) -> list[str]:
    found = []
    if of < 0:
        return ["No column looks like labels: a column with a few different values is needed."]
    empty = sum(not row[at].strip() or not row[of].strip() for row in rows)
    if empty:
        found.append(f"{empty} rows have no text or no label, and are left out.")
    twice = len(rows) - len({(row[at].strip(), row[of].strip()) for row in rows})
    if twice:
        found.append(f"{twice} rows stand there more than once, and count once.")
    texts = {row[at].strip(): row[of].strip() for row in rows}
    if (torn := len({(row[at].strip(), row[of].strip()) for row in rows}) - len(texts)) > 0:
        found.append(f"{torn} texts have more than one label.")
    if classes and max(classes.values()) > 10 * min(classes.values()):
        found.append("Some classes have ten times as many rows as others: the rare ones will be learned badly.")
    if any(_MAIL.search(row[at]) for row in rows[:2_000]):
        found.append("Some texts hold mail addresses. What a model learned from can come out of it again.")
    return found
