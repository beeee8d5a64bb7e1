"""`Jobs`: the verbs of people. What starts and watches runs is in `running.py`."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from msgspec import json

from pioche.accounts.access import may_create, owner_role
from pioche.accounts.sealing import Sealer
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, InvalidInput, QuotaExceeded, RunNotFound, RunsUnavailable, Unauthenticated
from pioche.jobs import store
from pioche.jobs.images import runtime_of
from pioche.jobs.running import LAUNCH_TASK, Running
from pioche.jobs.types import Flavor, Job, NewJob, Stage
from pioche.jobs.volumes import Volumes
from pioche.ports.database import Database, Tx
from pioche.ports.executor import Executor, LogLine, Usage
from pioche.queue.service import Queue
from pioche.repos import store as repo_store

DEFAULT_SECONDS = 30 * 60
MAX_SECONDS = 24 * 3600
MAX_WAITING = 50
MAX_ARGUMENTS, MAX_TEXT, MAX_VARIABLES = 500, 128 * 1024, 200
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")


class Jobs:
    def __init__(
        self, database: Database, queue: Queue, executor: Executor, sealer: Sealer, volumes: Volumes, running: Running
    ) -> None:
        self._database = database
        self._queue = queue
        self._executor = executor
        self._sealer = sealer
        self._volumes = volumes
        self.running = running

    def flavors(self) -> Sequence[Flavor]:
        return self.running.flavors()

    def submit(self, actor: Actor, owner: str, new: NewJob) -> Job:
        """Raises `RunsUnavailable` where nothing can run, `NotSupported` for an image that cannot."""
        owner_id = self._owner(actor, owner, writes=True)
        if reason := self._executor.unavailable():
            raise RunsUnavailable(reason)
        _check(new)
        _, message = runtime_of(new.image)
        flavor = self.running.flavor(new.flavor)
        volumes = self._volumes.check(actor, new.volumes)
        values = {
            "key": secrets.token_hex(12),
            "owner_id": owner_id,
            "initiator_id": actor.user_id,
            "stage": Stage.SCHEDULING.value,
            "message": message,
            "image": new.image,
            "command": json.encode(list(new.command)).decode(),
            "environment": json.encode(dict(new.environment)).decode(),
            "secrets": self._sealer.seal(json.encode(dict(new.secrets))),
            "secret_names": json.encode(sorted(new.secrets)).decode(),
            "flavor": flavor.name,
            "seconds": DEFAULT_SECONDS if new.seconds is None else new.seconds,
            "labels": json.encode(dict(new.labels)).decode(),
            "volumes": json.encode(volumes).decode(),
        }
        with self._database.write() as tx:
            if store.count(tx, owner_id, Stage.SCHEDULING) >= MAX_WAITING:
                raise QuotaExceeded(f"{MAX_WAITING} jobs of '{owner}' wait already. Let some of them end first.")
            number = store.add(tx, values)
            self._queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
            return _got(tx, number)

    def list(
        self, actor: Actor, owner: str, stages: Sequence[Stage] = (), before: int | None = None, limit: int = 100
    ) -> Sequence[Job]:
        owner_id = self._owner(actor, owner, writes=False)
        with self._database.read() as tx:
            return store.of_owner(tx, owner_id, stages, before, limit)

    def find(self, actor: Actor, owner: str, key: str) -> Job:
        """As it is now."""
        owner_id = self._owner(actor, owner, writes=False)
        with self._database.read() as tx:
            job = store.find(tx, owner_id, key)
        if job is None:
            raise RunNotFound(f"There is no job '{key[:40]}'.")
        return self.running.refresh(job)

    def logs(self, actor: Actor, owner: str, key: str, position: int) -> tuple[Sequence[LogLine], int, Job]:
        """Lines from there on, the next position, and the job as it was before they were read."""
        job = self.find(actor, owner, key)
        lines, after = self.running.logs(job, position)
        return lines, after, job

    def usage(self, actor: Actor, owner: str, key: str) -> tuple[Usage | None, Job]:
        job = self.find(actor, owner, key)
        return self.running.usage(job), job

    def cancel(self, actor: Actor, owner: str, key: str) -> Job:
        self._owner(actor, owner, writes=True)
        job = self.find(actor, owner, key)
        self.running.cancel(job)
        return self.find(actor, owner, key)

    def again(self, actor: Actor, owner: str, key: str) -> Job:
        """A new job that does the same."""
        job = self.find(actor, owner, key)
        with self._database.read() as tx:
            kept = self._sealer.unseal(store.secrets_of(tx, job.id))
        new = NewJob(job.image, job.command, job.environment, {}, job.flavor, job.seconds, job.labels, job.volumes)
        return self.submit(actor, owner, replace(new, secrets=json.decode(kept, type=dict[str, str])))

    def set_labels(self, actor: Actor, owner: str, key: str, labels: Mapping[str, str]) -> Job:
        self._owner(actor, owner, writes=True)
        _check_labels(labels)
        job = self.find(actor, owner, key)
        with self._database.write() as tx:
            store.set_labels(tx, job.id, labels)
            return _got(tx, job.id)

    def _owner(self, actor: Actor, name: str, writes: bool) -> int:
        """Jobs are seen by their owner and the members of the organisation; started by those who may make things."""
        if actor.user_id is None:
            raise Unauthenticated("Log in, or send a token, to use jobs.")
        with self._database.read() as tx:
            owner = repo_store.find_owner(tx, name)
        if owner is None or not (actor.is_admin or owner_role(actor, owner.id)):
            raise RunNotFound(f"There are no jobs of '{name[:96]}', or they are not yours to see.")
        token = actor.token
        if token is not None and token.role == "fineGrained" and not may_create(actor, owner.id):
            raise Forbidden(f"Your token '{token.name}' may not see jobs of '{name}'.")
        if writes and not may_create(actor, owner.id):
            raise Forbidden(f"You may not run jobs as '{name}'.")
        return owner.id


def _got(tx: Tx, number: int) -> Job:
    job = store.get(tx, number)
    assert job is not None, "it is read in the transaction that wrote it"
    return job


def _check(new: NewJob) -> None:
    if not new.command:
        raise InvalidInput("A job needs a command.")
    texts = [*new.command, *new.environment.values(), *new.secrets.values()]
    if len(new.command) > MAX_ARGUMENTS or sum(map(len, texts)) > MAX_TEXT or any("\0" in text for text in texts):
        raise InvalidInput("The command and variables of a job are at most 500 words and 128 KiB of text.")
    names = [*new.environment, *new.secrets]
    if len(names) > MAX_VARIABLES or not all(_VARIABLE.match(name) for name in names):
        raise InvalidInput("Names of variables are letters, digits and '_', at most 200 of them.")
    if new.seconds is not None and not 1 <= new.seconds <= MAX_SECONDS:
        raise InvalidInput(f"A job takes 1 to {MAX_SECONDS} seconds.")
    _check_labels(new.labels)


def _check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > 50 or any(len(key) > 100 or len(value) > 500 for key, value in labels.items()):
        raise InvalidInput("A job has at most 50 labels, of 100 characters with values of 500.")
