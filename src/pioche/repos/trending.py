"""What trends: a sum of what people did, in which everything counts half after a week.

A score is kept as its logarithm at a fixed moment: log2 of the sum of `weight * 2^((t - EPOCH) / HALF_LIFE)`. As time
passes all sums shrink alike, so the order of two scores is right at any time, and nothing is ever reckoned again: an
index over the column is the list of what trends. Pure.
"""

from __future__ import annotations

import math

HALF_LIFE = 7 * 24 * 3600 * 1000
"""Milliseconds after which what happened counts half."""
EPOCH = 1_577_836_800_000
"""2020-01-01, in Unix milliseconds."""
MADE, LIKED, DOWNLOADED = 0.5, 1.0, 0.02
"""What it counts that a repository was made, liked once, downloaded once."""


def begin(at: int) -> float:
    """The score of what was made then."""
    return _exponent(at) + math.log2(MADE)


def add(score: float, weight: float, at: int) -> float:
    """With something that happened then."""
    new = _exponent(at) + math.log2(weight)
    high, low = max(score, new), min(score, new)
    return high + math.log2(1.0 + 2.0 ** (low - high))


def remove(score: float, weight: float, at: int, made_at: int) -> float:
    """Without something that happened then; never less than what was just made counts."""
    old = _exponent(at) + math.log2(weight)
    rest = 1.0 - 2.0 ** min(0.0, old - score)
    return max(begin(made_at), score + math.log2(rest)) if rest > 1e-9 else begin(made_at)


def at_time(score: float, now: int) -> float:
    """The sum as it is now."""
    return float(2.0 ** min(60.0, score - _exponent(now)))


def _exponent(at: int) -> float:
    return (at - EPOCH) / HALF_LIFE
