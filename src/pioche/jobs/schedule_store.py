"""The SQL of schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import json
from sqlalchemy import Row, delete, false, func, select, update

from pioche.jobs.rows import add_row, initiator_of, owner_of, with_parties
from pioche.jobs.tables import job_schedules as table
from pioche.jobs.tables import jobs
from pioche.jobs.types import NewJob, Schedule, Stage
from pioche.ports.database import Tx


def add(tx: Tx, values: Mapping[str, Any]) -> int:
    return add_row(tx, table, values)


def get(tx: Tx, number: int) -> Schedule | None:
    row = tx.execute(with_parties(table).where(table.c.id == number)).first()
    return None if row is None else _schedule(row)


def find(tx: Tx, owner_id: int, key: str) -> Schedule | None:
    row = tx.execute(with_parties(table).where(table.c.owner_id == owner_id, table.c.key == key.lower())).first()
    return None if row is None else _schedule(row)


def of_owner(tx: Tx, owner_id: int, limit: int) -> list[Schedule]:
    """The newest first."""
    query = with_parties(table).where(table.c.owner_id == owner_id).order_by(table.c.id.desc()).limit(limit)
    return [_schedule(row) for row in tx.execute(query)]


def count(tx: Tx, owner_id: int) -> int:
    return int(tx.execute(select(func.count()).where(table.c.owner_id == owner_id)).scalar_one())


def due(tx: Tx, until: int, limit: int) -> list[Schedule]:
    """Those that are to run until then, the first first."""
    query = with_parties(table).where(table.c.suspended == false(), table.c.next_at <= until)
    return [_schedule(row) for row in tx.execute(query.order_by(table.c.next_at, table.c.id).limit(limit))]


def secrets_of(tx: Tx, number: int) -> str:
    return str(tx.execute(select(table.c.secrets).where(table.c.id == number)).scalar_one())


def change(tx: Tx, number: int, values: Mapping[str, Any]) -> None:
    tx.execute(update(table).where(table.c.id == number).values(**values))


def advance(tx: Tx, schedule: Schedule, values: Mapping[str, Any]) -> bool:
    """False if somebody else did, or it was suspended or changed meanwhile."""
    same = (table.c.id == schedule.id, table.c.next_at == schedule.next_at, table.c.suspended == false())
    return bool(tx.execute(update(table).where(*same).values(**values)).rowcount)


def remove(tx: Tx, number: int) -> None:
    tx.execute(delete(table).where(table.c.id == number))


def is_under_way(tx: Tx, key: str) -> bool:
    """Whether a job of the schedule waits or runs."""
    stages = (Stage.SCHEDULING.value, Stage.RUNNING.value)
    query = select(jobs.c.id).where(jobs.c.schedule_key == key, jobs.c.stage.in_(stages)).limit(1)
    return tx.execute(query).first() is not None


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        id=row.id,
        key=row.key,
        owner=owner_of(row),
        initiator=initiator_of(row),
        job=json.decode(row.job, type=NewJob),
        secret_names=tuple(json.decode(row.secret_names)),
        rule=row.rule,
        is_suspended=row.suspended,
        is_concurrent=row.concurrent,
        created_at=row.created_at,
        next_at=row.next_at,
        last_key=row.last_key,
        last_at=row.last_at,
        message=row.message,
    )
