"""The SQL of jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import ColumnElement, Row, func, select, true, update

from pioche.accounts.access import insiders
from pioche.accounts.types import Actor
from pioche.jobs.rows import add_row, initiator_of, owner_of, with_parties
from pioche.jobs.tables import jobs
from pioche.jobs.types import ENDED, Job, Stage, Volume
from pioche.ports.database import Tx


def add(tx: Tx, values: Mapping[str, Any]) -> int:
    return add_row(tx, jobs, values)


def get(tx: Tx, number: int) -> Job | None:
    row = tx.execute(with_parties(jobs).where(jobs.c.id == number)).first()
    return None if row is None else _job(row)


def find(tx: Tx, owner_id: int, key: str) -> Job | None:
    row = tx.execute(with_parties(jobs).where(jobs.c.owner_id == owner_id, jobs.c.key == key.lower())).first()
    return None if row is None else _job(row)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Those that the people of the owner see: of a resource group, those who are in it."""
    return true() if actor.is_admin else insiders(actor, jobs.c.owner_id, jobs.c.group_id)


def of_owner(tx: Tx, actor: Actor, owner_id: int, stages: Sequence[Stage], before: int | None, limit: int) -> list[Job]:
    """Those that the actor may see, the newest first."""
    query = with_parties(jobs).where(jobs.c.owner_id == owner_id, visible_to(actor))
    if stages:
        query = query.where(jobs.c.stage.in_([stage.value for stage in stages]))
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [_job(row) for row in tx.execute(query.order_by(jobs.c.id.desc()).limit(limit))]


def ended_beside(tx: Tx, key: str, limit: int) -> list[Job]:
    """Jobs of the owner of this one that have ended, the newest first."""
    owner = select(jobs.c.owner_id).where(jobs.c.key == key).scalar_subquery()
    query = with_parties(jobs).where(jobs.c.owner_id == owner, jobs.c.stage.in_([stage.value for stage in ENDED]))
    return [_job(row) for row in tx.execute(query.order_by(jobs.c.id.desc()).limit(limit))]


def of_schedule(tx: Tx, actor: Actor, owner_id: int, key: str, limit: int) -> list[Job]:
    """Those that the actor may see, the newest first."""
    query = with_parties(jobs).where(jobs.c.schedule_key == key, jobs.c.owner_id == owner_id, visible_to(actor))
    return [_job(row) for row in tx.execute(query.order_by(jobs.c.id.desc()).limit(limit))]


def known(tx: Tx, keys: Collection[str]) -> set[str]:
    """Those of these keys that are there."""
    return {row.key for row in tx.execute(select(jobs.c.key).where(jobs.c.key.in_(keys)))}


def ended_before(tx: Tx, keys: Collection[str], moment: int) -> set[str]:
    """Those of these keys whose job ended before then."""
    query = select(jobs.c.key).where(jobs.c.key.in_(keys), jobs.c.ended_at < moment)
    return {row.key for row in tx.execute(query)}


def in_stage(tx: Tx, stage: Stage) -> list[Job]:
    """The oldest first."""
    return [_job(row) for row in tx.execute(with_parties(jobs).where(jobs.c.stage == stage.value).order_by(jobs.c.id))]


def count(tx: Tx, owner_id: int, stage: Stage) -> int:
    query = select(func.count()).where(jobs.c.owner_id == owner_id, jobs.c.stage == stage.value)
    return int(tx.execute(query).scalar_one())


def count_all(tx: Tx, actor: Actor, owner_id: int, stages: Sequence[Stage]) -> int:
    """Those that the actor may see."""
    query = select(func.count()).where(jobs.c.owner_id == owner_id, visible_to(actor))
    if stages:
        query = query.where(jobs.c.stage.in_([stage.value for stage in stages]))
    return int(tx.execute(query).scalar_one())


def held(tx: Tx, owners: Sequence[int]) -> dict[tuple[int, str], int]:
    """Seconds that jobs which wait and run may take yet, by owner and hardware."""
    stages = (Stage.SCHEDULING.value, Stage.RUNNING.value)
    seconds = func.sum(jobs.c.seconds * (jobs.c.attempts - jobs.c.attempt + 1)).label("seconds")
    query = select(jobs.c.owner_id, jobs.c.flavor, seconds).group_by(jobs.c.owner_id, jobs.c.flavor)
    query = query.where(jobs.c.owner_id.in_(owners), jobs.c.stage.in_(stages))
    return {(row.owner_id, row.flavor): int(row.seconds) for row in tx.execute(query)}


def put_in_group(tx: Tx, owner_id: int, group_id: int, kind: str, source: str) -> None:
    """Those of the owner that are in no group, and mount this (`kind` as in `Volume.type`)."""
    named = func.lower(jobs.c.volumes).contains(source.lower(), autoescape=True)
    query = select(jobs.c.id, jobs.c.volumes).where(jobs.c.owner_id == owner_id, jobs.c.group_id.is_(None), named)
    for row in tx.execute(query).all():
        volumes = json.decode(row.volumes, type=tuple[Volume, ...])
        if any(one.type == kind and one.source.lower() == source.lower() for one in volumes):
            tx.execute(update(jobs).where(jobs.c.id == row.id).values(group_id=group_id))


def secrets_of(tx: Tx, number: int) -> str:
    return str(tx.execute(select(jobs.c.secrets).where(jobs.c.id == number)).scalar_one())


def move(tx: Tx, number: int, old: Stage, values: Mapping[str, Any]) -> bool:
    """Changes a job that is still in this stage; False if it is not."""
    done = tx.execute(update(jobs).where(jobs.c.id == number, jobs.c.stage == old.value).values(**values))
    return bool(done.rowcount)


def set_labels(tx: Tx, number: int, labels: Mapping[str, str]) -> None:
    tx.execute(update(jobs).where(jobs.c.id == number).values(labels=json.encode(labels).decode()))


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        key=row.key,
        owner=owner_of(row),
        initiator=initiator_of(row),
        stage=Stage(row.stage),
        message=row.message,
        image=row.image,
        command=tuple(json.decode(row.command)),
        environment=json.decode(row.environment),
        secret_names=tuple(json.decode(row.secret_names)),
        flavor=row.flavor,
        seconds=row.seconds,
        labels=json.decode(row.labels),
        volumes=json.decode(row.volumes, type=tuple[Volume, ...]),
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        cpu_seconds=row.cpu_seconds,
        peak_memory=row.peak_memory,
        compute_ms=row.compute_ms,
        joules=row.joules,
        joules_measured=row.joules_measured,
        schedule_key=row.schedule_key,
        attempts=row.attempts,
        attempt=row.attempt,
        group_id=row.group_id,
    )
