"""The form that a card puts before the files of a gated repository, and what people answer to it.

In the card: `extra_gated_heading`, `_description`, `_prompt`, `_button_content` are texts; `extra_gated_fields` maps a
label to `text`, `checkbox`, `date_picker`, `country`, or to `{type: select, options: [...]}`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from babel import Locale

from pioche.errors import InvalidInput

FieldKind = Literal["text", "checkbox", "date_picker", "country", "select"]
MAX_FIELDS = 50
MAX_LABEL = 1000
MAX_ANSWER = 2000
MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class GateField:
    label: str
    kind: FieldKind
    options: tuple[tuple[str, str], ...] = ()  # of `select` and `country`: value and text


@dataclass(frozen=True, slots=True)
class GateForm:
    """Empty texts mean that the page says something of its own."""

    heading: str = ""
    description: str = ""
    prompt: str = ""
    button: str = ""
    fields: tuple[GateField, ...] = ()


def read_form(card: Mapping[str, Any]) -> GateForm:
    """What makes no sense is left out; a field of an unknown type is a text."""
    fields = card.get("extra_gated_fields")
    pairs = list(fields.items())[:MAX_FIELDS] if isinstance(fields, dict) else []
    heading, description, prompt, button = (
        _text(card.get(f"extra_gated_{name}")) for name in ("heading", "description", "prompt", "button_content")
    )
    shown = tuple(_field(str(label)[:MAX_LABEL], value) for label, value in pairs)
    return GateForm(heading, description, prompt, button, shown)


def read_answers(form: GateForm, given: Mapping[str, Any]) -> dict[str, str | bool]:
    """An answer for every field of the form. Raises `InvalidInput` that names the field at fault."""
    return {field.label: _answer(field, given.get(field.label)) for field in form.fields}


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def _field(label: str, value: Any) -> GateField:
    kind = value.get("type") if isinstance(value, dict) else value
    if kind == "select" and isinstance(value, dict) and isinstance(value.get("options"), list):
        options = tuple(_option(option) for option in value["options"][:500])
        return GateField(label, "select", options)
    if kind == "country":
        return GateField(label, "country", countries())
    if kind == "checkbox":
        return GateField(label, "checkbox")
    return GateField(label, "date_picker" if kind == "date_picker" else "text")


def _option(option: Any) -> tuple[str, str]:
    if isinstance(option, dict):
        value = str(option.get("value", option.get("label", "")))[:MAX_ANSWER]
        return value, str(option.get("label", value))[:MAX_ANSWER]
    return str(option)[:MAX_ANSWER], str(option)[:MAX_ANSWER]


def _answer(field: GateField, given: Any) -> str | bool:
    if field.kind == "checkbox":
        if given not in (True, "on", "true", "1"):
            raise InvalidInput(f"'{field.label}' must be ticked.", field=field.label)
        return True
    text = given.strip() if isinstance(given, str) else ""
    if not text:
        raise InvalidInput(f"'{field.label}' needs an answer.", field=field.label)
    if len(text) > MAX_ANSWER:
        raise InvalidInput(f"The answer to '{field.label}' is longer than {MAX_ANSWER} characters.", field=field.label)
    if field.kind == "date_picker":
        try:
            return datetime.date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise InvalidInput(f"'{field.label}' needs a date such as 2026-01-31.", field=field.label) from error
    if field.options and text not in (value for value, _ in field.options):
        raise InvalidInput(f"'{field.label}' needs one of the answers that are offered.", field=field.label)
    return text


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """Two letters and the English name, by name."""
    names = Locale("en").territories.items()
    real = [(code, name) for code, name in names if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY]
    return tuple(sorted(real, key=lambda pair: pair[1]))


# Codes that are not places where somebody lives: groups of countries, tests, the unknown.
NO_COUNTRY = frozenset(("EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"))
