"""The SQL of the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, insert, select, update

from pioche.ports.database import Tx
from pioche.queue.tables import tasks
from pioche.queue.types import Task


def add(tx: Tx, name: str, arguments: Mapping[str, Any], unique_key: str | None, delay_ms: int) -> bool:
    """False if a task of that key waits already, for the same time or an earlier one."""
    if unique_key is not None:
        waiting = select(tasks.c.id, tasks.c.run_at).where(tasks.c.unique_key == unique_key)
        if (known := tx.execute(waiting).first()) is not None:
            if known.run_at <= tx.now + delay_ms:
                return False
            tx.execute(update(tasks).where(tasks.c.id == known.id).values(run_at=tx.now + delay_ms))
            return True
    tx.execute(
        insert(tasks).values(
            name=name,
            arguments=msgspec.json.encode(arguments).decode(),
            unique_key=unique_key,
            state="waiting",
            attempts=0,
            run_at=tx.now + delay_ms,
            created_at=tx.now,
        )
    )
    return True


def claim(tx: Tx, lane: ColumnElement[bool]) -> Task | None:
    due = (
        select(tasks)
        .where(tasks.c.state == "waiting", tasks.c.run_at <= tx.now, lane)
        .order_by(tasks.c.run_at, tasks.c.id)
        .limit(1)
        # Where workers of several processes claim, each takes another one; SQLite has one writer and ignores it.
        .with_for_update(skip_locked=True)
    )
    row = tx.execute(due).first()
    if row is None:
        return None
    # The key is freed here: work that becomes necessary while this runs must be enqueued again.
    tx.execute(
        update(tasks).where(tasks.c.id == row.id).values(state="running", attempts=row.attempts + 1, unique_key=None)
    )
    return Task(row.id, row.name, msgspec.json.decode(row.arguments), row.attempts + 1)


def lane_of(names: Sequence[str], inside: bool) -> ColumnElement[bool]:
    """Tasks of these names; or all others."""
    return tasks.c.name.in_(names) if inside else tasks.c.name.not_in(names)


def next_due(tx: Tx, lane: ColumnElement[bool]) -> int | None:
    """When the next waiting task may run, in Unix milliseconds."""
    waiting = select(tasks.c.run_at).where(tasks.c.state == "waiting", lane)
    row = tx.execute(waiting.order_by(tasks.c.run_at).limit(1)).first()
    return None if row is None else int(row.run_at)


def waiting(tx: Tx, name: str, limit: int) -> list[Mapping[str, Any]]:
    """Arguments of what waits or is being done."""
    query = select(tasks.c.arguments).where(tasks.c.state.in_(("waiting", "running")), tasks.c.name == name)
    rows = tx.execute(query.order_by(tasks.c.id.desc()).limit(limit)).scalars()
    return [msgspec.json.decode(row) for row in rows]


def finish(tx: Tx, task_id: int) -> None:
    tx.execute(delete(tasks).where(tasks.c.id == task_id))


def retry(tx: Tx, task_id: int, delay_ms: int, error: str) -> None:
    tx.execute(
        update(tasks).where(tasks.c.id == task_id).values(state="waiting", run_at=tx.now + delay_ms, error=error)
    )


def fail(tx: Tx, task_id: int, error: str) -> None:
    tx.execute(update(tasks).where(tasks.c.id == task_id).values(state="failed", error=error))


def requeue_running(tx: Tx) -> None:
    """After a crash nobody works on what is marked as running."""
    tx.execute(update(tasks).where(tasks.c.state == "running").values(state="waiting"))
