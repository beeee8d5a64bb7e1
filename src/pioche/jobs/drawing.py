"""What a job took over time, as points of SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pioche.ports.executor import Sample

WIDTH, HEIGHT = 600, 160
POINTS = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """`points` of a polyline in a box of `WIDTH` by `HEIGHT`, from 0 to `top` over `seconds`, and its last value."""

    points: str
    top: float
    last: float
    seconds: float


def curves_of(samples: Sequence[Sample], cpus: float, memory: int) -> tuple[Curve, Curve] | None:
    """Share of its CPUs, and bytes of memory; None while there is nothing to draw."""
    step = max(1, len(samples) // POINTS)
    kept = [*samples[::step], *samples[-1:]] if len(samples) % step else list(samples[::step])
    if len(kept) < 3:
        return None
    shares = []
    for before, after in pairwise(kept):
        seconds = max(0.001, (after.at - before.at) / 1000)
        shares.append((after.at, min(1.0, max(0.0, after.cpu_seconds - before.cpu_seconds) / seconds / cpus)))
    return _curve(shares, 1.0), _curve([(one.at, float(one.memory)) for one in kept], float(memory))


def _curve(values: Sequence[tuple[int, float]], top: float) -> Curve:
    first, last = values[0][0], values[-1][0]
    across = max(1, last - first)
    drawn = " ".join(
        f"{WIDTH * (at - first) / across:.1f},{HEIGHT - HEIGHT * min(1.0, value / top):.1f}" for at, value in values
    )
    return Curve(drawn, top, values[-1][1], (last - first) / 1000)
