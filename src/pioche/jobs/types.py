"""The nouns of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from pioche.ports.executor import Gpu, run_id_of

GIB = 1024**3


class Stage(StrEnum):
    """A job moves down this list, and ends in one of the last three."""

    SCHEDULING = "SCHEDULING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


ENDED = (Stage.COMPLETED, Stage.CANCELED, Stage.ERROR)


@dataclass(frozen=True, slots=True)
class Flavor:
    """Hardware that a job may ask for. Memory in bytes."""

    name: str
    label: str
    cpus: float
    memory: int
    gpus: Sequence[Gpu] = ()


class Volume(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A repository, or a bucket, or a folder in it (`path`), as a folder of the job.

    `type` is model, dataset, space or bucket. `commit` is what `revision` meant when the job was asked for.
    """

    type: str
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None
    commit: str | None = None

    @property
    def is_writable(self) -> bool:
        return self.type == "bucket" and not self.read_only

    @property
    def spec(self) -> str:
        """As `hf jobs run --volume` takes it."""
        revision = f"@{self.revision}" if self.revision else ""
        path = f"/{self.path}" if self.path else ""
        ending = ":ro" if self.type == "bucket" and self.read_only else ""
        return f"hf://{self.type}s/{self.source}{revision}{path}:{self.mount_path}{ending}"


@dataclass(frozen=True, slots=True)
class NewJob:
    image: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    flavor: str = "cpu-basic"
    seconds: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[Volume] = ()
    attempts: int = 1
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Whoever owns or started a job. `kind`: user or org."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Job:
    """`key` is its id outside. `group_id`: the resource group whose people alone see it. `attempt` counts from 1. Times
    are Unix milliseconds; `cpu_seconds`, `peak_memory`, `compute_ms` and `joules` of what all attempts took.
    """

    id: int
    key: str
    owner: Party
    initiator: Party | None
    stage: Stage
    message: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    secret_names: tuple[str, ...]
    flavor: str
    seconds: int
    labels: Mapping[str, str]
    volumes: tuple[Volume, ...]
    created_at: int
    started_at: int | None
    ended_at: int | None
    exit_code: int | None
    cpu_seconds: float
    peak_memory: int
    compute_ms: int
    joules: float
    joules_measured: bool
    schedule_key: str | None
    attempts: int
    attempt: int
    group_id: int | None

    @property
    def run_id(self) -> str:
        """Of the attempt that goes on, or was the last."""
        return run_id_of(self.key, self.attempt)

    @property
    def has_ended(self) -> bool:
        return self.stage in ENDED


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """`rule`: five fields of cron, or a word such as @daily; times are UTC."""

    job: NewJob
    rule: str
    is_suspended: bool = False
    is_concurrent: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Jobs that come again and again. `next_at` None: never again. `message`: what became of the last time."""

    id: int
    key: str
    owner: Party
    initiator: Party | None
    job: NewJob
    secret_names: tuple[str, ...]
    rule: str
    is_suspended: bool
    is_concurrent: bool
    created_at: int
    next_at: int | None
    last_key: str | None
    last_at: int | None
    message: str
