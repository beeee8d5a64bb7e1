"""Curves, as points of SVG. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pioche.training.types import Points, Progress

WIDTH, HEIGHT = 600, 160


@dataclass(frozen=True, slots=True)
class Curve:
    """`points` of a polyline in a box of `WIDTH` by `HEIGHT`; what its edges mean."""

    name: str
    points: str
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
    drawn = " ".join(
        f"{WIDTH * (step - first) / across:.1f},{HEIGHT - HEIGHT * (value - low) / up:.1f}" for step, value in points
    )
    return Curve(name, drawn, low, high, first, last, values[-1])
