"""Steps of what lists are sorted by: few enough to be kept as sets, fine enough that a page is within some of them.

Pure. Values in a higher step are always higher. Of what people count, small numbers have a step of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from pioche.repos.types import SORTS, Sort

WEEK = 7 * 24 * 3600 * 1000
_STEPS_PER_OCTAVE = 4
SINGLE = 6
"""Likes and downloads up to here are alone in their step."""


def step(sort: Sort, value: float) -> int:
    match sort:
        case "likes" | "downloads":
            return math.floor(_STEPS_PER_OCTAVE * math.log2(value + 1)) if value > 0 else 0
        case "trendingScore":
            return math.floor(value)
        case "lastModified" | "createdAt":
            return int(value) // WEEK


def steps(values: Mapping[Sort, float]) -> tuple[int, ...]:
    """In the order of `SORTS`."""
    return tuple(step(sort, values[sort]) for sort in SORTS)


def is_single(sort: Sort, number: int) -> bool:
    """Do all values in this step say the same?"""
    return sort in ("likes", "downloads") and number <= step(sort, SINGLE)


def above(sort: Sort, number: int) -> float:
    """Every value of this step is less than this."""
    match sort:
        case "likes" | "downloads":
            return math.pow(2.0, (number + 1) / _STEPS_PER_OCTAVE) - 1
        case "trendingScore":
            return number + 1.0
        case "lastModified" | "createdAt":
            return float((number + 1) * WEEK)
