"""Curves, as points of SVG. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pioche.training.types import Points, Progress

WIDTH, HEIGHT = 600, 160
JITTERY = 40
KEPT = 0.85


@dataclass(frozen=True, slots=True)
class Curve:
    """`points` of a polyline in a box of `WIDTH` by `HEIGHT`; what its edges mean. `smooth`: the same without its
    jitter, empty where there are too few points to have one.
    """

    name: str
    points: str
    smooth: str
    low: float
    high: float
    first: int
    last: int
    value: float


def curves_of(progress: Progress) -> list[Curve]:
    """Loss first. Shares (accuracy and the like) are drawn from 0 to 1."""
    named = [("loss", progress.losses), *((name, points) for name, points in progress.scores.items())]
    return [_curve(name, points) for name, points in named if len(points) > 1]


def _curve(name: str, points: Points) -> Curve:
    values = [value for _, value in points]
    share = not name.startswith("loss") and min(values) >= 0 and max(values) <= 1
    low, high = (0.0, 1.0) if share else (min(values), max(values))
    first, last = points[0][0], points[-1][0]
    across, up = max(1, last - first), (high - low) or 1.0

    def drawn(points: Points) -> str:
        return " ".join(
            f"{WIDTH * (step - first) / across:.1f},{HEIGHT - HEIGHT * (value - low) / up:.1f}"
            for step, value in points
        )

    smooth = drawn(smoothed(points)) if len(points) >= JITTERY else ""
    return Curve(name, drawn(points), smooth, low, high, first, last, values[-1])


def smoothed(points: Points) -> Points:
    """Each value with those before it, of which the older count less. The first ones do not pull the rest to them."""
    found, total, weight = [], 0.0, 0.0
    for step, value in points:
        total, weight = KEPT * total + (1 - KEPT) * value, KEPT * weight + (1 - KEPT)
        found.append((step, total / weight))
    return found
