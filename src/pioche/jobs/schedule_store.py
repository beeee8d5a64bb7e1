"""The SQL of schedules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import json
from sqlalchemy import Row, Select, delete, false, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.jobs.tables import job_schedules as table
from pioche.jobs.tables import jobs
from pioche.jobs.types import NewJob, Party, Schedule, Stage
from pioche.ports.database import Tx

_initiators = accounts.alias("initiators")


def _select() -> Select[Any]:
    return (
        select(
            table,
            accounts.c.name.label("owner_name"),
            accounts.c.kind.label("owner_kind"),
            _initiators.c.name.label("initiator_name"),
        )
        .join(accounts, accounts.c.id == table.c.owner_id)
        .outerjoin(_initiators, _initiators.c.id == table.c.initiator_id)
    )


def add(tx: Tx, values: Mapping[str, Any]) -> int:
    key = tx.execute(insert(table).values(created_at=tx.now, **values)).inserted_primary_key
    assert key is not None, "a row that was inserted has a key"
    return int(key[0])


def get(tx: Tx, number: int) -> Schedule | None:
    row = tx.execute(_select().where(table.c.id == number)).first()
    return None if row is None else _schedule(row)


def find(tx: Tx, owner_id: int, key: str) -> Schedule | None:
    row = tx.execute(_select().where(table.c.owner_id == owner_id, table.c.key == key.lower())).first()
    return None if row is None else _schedule(row)


def of_owner(tx: Tx, owner_id: int, limit: int) -> list[Schedule]:
    """The newest first."""
    query = _select().where(table.c.owner_id == owner_id).order_by(table.c.id.desc()).limit(limit)
    return [_schedule(row) for row in tx.execute(query)]


def count(tx: Tx, owner_id: int) -> int:
    return int(tx.execute(select(func.count()).where(table.c.owner_id == owner_id)).scalar_one())


def due(tx: Tx, until: int, limit: int) -> list[Schedule]:
    """Those that are to run until then, the first first."""
    query = _select().where(table.c.suspended == false(), table.c.next_at <= until)
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
        owner=Party(row.owner_id, row.owner_name, row.owner_kind),
        initiator=None if row.initiator_id is None else Party(row.initiator_id, row.initiator_name, "user"),
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
