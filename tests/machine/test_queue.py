"""Background work that is asked for more than once."""

from __future__ import annotations

from sqlalchemy import select

from pioche.hub import Hub
from pioche.queue.tables import tasks

WATCH = "jobs.watch"


def due(hub: Hub) -> list[int]:
    with hub.database.read() as tx:
        rows = tx.execute(select(tasks.c.run_at).where(tasks.c.name == WATCH, tasks.c.state == "waiting")).scalars()
        return [row - tx.now for row in rows]


def ask(hub: Hub, delay_ms: int) -> None:
    with hub.database.write() as tx:
        hub.queue.enqueue(tx, WATCH, {}, unique="all", delay_ms=delay_ms)


def test_what_is_asked_for_twice_is_done_once_at_the_earlier_time(hub: Hub) -> None:
    for delay in (600_000, 900_000):
        ask(hub, delay)
    (left,) = due(hub)
    assert left <= 600_000
    ask(hub, 0)
    (left,) = due(hub)
    assert left <= 0
    hub.queue.run_due(hub)
    assert due(hub) == []
