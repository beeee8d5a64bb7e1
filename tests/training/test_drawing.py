"""Curves of what is learned, drawn."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from pioche.training.drawing import HEIGHT, WIDTH, curves_of, smoothed
from pioche.training.types import Progress


def test_a_curve_fills_its_box() -> None:
    [curve] = curves_of(Progress(losses=[(1, 3.0), (2, 1.0), (3, 2.0)]))
    assert curve.points == f"0.0,0.0 {WIDTH / 2:.1f},{HEIGHT:.1f} {WIDTH:.1f},{HEIGHT / 2:.1f}"
    assert (curve.low, curve.high, curve.first, curve.last, curve.value) == (1.0, 3.0, 1, 3, 2.0)
    assert curve.smooth == ""


def test_shares_are_drawn_from_nothing_to_all() -> None:
    [curve] = curves_of(Progress(scores={"accuracy": [(1, 0.5), (2, 0.75)]}))
    assert (curve.low, curve.high) == (0.0, 1.0)


def test_a_long_curve_has_one_without_jitter() -> None:
    chance = random.Random(1)
    points = [(step, 10 - step / 20 + chance.uniform(-1, 1)) for step in range(100)]
    [curve] = curves_of(Progress(losses=points))
    assert len(curve.smooth.split()) == len(points)
    found = [value for _, value in smoothed(points)]
    assert (found[0], found[-1]) == (pytest.approx(points[0][1]), pytest.approx(points[-1][1]))
    jumps = [abs(second - first) for first, second in pairwise(found[5:-5])]
    assert max(jumps) < 0.6 < max(abs(two[1] - one[1]) for one, two in pairwise(points))
    straight = [(step, 2.0 * step) for step in range(100)]
    # Neither early nor late: a line that has no jitter stays where it is.
    assert [value for _, value in smoothed(straight)] == pytest.approx([value for _, value in straight])
