"""Curves, as points of SVG. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from pioche.training.types import Points, Progress

WIDTH, HEIGHT = 600, 160
JITTERY = 40
NEIGHBOURS = 40
"""One in so many points of a curve is a neighbour, on each side."""


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
    """Each value with its neighbours on both sides, so that it is neither early nor late; fewer near the ends."""
    sums = [0.0, *accumulate(value for _, value in points)]
    reach, last = max(2, len(points) // NEIGHBOURS), len(points) - 1
    found = []
    for at, (step, _) in enumerate(points):
        near = min(reach, at, last - at)
        found.append((step, (sums[at + near + 1] - sums[at - near]) / (2 * near + 1)))
    return found
