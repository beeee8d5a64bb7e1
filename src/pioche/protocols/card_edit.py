"""Changing fields of a card and nothing else: comments, order, spacing and what nobody knows of stay as they are.

Source: as `card.py`.
Shape:  as `card.py`. The lines of a field are found by the marks of the YAML parser; only those are written anew.
Units:  lines and columns, from 0.
Errors: `CardNotEditable`: this card must be edited as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from pioche.errors import InvalidInput
from pioche.protocols.card import parse_front_matter, split_front_matter

MAX_FRONT = 64 * 1024
"""Characters of metadata that are changed field by field: the parser that knows the places is a slow one."""

FieldValue = str | Sequence[str] | None
"""None takes the field away."""


class CardNotEditable(InvalidInput):
    """Its metadata are written in a way that cannot be changed field by field."""

    code = "CardNotEditable"


def set_fields(text: str, changes: Mapping[str, FieldValue]) -> str:
    """The card with these fields changed. A list of one text where there was a text stays a text."""
    if not changes:
        return text
    before, _, errors = parse_front_matter(text)
    if errors:
        raise CardNotEditable(" ".join(errors))
    front, body = split_front_matter(text)
    if len(front) > MAX_FRONT:
        raise CardNotEditable(f"A form changes metadata of up to {MAX_FRONT} characters. Edit these as text.")
    has_front = body != text or bool(front)
    lines = front.removesuffix("\n").split("\n") if front else []
    for name, value in changes.items():
        lines = _set_field(lines, name, _settled(before.get(name), value))
    head = text[: text.index("---")] if has_front else ""
    middle = "".join(f"{line}\n" for line in lines)
    new = f"{head}---\n{middle}---\n{body if has_front else _after(text)}"
    _check(before, new, changes)
    return new


def _after(text: str) -> str:
    """A card that had no metadata."""
    return f"\n{text}" if text.strip() else text


def _settled(old: object, value: FieldValue) -> FieldValue:
    if value is None or isinstance(value, str):
        return value or None
    items = list(value)
    if len(items) == 1 and isinstance(old, str):
        return items[0]
    return items or None


def _check(before: Mapping[str, object], text: str, changes: Mapping[str, FieldValue]) -> None:
    """What was not to change did not, and what was to change did."""
    after, _, errors = parse_front_matter(text)
    same = {name: value for name, value in before.items() if name not in changes}
    if errors or {name: value for name, value in after.items() if name not in changes} != same:
        raise CardNotEditable("These metadata are written in a way that a form cannot change. Edit them as text.")
    for name, value in changes.items():
        if _settled(before.get(name), value) != after.get(name):
            raise CardNotEditable(f"A form cannot write this '{name}'. Edit it as text.")


@dataclass(frozen=True, slots=True)
class _Place:
    """The lines of a field: `start` to before `end`; what follows the last of them is not its own."""

    key: yaml.ScalarNode
    value: yaml.Node
    start: int
    end: int


def _set_field(lines: list[str], name: str, value: FieldValue) -> list[str]:
    place = _find(lines, name)
    if place is None:
        return lines if value is None else [*lines, *_written(name, value)]
    old = lines[place.start : place.end]
    if value is None:
        new: list[str] = []
    elif isinstance(value, str) and _is_short(place):
        new = [_replaced(old[0], place, _scalar(value))]
    elif not isinstance(value, str) and (kept := _items_edited(lines, place, value)) is not None:
        new = kept
    else:
        new = _written(name, value)
    return [*lines[: place.start], *new, *lines[place.end :]]


def _find(lines: Sequence[str], name: str) -> _Place | None:
    root = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    if root is None:
        return None
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise CardNotEditable("These metadata are not a list of fields, one below the other. Edit them as text.")
    for at, (key, value) in enumerate(root.value):
        if isinstance(key, yaml.ScalarNode) and key.value == name:
            end = root.value[at + 1][0].start_mark.line if at + 1 < len(root.value) else len(lines)
            return _Place(key, value, key.start_mark.line, _own_end(lines, key.start_mark.line, end, value))
    return None


def _own_end(lines: Sequence[str], start: int, end: int, value: yaml.Node) -> int:
    """Without the blank lines and comments that lead to the next field."""
    is_block = isinstance(value, yaml.ScalarNode) and value.style in ("|", ">")
    while end > start + 1:
        line = lines[end - 1]
        if line.strip() and not (line.startswith("#") if is_block else line.lstrip().startswith("#")):
            break
        end -= 1
    return end


def _is_short(place: _Place) -> bool:
    """Key and value stand on one line, so that a comment after them can stay."""
    value = place.value
    on_one = place.end == place.start + 1 and value.start_mark.line == value.end_mark.line == place.start
    return on_one and isinstance(value, yaml.ScalarNode) and value.end_mark.column > value.start_mark.column


def _replaced(line: str, place: _Place, text: str) -> str:
    return line[: place.value.start_mark.column] + text + line[place.value.end_mark.column :]


def _items_edited(lines: Sequence[str], place: _Place, wanted: Sequence[str]) -> list[str] | None:
    """The lines of a list, one item on each, in which items that stay keep theirs. None if it is not such a list."""
    node = place.value
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        return None
    at = {item.start_mark.line: item.value for item in node.value if isinstance(item, yaml.ScalarNode)}
    rows = range(node.value[0].start_mark.line, place.end)
    if len(at) != len(node.value) or any(
        lines[row].strip() and row not in at and not lines[row].lstrip().startswith("#") for row in rows
    ):
        return None
    stays = [value for value in at.values() if value in wanted]
    if list(wanted[: len(stays)]) != stays:
        return None
    first = lines[rows[0]]
    lead = first[: first.index("-") + 1]
    kept = [lines[row] for row in range(place.start, place.end) if row not in at or at[row] in wanted]
    return [*kept, *(f"{lead} {_scalar(item)}" for item in wanted[len(stays) :])]


def _written(name: str, value: str | Sequence[str]) -> list[str]:
    if isinstance(value, str):
        return [f"{name}: {_scalar(value)}"]
    return [f"{name}:", *(f"- {_scalar(item)}" for item in value)]


def _scalar(text: str) -> str:
    """Quoted where YAML of any version would read something else."""
    dumped = yaml.safe_dump(text, allow_unicode=True, width=2**20)
    return str(dumped).removesuffix("...\n").strip()
