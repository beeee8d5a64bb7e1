"""What trends: the order is right at any time, and what is taken back counts no more."""

from __future__ import annotations

import math
import random

import pytest

from pioche.repos import trending
from pioche.repos.trending import EPOCH, HALF_LIFE, LIKED

NOW = EPOCH + 360 * HALF_LIFE
WEEK = HALF_LIFE


def plainly(made: int, likes: list[int], now: int) -> float:
    sums = [trending.MADE * 2 ** ((made - now) / HALF_LIFE)]
    return sum(sums + [LIKED * 2 ** ((at - now) / HALF_LIFE) for at in likes])


def test_it_is_the_sum_that_the_guide_says() -> None:
    chance = random.Random(1)
    for _ in range(200):
        made = NOW - chance.randrange(100 * WEEK)
        likes = sorted(chance.randrange(made, NOW) for _ in range(chance.randrange(30)))
        score = trending.begin(made)
        for at in likes:
            score = trending.add(score, LIKED, at)
        assert math.isclose(trending.at_time(score, NOW), plainly(made, likes, NOW), rel_tol=1e-6)


def test_a_like_of_today_outweighs_one_of_last_week() -> None:
    old = trending.add(trending.begin(NOW - 9 * WEEK), LIKED, NOW - WEEK)
    new = trending.add(trending.begin(NOW - 9 * WEEK), LIKED, NOW)
    assert trending.at_time(new, NOW) == pytest.approx(2 * trending.at_time(old, NOW), rel=0.01)
    assert new > old


def test_taking_back_undoes() -> None:
    before = trending.add(trending.begin(NOW - 5 * WEEK), LIKED, NOW - 3 * WEEK)
    after = trending.remove(trending.add(before, LIKED, NOW - WEEK), LIKED, NOW - WEEK, NOW - 5 * WEEK)
    assert after == pytest.approx(before, abs=1e-6)


def test_taking_back_more_than_there_is_leaves_what_was_made() -> None:
    made = trending.begin(NOW)
    assert trending.remove(made, LIKED, NOW, NOW) == made


def test_far_away_times_break_nothing() -> None:
    assert math.isfinite(trending.at_time(trending.begin(NOW + 1000 * WEEK), NOW))
    assert trending.at_time(trending.begin(EPOCH), NOW) >= 0
    assert math.isfinite(trending.add(trending.begin(0), LIKED, NOW))
