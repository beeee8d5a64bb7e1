"""The SQL of trainings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, delete, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.ports.database import Tx
from pioche.training.tables import training_told, trainings
from pioche.training.types import Progress, Recipe, Stage, Training


def add(tx: Tx, values: Mapping[str, Any]) -> None:
    tx.execute(insert(trainings).values(created_at=tx.now, **values))


def find(tx: Tx, key: str) -> Training | None:
    row = tx.execute(_select().where(trainings.c.key == key)).first()
    return None if row is None else _training(row)


def of_model(tx: Tx, name: str) -> Training | None:
    """The last one that was published as this."""
    row = tx.execute(_select().where(trainings.c.model == name).order_by(trainings.c.id.desc()).limit(1)).first()
    return None if row is None else _training(row)


def ended_before(tx: Tx, moment: int) -> list[Training]:
    """Those that could still go on."""
    stages = [Stage.FAILED.value, Stage.STOPPED.value]
    query = _select().where(trainings.c.stage.in_(stages), trainings.c.ended_at < moment)
    return [_training(row) for row in tx.execute(query)]


def known(tx: Tx, keys: Collection[str]) -> set[str]:
    """Those of these keys that are there."""
    return {row.key for row in tx.execute(select(trainings.c.key).where(trainings.c.key.in_(keys)))}


def ended(tx: Tx, keys: Collection[str]) -> list[Training]:
    """Those of these keys that have ended."""
    stages = [stage.value for stage in Stage if stage.has_ended]
    query = _select().where(trainings.c.key.in_(keys), trainings.c.stage.in_(stages))
    return [_training(row) for row in tx.execute(query)]


def told(tx: Tx, number: int) -> tuple[int, Progress]:
    """What was kept of its log in short, and up to which attempt; 0 if that was not done."""
    row = tx.execute(select(training_told).where(training_told.c.training_id == number)).first()
    return (0, Progress()) if row is None else (row.attempt, msgspec.json.decode(row.progress, type=Progress))


def keep_told(tx: Tx, training: Training, told: Progress) -> bool:
    """False if it is not as it was any more: it goes on."""
    same = (trainings.c.stage == training.stage.value, trainings.c.attempt == training.attempt)
    if tx.execute(select(trainings.c.id).where(trainings.c.id == training.id, *same)).first() is None:
        return False
    tx.execute(delete(training_told).where(training_told.c.training_id == training.id))
    values = {"training_id": training.id, "attempt": training.attempt, "progress": msgspec.json.encode(told).decode()}
    tx.execute(insert(training_told).values(values))
    return True


def of_owners(tx: Tx, owners: Sequence[int], limit: int) -> list[Training]:
    """The newest first."""
    query = _select().where(trainings.c.owner_id.in_(owners)).order_by(trainings.c.id.desc())
    return [_training(row) for row in tx.execute(query.limit(limit))]


def in_stages(tx: Tx, *stages: Stage) -> list[Training]:
    """The oldest first."""
    query = _select().where(trainings.c.stage.in_([stage.value for stage in stages])).order_by(trainings.c.id)
    return [_training(row) for row in tx.execute(query)]


def count_unended(tx: Tx, owner_id: int) -> int:
    waiting = trainings.c.stage.in_([stage.value for stage in Stage if not stage.has_ended])
    query = select(func.count()).select_from(trainings).where(trainings.c.owner_id == owner_id, waiting)
    return int(tx.execute(query).scalar_one())


def held_ms(tx: Tx, owners: Sequence[int]) -> dict[int, int]:
    """owner -> of compute, for trainings that wait and run: what they will take, about."""
    waiting = trainings.c.stage.in_([stage.value for stage in Stage if not stage.has_ended])
    query = select(trainings.c.owner_id, func.sum(trainings.c.seconds).label("seconds"))
    query = query.where(trainings.c.owner_id.in_(owners), waiting).group_by(trainings.c.owner_id)
    return {row.owner_id: 1000 * int(row.seconds) for row in tx.execute(query)}


def last_starts(tx: Tx, owners: Sequence[int]) -> dict[int, int]:
    """When a training of these owners was last started, if one was."""
    query = select(trainings.c.owner_id, func.max(trainings.c.started_at).label("at"))
    query = query.where(trainings.c.owner_id.in_(owners), trainings.c.started_at.is_not(None))
    return {row.owner_id: row.at for row in tx.execute(query.group_by(trainings.c.owner_id))}


def move(tx: Tx, key: str, old: Stage, values: Mapping[str, Any]) -> bool:
    """False if it is in another stage by now."""
    here = (trainings.c.key == key, trainings.c.stage == old.value)
    return bool(tx.execute(update(trainings).where(*here).values(values)).rowcount)


def _select() -> Select[Any]:
    return select(trainings, accounts.c.name.label("owner")).join(accounts, accounts.c.id == trainings.c.owner_id)


def _training(row: Row[Any]) -> Training:
    return Training(
        id=row.id,
        key=row.key,
        owner_id=row.owner_id,
        owner=row.owner,
        initiator_id=row.initiator_id,
        seconds=row.seconds,
        stage=Stage(row.stage),
        message=row.message,
        recipe=msgspec.json.decode(row.recipe, type=Recipe),
        result=msgspec.json.decode(row.result),
        model=row.model,
        attempt=row.attempt,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        cpu_seconds=row.cpu_seconds,
        peak_memory=row.peak_memory,
    )
