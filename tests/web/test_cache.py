"""The cache of answers: what it keeps, and how much of it."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from pioche.hub import Hub
from pioche.web import cache
from pioche.web.cache import AnswerCache, Key

ONE: Key = ("GET", b"/one", b"", b"")
TWO: Key = ("GET", b"/two", b"", b"")

pytestmark = pytest.mark.sqlite  # PostgreSQL has no number that says whether anyone committed


def test_an_answer_that_comes_again_takes_its_room_once(hub: Hub) -> None:
    kept = AnswerCache(hub.database)
    times = cache.MAX_TOTAL // cache.MAX_BODY + 1
    for _ in range(times):
        kept.put(ONE, Response(bytes(cache.MAX_BODY)), hub.database.version())
    kept.put(TWO, Response(b"small"), hub.database.version())
    assert kept.get(ONE) is not None
    assert kept.get(TWO) is not None


def test_the_oldest_answer_makes_room(hub: Hub) -> None:
    kept = AnswerCache(hub.database)
    keys: list[Key] = [("GET", b"/%d" % number, b"", b"") for number in range(cache.MAX_TOTAL // cache.MAX_BODY + 1)]
    for key in keys:
        kept.put(key, Response(bytes(cache.MAX_BODY)), hub.database.version())
    assert kept.get(keys[0]) is None
    assert kept.get(keys[1]) is not None


def test_nothing_is_kept_from_before_a_commit(hub: Hub) -> None:
    kept = AnswerCache(hub.database)
    version = hub.database.version()
    kept.put(ONE, Response(b"old"), version)
    assert kept.get(ONE) is not None
    with hub.database.write() as tx:
        hub.queue.enqueue(tx, "xet.sweep", {})
    assert kept.get(ONE) is None
    kept.put(ONE, Response(b"made before the commit"), version)
    assert kept.get(ONE) is None
