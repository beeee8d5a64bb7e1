"""`Submitting`: a job that somebody asks for, checked, sealed and put in line; by hand or by a schedule."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from msgspec import json

from pioche.accounts.access import may_run, may_see_runs, owner_role, role_over
from pioche.accounts.sealing import Sealer
from pioche.accounts.service.groups import require_known
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, InvalidInput, QuotaExceeded, RunNotFound, RunsUnavailable, Unauthenticated
from pioche.jobs import store
from pioche.jobs.images import runtime_of
from pioche.jobs.running import LAUNCH_TASK, Running
from pioche.jobs.types import NewJob, Party, Stage
from pioche.jobs.volumes import Volumes
from pioche.plans.service import Plans
from pioche.ports.database import Tx
from pioche.ports.executor import Executor
from pioche.queue.service import Queue
from pioche.repos import store as repo_store
from pioche.repos.types import Owner

DEFAULT_SECONDS = 30 * 60
MAX_SECONDS = 24 * 3600
MAX_WAITING = 50
MAX_ATTEMPTS = 10
MAX_ARGUMENTS, MAX_TEXT, MAX_VARIABLES = 500, 128 * 1024, 200
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")


@dataclass(frozen=True, slots=True)
class Submitting:
    queue: Queue
    executor: Executor
    sealer: Sealer
    volumes: Volumes
    running: Running
    plans: Plans

    def prepare(self, actor: Actor, owner: Owner | Party, new: NewJob) -> dict[str, Any]:
        """A row to be, for who may run it.

        Raises `RunsUnavailable` where nothing can run, `NotSupported` for an image that cannot.
        """
        if reason := self.executor.unavailable():
            raise RunsUnavailable(reason)
        check_job(new)
        _, message = runtime_of(new.image)
        flavor = self.running.flavor(new.flavor)
        volumes, groups = self.volumes.check(actor, owner.id, new.volumes)
        return {
            "group_id": _group_of(actor, owner, new, groups),
            "key": secrets.token_hex(12),
            "initiator_id": actor.user_id,
            "stage": Stage.SCHEDULING.value,
            "message": message,
            "image": new.image,
            "command": json.encode(list(new.command)).decode(),
            "environment": json.encode(dict(new.environment)).decode(),
            "secrets": self.seal(new.secrets),
            "secret_names": json.encode(sorted(new.secrets)).decode(),
            "flavor": flavor.name,
            "seconds": DEFAULT_SECONDS if new.seconds is None else new.seconds,
            "labels": json.encode(dict(new.labels)).decode(),
            "volumes": json.encode(volumes).decode(),
            "attempts": new.attempts,
        }

    def add(self, tx: Tx, owner: Owner | Party, values: Mapping[str, Any]) -> int:
        if store.count(tx, owner.id, Stage.SCHEDULING) >= MAX_WAITING:
            raise QuotaExceeded(f"{MAX_WAITING} jobs of '{owner.name}' wait already. Let some of them end first.")
        wanted = int(self.running.flavor(values["flavor"]).cpus * values["seconds"] * values["attempts"] * 1000)
        self.plans.require_room(tx, self.plans.standing(tx, owner.id, owner.name), wanted)
        number = store.add(tx, {**values, "owner_id": owner.id})
        self.queue.enqueue(tx, LAUNCH_TASK, {}, unique="next")
        return number

    def held_ms(self, tx: Tx, owners: Sequence[int]) -> Mapping[int, int]:
        """owner -> of compute, for jobs that wait and run."""
        cpus = {one.name: one.cpus for one in self.running.flavors()}
        held: dict[int, int] = {}
        for (owner_id, flavor), seconds in store.held(tx, owners).items():
            held[owner_id] = held.get(owner_id, 0) + int(cpus.get(flavor, 1.0) * seconds * 1000)
        return held

    def seal(self, plain: Mapping[str, str]) -> str:
        return self.sealer.seal(json.encode(dict(plain)))

    def unseal(self, sealed: str) -> dict[str, str]:
        return json.decode(self.sealer.unseal(sealed), type=dict[str, str])


def require_owner(tx: Tx, actor: Actor, name: str, writes: bool, group_id: int | None = None) -> Owner:
    """Jobs are seen by their owner and the members of the organisation; started by those who may make things.

    Those of a resource group by who is in it: raises `NotFound` for a group that the actor is not in.
    """
    if actor.user_id is None:
        raise Unauthenticated("Log in, or send a token, to use jobs.")
    owner = repo_store.find_owner(tx, name)
    if owner is None or not (actor.is_admin or owner_role(actor, owner.id)):
        raise RunNotFound(f"There are no jobs of '{name[:96]}', or they are not yours to see.")
    if actor.token is not None and not may_see_runs(actor, owner.id):
        raise Forbidden(f"Your token '{actor.token.name}' may not see jobs of '{name}'.")
    require_known(tx, actor, owner.id, group_id)
    if writes:
        require_may_run(actor, owner, group_id)
    return owner


def is_inside(actor: Actor, owner_id: int, group_id: int | None) -> bool:
    """Whether what runs in this group of an account is for who may see its jobs at all. As `store.visible_to`."""
    return actor.is_admin or role_over(actor, owner_id, group_id) > 0


def require_may_run(actor: Actor, owner: Owner | Party, group_id: int | None) -> None:
    if not may_run(actor, owner.id, group_id):
        where = "" if group_id is None else " in its resource group"
        raise Forbidden(f"You may not run jobs as '{owner.name}'{where}.")


def _group_of(actor: Actor, owner: Owner | Party, new: NewJob, used: Set[int]) -> int | None:
    """The group that it is asked for in, or else that of the private things which it uses: its log may tell them."""
    groups = used if new.group_id is None else used | {new.group_id}
    if len(groups) > 1:
        raise InvalidInput("A job uses private things of one resource group, and runs in that group.")
    group_id = next(iter(groups), None)
    require_may_run(actor, owner, group_id)
    return group_id


def check_job(new: NewJob) -> None:
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
    if not 1 <= new.attempts <= MAX_ATTEMPTS:
        raise InvalidInput(f"A job has 1 to {MAX_ATTEMPTS} attempts.")
    check_labels(new.labels)


def check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > 50 or any(len(key) > 100 or len(value) > 500 for key, value in labels.items()):
        raise InvalidInput("A job has at most 50 labels, of 100 characters with values of 500.")
