"""What a run told at its end, read as what it should be. A run is not to be trusted. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from pioche.errors import InvalidInput


class Figure(msgspec.Struct, frozen=True):
    """What was measured on `count` rows that were kept apart, with its 95 % interval."""

    value: float
    low: float
    high: float
    count: int


def written(told: Mapping[str, Any]) -> str:
    """As it is kept. Raises `InvalidInput` for what cannot be, and for figures that are none."""
    try:
        text = json.dumps(dict(told), allow_nan=False)
        figures_of(msgspec.json.decode(text))
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise InvalidInput("What it told at its end is no result: some numbers in it are none.") from error
    return text


def figures_of(result: Mapping[str, Any]) -> Mapping[str, Figure]:
    """Raises `InvalidInput` for what are none."""
    try:
        found = msgspec.convert(result.get("metrics") or {}, dict[str, Figure])
    except msgspec.ValidationError as error:
        raise _no_figures(str(error)) from error
    for name, figure in found.items():
        if not all(math.isfinite(one) for one in (figure.value, figure.low, figure.high)):
            raise _no_figures(f"'{name[:40]}' is not finite")
    return found


def shown(result: Mapping[str, Any]) -> Mapping[str, Figure]:
    """For a page, which shows none where they are odd."""
    try:
        return figures_of(result)
    except InvalidInput:
        return {}


def _no_figures(why: str) -> InvalidInput:
    return InvalidInput(
        f"The figures that it told cannot be read: 'metrics' names each, with numbers for its value, low, high and "
        f"count ({why[:200]})."
    )
