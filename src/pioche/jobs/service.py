"""`Jobs`: the verbs of people. What starts and watches runs is in `running.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pioche.accounts.types import Actor
from pioche.errors import RunNotFound
from pioche.jobs import store
from pioche.jobs.running import Running
from pioche.jobs.schedules import Schedules
from pioche.jobs.submitting import Submitting, check_labels, is_inside, require_may_run, require_owner
from pioche.jobs.types import Job, NewJob, Schedule, Stage
from pioche.plans.types import Standing
from pioche.ports.database import Database, Tx
from pioche.ports.executor import LogLine, Usage
from pioche.repos.types import Owner


class Jobs:
    def __init__(self, database: Database, submitting: Submitting, running: Running, schedules: Schedules) -> None:
        self._database = database
        self._submitting = submitting
        self.running = running
        self.schedules = schedules

    def submit(self, actor: Actor, owner: str, new: NewJob) -> Job:
        """Raises `RunsUnavailable` where nothing can run, `NotSupported` for an image that cannot."""
        party = self._owner(actor, owner, writes=True, group_id=new.group_id)
        values = self._submitting.prepare(actor, party, new)
        with self._database.write() as tx:
            return _got(tx, self._submitting.add(tx, party, values))

    def list(
        self, actor: Actor, owner: str, stages: Sequence[Stage] = (), before: int | None = None, limit: int = 100
    ) -> Sequence[Job]:
        owner_id = self._owner(actor, owner, writes=False).id
        with self._database.read() as tx:
            return store.of_owner(tx, actor, owner_id, stages, before, limit)

    def standing(self, actor: Actor, owner: str) -> Standing:
        """What may still be asked for this month."""
        party = self._owner(actor, owner, writes=False)
        with self._database.read() as tx:
            return self._submitting.plans.standing(tx, party.id, party.name)

    def count(self, actor: Actor, owner: str, stages: Sequence[Stage] = ()) -> int:
        owner_id = self._owner(actor, owner, writes=False).id
        with self._database.read() as tx:
            return store.count_all(tx, actor, owner_id, stages)

    def require(self, actor: Actor, owner: str, writes: bool, key: str = "") -> None:
        """Whether the actor may see, or start and change, jobs of this owner, or one of them."""
        if not key:
            self._owner(actor, owner, writes)
        elif writes:
            self._changeable(actor, owner, key)
        else:
            self.find(actor, owner, key)

    def of_schedule(self, actor: Actor, schedule: Schedule, limit: int) -> Sequence[Job]:
        """The newest jobs that it started."""
        self._owner(actor, schedule.owner.name, writes=False)
        with self._database.read() as tx:
            return store.of_schedule(tx, actor, schedule.owner.id, schedule.key, limit)

    def find(self, actor: Actor, owner: str, key: str) -> Job:
        """As it is now."""
        owner_id = self._owner(actor, owner, writes=False).id
        with self._database.read() as tx:
            job = store.find(tx, owner_id, key)
        if job is None or not is_inside(actor, owner_id, job.group_id):
            raise RunNotFound(f"There is no job '{key[:40]}'.")
        return self.running.refresh(job)

    def logs(self, actor: Actor, owner: str, key: str, position: int) -> tuple[Sequence[LogLine], int, Job]:
        """Lines from there on, the next position, and the job as it was before they were read."""
        job = self.find(actor, owner, key)
        lines, after = self.running.logs.read(job, position)
        return lines, after, job

    def usage(self, actor: Actor, owner: str, key: str) -> tuple[Usage | None, Job]:
        job = self.find(actor, owner, key)
        return self.running.usage(job), job

    def cancel(self, actor: Actor, owner: str, key: str) -> Job:
        self.running.cancel(self._changeable(actor, owner, key))
        return self.find(actor, owner, key)

    def again(self, actor: Actor, owner: str, key: str) -> Job:
        """A new job that does the same."""
        job = self._changeable(actor, owner, key)
        with self._database.read() as tx:
            kept = self._submitting.unseal(store.secrets_of(tx, job.id))
        new = NewJob(job.image, job.command, job.environment, {}, job.flavor, job.seconds, job.labels, job.volumes)
        new = replace(new, attempts=job.attempts, group_id=job.group_id)
        return self.submit(actor, owner, replace(new, secrets=kept))

    def set_labels(self, actor: Actor, owner: str, key: str, labels: Mapping[str, str]) -> Job:
        job = self._changeable(actor, owner, key)
        check_labels(labels)
        with self._database.write() as tx:
            store.set_labels(tx, job.id, labels)
            return _got(tx, job.id)

    def _changeable(self, actor: Actor, owner: str, key: str) -> Job:
        """A job that the actor may stop, and start again."""
        job = self.find(actor, owner, key)
        require_may_run(actor, job.owner, job.group_id)
        return job

    def _owner(self, actor: Actor, name: str, writes: bool, group_id: int | None = None) -> Owner:
        with self._database.read() as tx:
            return require_owner(tx, actor, name, writes, group_id)


def _got(tx: Tx, number: int) -> Job:
    job = store.get(tx, number)
    assert job is not None, "it is read in the transaction that wrote it"
    return job
