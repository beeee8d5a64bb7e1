"""What may be asked: sizes and shapes of inputs and parameters, whichever door they come through."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from pioche.errors import InvalidInput

TEXT_LIMIT = 200_000
"""Characters of one text."""
MOST_INPUTS, MOST_ROWS = 256, 1_000
DEEPEST = 10
MOST_LABELS = 100
MOST_OF = {"num_inference_steps": 200, "height": 2_048, "width": 2_048, "top_k": 1_000, "max_length": 100_000}
"""What parameters may be."""


def check_parameters(said: dict[str, Any]) -> None:
    """Raises `InvalidInput` for what would keep a model busy for hours: it is there for others too."""
    for name, most in MOST_OF.items():
        value = said.get(name)
        if value is not None and not (type(value) in (int, float) and 0 < value <= most):
            raise InvalidInput(f"'{name}' is a number up to {most:,}.")
    labels = said.get("candidate_labels") or []
    labels = labels.split(",") if isinstance(labels, str) else labels
    if not isinstance(labels, list) or len(labels) > MOST_LABELS or not all(isinstance(one, str) for one in labels):
        raise InvalidInput(f"'candidate_labels' is a list of at most {MOST_LABELS} texts.")
    if sum(map(len, labels)) > TEXT_LIMIT:
        raise InvalidInput(f"The labels may have {TEXT_LIMIT:,} characters together.")


def check_table(value: Any) -> dict[str, list[Any]]:
    """Column -> values, as `{"data": {...}}` too. Raises `InvalidInput` for what is no table."""
    table = value.get("data", value) if isinstance(value, dict) else None
    if not isinstance(table, dict) or not all(isinstance(column, list) for column in table.values()) or not table:
        raise InvalidInput("Send a 'table': an object that has a list of values for each column.")
    if len({len(column) for column in table.values()}) != 1 or not 0 < len(next(iter(table.values()))) <= MOST_ROWS:
        raise InvalidInput(f"All columns of a table have as many values, and {MOST_ROWS:,} rows are the limit.")
    return table


def check_texts(value: Any) -> None:
    """Raises `InvalidInput` for what is too long or empty."""
    found = _texts(value)
    if not found or not all(found):
        raise InvalidInput("'inputs' holds no text.")
    if max(map(len, found)) > TEXT_LIMIT:
        raise InvalidInput(f"A text may have {TEXT_LIMIT:,} characters.")
    if len(found) > MOST_INPUTS:
        raise InvalidInput(f"{MOST_INPUTS} texts at once are the limit.")


def _texts(value: Any, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    if depth > DEEPEST:
        raise InvalidInput("'inputs' is too deeply nested.")
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part, depth + 1)]


def check_picture(value: Any) -> None:
    """Raises `InvalidInput` for what is no base64."""
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise InvalidInput("A picture is sent as it is, or as 'inputs' in base64.") from error
