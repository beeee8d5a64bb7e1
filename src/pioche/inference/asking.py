"""From what a form says to a question."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping
from typing import Any

from pioche.errors import InvalidInput
from pioche.inference.checking import check_parameters, check_table, check_texts
from pioche.inference.types import OF_PICTURES, OF_TABLES, PAINTS, Model, Question
from pioche.web.text import _

MOST_TOKENS, USUAL_TOKENS = 2048, 256
USUAL_STEPS, MOST_STEPS = 20, 100
MOST_CELLS = 2_000


def question_of(model: Model, form: Mapping[str, str], table: Mapping[str, list[str]], picture: bytes) -> Question:
    """What the form of the task says. Raises `InvalidInput`."""
    task = model.task
    if task in OF_PICTURES:
        if not picture:
            raise InvalidInput(_("Choose a picture."))
        return Question(task, base64.b64encode(picture).decode(), {})
    if task in OF_TABLES:
        return Question(task, check_table(table), {})
    text = form.get("text", "").strip()
    if task not in ("unconditional-image-generation", "text-generation"):
        _check_text(text)
    if task in PAINTS:
        steps = max(1, _number(form, "steps", USUAL_STEPS, MOST_STEPS))
        return Question(task, text, {"num_inference_steps": steps, "seed": _number(form, "seed", 0, 2**31)})
    match task:
        case "question-answering":
            _check_text(form.get("context", "").strip())
            return Question(task, {"question": text, "context": form["context"]}, {})
        case "zero-shot-classification":
            labels = [label.strip() for label in form.get("labels", "").split(",") if label.strip()]
            if not labels:
                raise InvalidInput(_("Name at least one label."))
            check_parameters(said := {"candidate_labels": labels})
            return Question(task, text, said)
        case "sentence-similarity" | "feature-extraction":
            others = lines_of(form.get("others", ""))
            if not others:
                raise InvalidInput(_("Write at least one sentence to compare with."))
            check_texts(others)
            return Question("sentence-similarity", {"source_sentence": text, "sentences": others}, {})
        case "text-generation":
            return chat_question(form)
    return Question(task, text, {})


def chat_question(form: Mapping[str, str]) -> Question:
    """One message, with a system prompt before it if there is one."""
    text, system = form.get("text", "").strip(), form.get("system", "").strip()
    _check_text(text)
    check_texts([text, system] if system else text)
    messages = [{"role": "user", "content": text}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    said: dict[str, Any] = {"max_new_tokens": max(1, _number(form, "tokens", USUAL_TOKENS, MOST_TOKENS))}
    if (temperature := form.get("temperature", "").strip()) and temperature.isascii():
        try:
            said["temperature"] = min(2.0, max(0.0, float(temperature)))
        except ValueError as error:
            raise InvalidInput(_("The temperature is a number from 0 to 2.")) from error
    return Question("text-generation", {"messages": messages}, said)


def _check_text(text: str) -> None:
    """In the words of a page; programs are told the name of the field."""
    if not text:
        raise InvalidInput(_("Write something first."))
    check_texts(text)


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_table(items: list[tuple[str, str]]) -> dict[str, list[str]]:
    """From fields `column` (its name) and `cell` (row after row), or a `text` with commas, names in its first line."""
    if text := dict(items).get("text", ""):
        return _typed(text)
    columns = [value for key, value in items if key == "column"]
    cells = [value for key, value in items if key == "cell"]
    _check_cells(len(cells))
    if not columns or len(cells) % len(columns):
        return {}
    return {name: cells[at :: len(columns)] for at, name in enumerate(columns)}


def _typed(text: str) -> dict[str, list[str]]:
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if len(rows) < 2:
        raise InvalidInput(_("Write the names of the columns in the first line, and values below."))
    wide = len(rows[0])
    _check_cells(wide * (len(rows) - 1))
    return {name.strip(): [(row + [""] * wide)[at].strip() for row in rows[1:]] for at, name in enumerate(rows[0])}


def _check_cells(count: int) -> None:
    if count > MOST_CELLS:
        raise InvalidInput(
            _("A table in the page may have %(most)s cells; this one has %(count)s. More are answered by API.")
            % {"most": f"{MOST_CELLS:,}", "count": f"{count:,}"}
        )


def _number(form: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = form.get(name, "")
    return min(most, int(text)) if text.isascii() and text.isdigit() and len(text) < 12 else usual
