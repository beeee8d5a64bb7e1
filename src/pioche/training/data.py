"""Looking at a table before it is learned from: which column is what, and what is odd. Pure."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pioche.errors import InvalidInput
from pioche.training.catalogue import Role, Task
from pioche.training.recipes.cells import check_extent, read_csv, read_lines, tagged, text_of
from pioche.training.types import Preview

ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
MAX_TABLE = 64 * 1024 * 1024
SHOWN, MAX_CLASSES, MOST_SHOWN_CLASSES = 5, 100, 12
MAX_FIELD = 1024 * 1024
LOOKED_AT = 2_000
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.]")
_TELEPHONE = re.compile(r"\+\d{1,3}[ /-]?\(?\d{1,5}\)?(?:[ /-]?\d{2,5}){2,4}\b")


@dataclass(frozen=True, slots=True)
class Table:
    """A cell is a text, or a value of JSON."""

    file: str
    names: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def cells(self, name: str, most: int | None = None) -> list[Any]:
        """As they stand in the file; of the first `most` rows."""
        at = self.names.index(name)
        return [row[at] for row in self.rows[:most]]

    def column(self, name: str, most: int | None = None) -> list[str]:
        """As texts, in the words in which they are learned from."""
        return [text_of(cell) for cell in self.cells(name, most)]


def read(file: str, content: bytes) -> Table:
    """`content` of a parquet file: its rows, one JSON object a line. Raises `InvalidInput` for what is no table of two
    columns at least.
    """
    said = content.decode("utf-8-sig", errors="replace")
    try:
        names, rows = _read(file, said)
    except (csv.Error, ValueError, RecursionError) as error:
        raise InvalidInput(f"'{file}' cannot be read as a table: {error}.") from error
    if len(names) < 2:
        raise InvalidInput(f"'{file}' has one column. At least two are needed, to learn one from the other.")
    if not rows:
        raise InvalidInput(f"'{file}' has no rows.")
    return Table(file, names, rows)


def look(task: Task, table: Table, chosen: Mapping[str, str]) -> Preview:
    """With the columns that were chosen, and likely ones for the others."""
    columns = suggest(task, table, chosen)
    label = next((columns[role.name] for role in task.roles if role.classes and role.name in columns), "")
    classes = Counter(cell for cell in table.column(label) if cell) if label else Counter[str]()
    return Preview(
        table.file,
        len(table.rows),
        table.names,
        [[text_of(cell)[:200] for cell in row] for row in table.rows[:SHOWN]],
        columns,
        dict(classes.most_common(MOST_SHOWN_CLASSES)),
        warnings=list(_warnings(task, table, columns, classes)),
    )


def check(task: Task, table: Table, columns: Mapping[str, str]) -> None:
    """Raises `InvalidInput` for what nothing can be learned from."""
    roles = [role.name for role in task.roles]
    if unknown := next((name for name in columns if name not in roles), ""):
        raise InvalidInput(
            f"No column is the '{unknown[:60]}' for {task.name}. What columns can be: {', '.join(roles)}."
        )
    for role in task.roles:
        name = columns.get(role.name, "")
        if name not in table.names and not (role.optional and not name):
            there = ", ".join(table.names)
            if not name:
                raise InvalidInput(f"Say which column of '{table.file}' is the {role.name}. There are: {there[:500]}.")
            raise InvalidInput(f"There is no column '{name[:60]}' in '{table.file}'. There are: {there[:500]}.")
    used = [columns[role.name] for role in task.roles if columns.get(role.name)]
    if len(set(used)) != len(used):
        raise InvalidInput("One column cannot be two things: choose different ones.")
    if untagged := _untagged(task, table, columns):
        raise InvalidInput(untagged)
    whole = [row for row in _cells(table, used) if all(row)]
    if len(whole) < task.least:
        raise InvalidInput(
            f"There are {len(whole)} whole rows; at least {task.least} are needed to learn and to check."
        )
    for role in task.roles:
        if role.classes:
            _check_classes(columns[role.name], Counter(row[used.index(columns[role.name])] for row in whole))
    if task.name == "tabular-regression" and not all(_is_number(row[0]) for row in whole):
        raise InvalidInput(f"Some values in '{used[0]}' are not numbers. To predict a class, choose that task.")


def _untagged(task: Task, table: Table, columns: Mapping[str, str]) -> str:
    """The first row whose words have not a tag each, in the words of the recipe; empty if there is none."""
    if task.name != "token-classification" or not {"tokens", "tags"} <= columns.keys():
        return ""
    pairs = zip(table.cells(columns["tokens"]), table.cells(columns["tags"]), strict=True)
    for number, (words, tags) in enumerate(pairs, 1):
        try:
            tagged(words, tags)
        except ValueError as error:
            return f"Row {number} has {error}."
    return ""


def suggest(task: Task, table: Table, chosen: Mapping[str, str]) -> dict[str, str]:
    """Role -> column: what was chosen, what is called so, what looks so."""
    found: dict[str, str] = {}
    for role in task.roles:
        taken = {*found.values(), *(name for other, name in chosen.items() if other != role.name)}
        free = [name for name in table.names if name not in taken]
        name = chosen[role.name] if chosen.get(role.name) in table.names else _likely(role, table, free)
        if name:
            found[role.name] = name
    return found


def _likely(role: Role, table: Table, free: Sequence[str]) -> str:
    named = [name for name in free if name.lower() in role.names]
    if role.classes:
        kinds = {name: len(set(table.column(name, 2 * LOOKED_AT))) for name in named or free}
        fitting = [name for name in kinds if 2 <= kinds[name] <= MAX_CLASSES]
        return min(fitting, key=lambda name: kinds[name]) if fitting else ""
    if named or role.optional:
        return named[0] if named else ""
    if role.name == "target":
        numbers = [name for name in free if all(_is_number(cell) for cell in table.column(name, 200) if cell)]
        return numbers[-1] if numbers else ""
    return max(free, key=lambda name: sum(map(len, table.column(name, 500))), default="")


def _check_classes(name: str, classes: Counter[str]) -> None:
    if len(classes) < 2:
        raise InvalidInput("All rows are of one class, so there is nothing to tell apart.")
    if len(classes) > MAX_CLASSES:
        raise InvalidInput(f"'{name}' has {len(classes)} different values; {MAX_CLASSES} classes are the limit.")


def _warnings(task: Task, table: Table, columns: Mapping[str, str], classes: Counter[str]) -> Iterator[str]:
    for role in task.roles:
        if role.name not in columns and not role.optional:
            what = "a column with a few different values" if role.classes else "a column"
            yield f"No column looks like '{role.name}': {what} is needed."
    used = list(columns.values())
    rows = _cells(table, used)
    if empty := sum(not all(row) for row in rows):
        yield f"{empty} {'row lacks something, and is' if empty == 1 else 'rows lack something, and are'} left out."
    if untagged := _untagged(task, table, columns):
        yield untagged
    if task.library != "sklearn":
        yield from _about_texts(rows, classes)
    if classes and max(classes.values()) > 10 * min(classes.values()):
        yield "Some classes have ten times as many rows as others: the rare ones will be learned badly."
    texts = (text_of(cell) for row in table.rows[:LOOKED_AT] for cell in row)
    if any(_MAIL.search(text) or _TELEPHONE.search(text) for text in texts):
        yield (
            "Some cells hold mail addresses or telephone numbers. What a model learned from can come out of it again: "
            "take them out, unless their owners agreed."
        )


def _about_texts(rows: Sequence[tuple[str, ...]], classes: Counter[str]) -> Iterator[str]:
    different = set(rows)
    if twice := len(rows) - len(different):
        yield f"{twice} {'row repeats another and counts' if twice == 1 else 'rows repeat others and count'} once."
    if classes and (torn := len(different) - len({row[0] for row in different})):
        yield f"{torn} {'text has' if torn == 1 else 'texts have'} more than one label."
    plain = {re.sub(r"\W+", " ", row[0]).strip().casefold() for row in different}
    if near := len({row[0] for row in different}) - len(plain):
        yield (
            f"{near} {'text differs' if near == 1 else 'texts differ'} from another one in nothing but case and "
            "punctuation: one may be learned from, and the other checked with, which makes the figures too good."
        )


def _cells(table: Table, names: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(table.column(name) for name in names), strict=True)) if names else []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read(file: str, said: str) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    csv.field_size_limit(MAX_FIELD)
    if not file.endswith((".jsonl", ".parquet")):
        return read_csv(said, tabs=file.endswith(".tsv"))
    objects = read_lines(said)
    names = list(dict.fromkeys(key for row in objects for key in row))
    check_extent(len(names), len(objects))
    return names, [[row.get(name) for name in names] for row in objects]
