"""What a form begins with: the examples of the card (`widget:`), or something that suits the task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pioche.inference.types import OF_TABLES, Model

MOST_EXAMPLES = 12
MOST_ROWS, MOST_COLUMNS = 5, 60
LONGEST = 2_000

Table = Mapping[str, list[str]]
USUAL: Mapping[str, str] = {
    "text-classification": "I could not have wished for more.",
    "token-classification": "Ada Lovelace lived in London.",
    "text-generation": "What is a model card for?",
    "text-to-image": "a red circle",
    "zero-shot-classification": "The train to Lyon is late again.",
    "sentence-similarity": "That is a happy person",
    "feature-extraction": "That is a happy person",
}
LABELS, OTHERS = "travel, food, work", "That is a happy dog\nToday is a sunny day"


@dataclass(frozen=True, slots=True)
class Example:
    """`form` by the names of the fields, `table` for tasks that take one."""

    title: str
    form: Mapping[str, str]
    table: Table = field(default_factory=dict)


def examples_of(model: Model, config: Mapping[str, Any]) -> list[Example]:
    """At least one. `config` is that of a model of scikit-learn, which tells a table to begin with."""
    said = model.repo.card.get("widget")
    found = [
        example
        for one in (said if isinstance(said, list) else [])[:MOST_EXAMPLES]
        if isinstance(one, dict) and (example := _example(model, one)) is not None
    ]
    if found:
        return found
    if model.task in OF_TABLES:
        known = config.get("sklearn")
        return [Example("", {}, table_of(known.get("example_input") if isinstance(known, dict) else None))]
    return [Example("", {"text": USUAL.get(model.task, ""), "labels": LABELS, "others": OTHERS})]


def table_of(said: Any) -> Table:
    """Columns of one length, as text; empty if it is none."""
    if not isinstance(said, dict) or not said or not all(isinstance(column, list) for column in said.values()):
        return {}
    rows = min(MOST_ROWS, *(len(column) for column in said.values()))
    columns = list(said.items())[:MOST_COLUMNS]
    return {str(name)[:100]: [_text(value) for value in column[:rows]] for name, column in columns} if rows else {}


def _example(model: Model, one: Mapping[str, Any]) -> Example | None:
    if model.task in OF_TABLES:
        table = table_of(one.get("structuredData") or one.get("structured_data") or one.get("table"))
        return Example(_title(one, ""), {}, table) if table else None
    messages = one.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages and isinstance(messages[-1], dict) else {}
    text = _text(one.get("text") or one.get("prompt") or one.get("source_sentence") or last.get("content") or "")
    if not text:
        return None
    labels, others = one.get("candidate_labels"), one.get("sentences")
    form = {
        "text": text,
        "context": _text(one.get("context") or ""),
        "labels": ", ".join(map(_text, labels)) if isinstance(labels, list) else _text(labels or LABELS),
        "others": "\n".join(map(_text, others)) if isinstance(others, list) else OTHERS,
    }
    return Example(_title(one, text), form)


def _title(one: Mapping[str, Any], text: str) -> str:
    return _text(one.get("example_title") or text)[:60]


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:LONGEST]
