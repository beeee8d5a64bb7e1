"""`Schedules`: jobs that come again and again, by the hub's own queue.

Each time is one transaction: the schedule moves on to its next time, and its job is put in line. So no time comes
twice, whoever dies when; times that passed while the hub was away come once, together. A job has the rights that
whoever made the schedule has on that day.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import json

from pioche.accounts.access import may_create
from pioche.accounts.store import actor_of_user
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, HubError, QuotaExceeded, RunNotFound
from pioche.jobs import schedule_store, store
from pioche.jobs.rules import check_rule, next_time
from pioche.jobs.submitting import Submitting, check_labels, is_inside, require_may_run, require_owner
from pioche.jobs.types import Job, NewJob, NewSchedule, Schedule
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue

DUE_TASK = "jobs.due"
AHEAD_MS = 120_000
AT_ONCE = 100
MAX_SCHEDULES = 100


class Schedules:
    def __init__(self, database: Database, queue: Queue, submitting: Submitting) -> None:
        self._database = database
        self._queue = queue
        self._submitting = submitting

    def create(self, actor: Actor, owner: str, new: NewSchedule) -> Schedule:
        """Raises what asking for its job raises."""
        with self._database.read() as tx:
            party = require_owner(tx, actor, owner, writes=True, group_id=new.job.group_id)
        rule = check_rule(new.rule)
        group_id = self._submitting.prepare(actor, party, new.job)["group_id"]
        values = {
            "key": secrets.token_hex(12),
            "owner_id": party.id,
            "initiator_id": actor.user_id,
            "rule": rule,
            "job": _kept(replace(new.job, group_id=group_id)),
            "secrets": self._submitting.seal(new.job.secrets),
            "secret_names": json.encode(sorted(new.job.secrets)).decode(),
            "suspended": new.is_suspended,
            "concurrent": new.is_concurrent,
        }
        with self._database.write() as tx:
            if schedule_store.count(tx, party.id) >= MAX_SCHEDULES:
                raise QuotaExceeded(f"'{party.name}' has {MAX_SCHEDULES} schedules already.")
            number = schedule_store.add(tx, {**values, "next_at": next_time(rule, tx.now)})
            self._wake(tx)
            return _got(tx, number)

    def list(self, actor: Actor, owner: str) -> Sequence[Schedule]:
        with self._database.read() as tx:
            party = require_owner(tx, actor, owner, writes=False)
            found = schedule_store.of_owner(tx, party.id, MAX_SCHEDULES)
        return [one for one in found if is_inside(actor, party.id, one.job.group_id)]

    def find(self, actor: Actor, owner: str, key: str) -> Schedule:
        with self._database.read() as tx:
            return _found(tx, actor, owner, key, writes=False)

    def remove(self, actor: Actor, owner: str, key: str) -> Schedule:
        """Jobs that it started go on."""
        with self._database.write() as tx:
            schedule = _found(tx, actor, owner, key, writes=True)
            schedule_store.remove(tx, schedule.id)
            return schedule

    def suspend(self, actor: Actor, owner: str, key: str) -> Schedule:
        return self._change(actor, owner, key, lambda tx, one: {"suspended": True})

    def resume(self, actor: Actor, owner: str, key: str) -> Schedule:
        """From now on; what was due meanwhile is not made up for."""
        return self._change(
            actor,
            owner,
            key,
            lambda tx, one: {"suspended": False, "message": "", "next_at": next_time(one.rule, tx.now)},
        )

    def reschedule(self, actor: Actor, owner: str, key: str, rule: str) -> Schedule:
        rule = check_rule(rule)
        return self._change(actor, owner, key, lambda tx, _one: {"rule": rule, "next_at": next_time(rule, tx.now)})

    def set_labels(self, actor: Actor, owner: str, key: str, labels: Mapping[str, str]) -> Schedule:
        check_labels(labels)
        return self._change(actor, owner, key, lambda tx, one: {"job": _kept(replace(one.job, labels=dict(labels)))})

    def run(self, actor: Actor, owner: str, key: str) -> Job:
        """Now, besides its times, by whoever asks."""
        with self._database.read() as tx:
            schedule = _found(tx, actor, owner, key, writes=True)
        values = self._submitting.prepare(actor, schedule.owner, self._whole(schedule))
        with self._database.write() as tx:
            return self._insert(tx, schedule, values)

    # -- by the clock --

    def fire_due(self) -> int:
        """Starts what is due, and wakes up again for what comes soon. The number of jobs."""
        with self._database.read() as tx:
            now, due = tx.now, schedule_store.due(tx, tx.now, AT_ONCE)
        fired = sum(self._fire(one, now) for one in due)
        with self._database.write() as tx:
            for at in sorted({one.next_at or 0 for one in schedule_store.due(tx, tx.now + AHEAD_MS, AT_ONCE)}):
                self._queue.enqueue(tx, DUE_TASK, {}, unique=str(at), delay_ms=max(0, at - tx.now))
        return fired

    def _fire(self, schedule: Schedule, now: int) -> bool:
        moved: dict[str, Any] = {"next_at": next_time(schedule.rule, now), "message": ""}
        try:
            values = self._submitting.prepare(self._starter(schedule), schedule.owner, self._whole(schedule))
            with self._database.write() as tx:
                if not schedule_store.advance(tx, schedule, moved):
                    return False
                if not schedule.is_concurrent and schedule_store.is_under_way(tx, schedule.key):
                    said = "The last time was left out, because the job before was still going."
                    schedule_store.change(tx, schedule.id, {"message": said})
                    return False
                self._insert(tx, schedule, values)
        except HubError as error:
            # Who has no rights any more does not get them back by waiting.
            values = {**moved, "message": error.message[:500], "suspended": isinstance(error, Forbidden)}
            with self._database.write() as tx:
                schedule_store.advance(tx, schedule, values)
            return False
        return True

    def _starter(self, schedule: Schedule) -> Actor:
        with self._database.read() as tx:
            actor = None if schedule.initiator is None else actor_of_user(tx, schedule.initiator.id)
        if actor is None or not may_create(actor, schedule.owner.id, schedule.job.group_id):
            raise Forbidden(f"Whoever made this schedule may not run jobs as '{schedule.owner.name}' any more.")
        return actor

    def _insert(self, tx: Tx, schedule: Schedule, values: Mapping[str, Any]) -> Job:
        number = self._submitting.add(tx, schedule.owner, {**values, "schedule_key": schedule.key})
        # What it uses may have come into a group meanwhile.
        job = _kept(replace(schedule.job, group_id=values["group_id"]))
        schedule_store.change(tx, schedule.id, {"job": job, "last_key": values["key"], "last_at": tx.now})
        made = store.get(tx, number)
        assert made is not None, "it is read in the transaction that wrote it"
        return made

    def _whole(self, schedule: Schedule) -> NewJob:
        with self._database.read() as tx:
            return replace(schedule.job, secrets=self._submitting.unseal(schedule_store.secrets_of(tx, schedule.id)))

    def _change(self, actor: Actor, owner: str, key: str, values: Any) -> Schedule:
        with self._database.write() as tx:
            schedule = _found(tx, actor, owner, key, writes=True)
            schedule_store.change(tx, schedule.id, values(tx, schedule))
            self._wake(tx)
            return _got(tx, schedule.id)

    def _wake(self, tx: Tx) -> None:
        self._queue.enqueue(tx, DUE_TASK, {}, unique="now")


def _found(tx: Tx, actor: Actor, owner: str, key: str, writes: bool) -> Schedule:
    party = require_owner(tx, actor, owner, writes=False)
    schedule = schedule_store.find(tx, party.id, key)
    if schedule is None or not is_inside(actor, party.id, schedule.job.group_id):
        raise RunNotFound(f"There is no scheduled job '{key[:40]}'.")
    if writes:
        require_may_run(actor, party, schedule.job.group_id)
    return schedule


def _got(tx: Tx, number: int) -> Schedule:
    schedule = schedule_store.get(tx, number)
    assert schedule is not None, "it is read in the transaction that wrote it"
    return schedule


def _kept(job: NewJob) -> str:
    return json.encode(replace(job, secrets={})).decode()
