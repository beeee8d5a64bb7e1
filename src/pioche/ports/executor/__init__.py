"""Executor: runs a command of a user's in a sandbox. Embedded in `sandbox/`: a process on this machine.

A run has an id that is never used twice. `start` returns once the run is on its way; it goes on whatever becomes of the
hub, and whoever opens the same folder later sees it (`status`, `logs`), may `stop` it, and finds how it ended. A run
sees its own folder, what is mounted, and no network but the hub itself. Errors: `RunsUnavailable` where no sandbox can
be made; `RunNotFound`.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

RUNS_ADDRESS = "127.0.0.2"
"""Where requests of runs come from, when the hub is at 127.0.0.1: no proxy stands between, so what they say about who
they are forwarded for is their own word.
"""

RunState = Literal["starting", "running", "ended"]
# Why a run ended, beside its own exit: it took too long, memory or disk, was stopped, or its keeper was killed.
EndReason = Literal["exit", "timeout", "memory", "disk", "stopped", "lost", "failed"]


_NAME = re.compile(r"(?P<key>[0-9a-f]{24})(-[0-9]+)?\Z")


def run_id_of(key: str, attempt: int) -> str:
    """Of what may be tried again: each attempt is a run of its own."""
    return key if attempt == 1 else f"{key}-{attempt}"


def key_of(run_id: str) -> str | None:
    """None for a run that is no attempt at anything with a key."""
    found = _NAME.match(run_id)
    return None if found is None else found["key"]


def remove_tree(place: Path) -> None:
    """What a run left, however deep, and closed by itself. Links are not followed."""
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf", "--one-file-system"]):
        subprocess.run([*command, "--", str(place)], capture_output=True, check=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take. Memory and disk in bytes."""

    seconds: int
    cpus: float = 1.0
    memory: int = 2 * 1024**3
    disk: int = 4 * 1024**3
    processes: int = 256


@dataclass(frozen=True, slots=True)
class Hold:
    """What a run may take while it goes, for so many seconds at most, and so what others cannot have. Memory in bytes.
    `kind` is the word of whoever started it. `gpu_memory`: see `RunSpec`; 0 from versions that told none.
    """

    kind: str
    cpus: float
    memory: int
    gpus: int = 0
    seconds: int = 0
    gpu_memory: int = 0


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of this machine, as the run sees it at `target` (absolute). One that it may write to becomes its own: it
    counts as disk of the run, and its files belong to the run's user.
    """

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What to run. `secrets` are variables too, but are written nowhere. The run may reach `hub_url`, and through a
    proxy `hosts`. With `gpus` it sees those of the machine, if there are any. `kind` and `gpu_memory` (bytes) are
    told to who asks what runs; nothing keeps a run to that memory.
    """

    id: str
    command: Sequence[str]
    limits: Limits
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    path: str = "/usr/local/bin:/usr/bin:/bin"
    hub_url: str = ""
    hosts: Sequence[str] = ()
    gpus: bool = False
    gpu_memory: int = 0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a run: CPU seconds and bytes of memory now, and the most there was; bytes over its ways to the hub and others.

    `joules`: its share of what the processors took, where the machine measures that; else 0.
    """

    cpu_seconds: float = 0.0
    memory: int = 0
    peak_memory: int = 0
    joules: float = 0.0
    received: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """What a run had taken at a time (Unix milliseconds): CPU seconds in all, bytes of memory then."""

    at: int
    cpu_seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class RunStatus:
    """Times are Unix milliseconds. `exit_code` is None unless the command itself ended. `hold`: what it may, or might,
    take; None for a run of a version that did not write it down.
    """

    state: RunState
    started_at: int | None = None
    ended_at: int | None = None
    reason: EndReason | None = None
    exit_code: int | None = None
    message: str = ""
    usage: Usage = Usage()
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines of a log, the position after them (bytes from its start), and whether there are no others."""

    lines: Sequence[LogLine] = ()
    position: int = 0
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class Gpu:
    """Memory in bytes; 0 where it has none of its own."""

    name: str
    memory: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """What runs may take of this machine, within the limits of a process: CPUs, bytes of memory, GPUs."""

    cpus: int
    memory: int
    gpus: Sequence[Gpu] = ()


class Executor(Protocol):
    """`listeners` are called with the id of each run that this process started once it has ended, in another thread."""

    listeners: list[Callable[[str], None]]

    def unavailable(self) -> str:
        """Why no run can be started here; empty if one can."""
        ...

    def start(self, spec: RunSpec) -> None: ...

    def status(self, run_id: str) -> RunStatus: ...

    def logs(self, run_id: str, position: int = 0, most: int = 2_000) -> tuple[Sequence[LogLine], int]:
        """At most so many lines from `position` (0, or what the last call returned) on, and the next position, which
        is before `position` where the log is shorter.
        """
        ...

    def tail(self, run_id: str, most: int) -> Tail:
        """The last lines that there are, `most` (1 or more) of them, however long the log is."""
        ...

    def history(self, run_id: str) -> Sequence[Sample]:
        """What it took, from its start on; sparser the longer it runs."""
        ...

    def stop(self, run_id: str) -> None:
        """Ends the run and all its processes. Nothing happens if it has ended."""
        ...

    def clear(self, run_id: str) -> None:
        """Deletes what a run that has ended wrote in its folder; log and status stay."""
        ...

    def remove(self, run_id: str) -> None:
        """Forgets a run that has ended, with its folder and log."""
        ...

    def runs(self, prefix: str) -> Sequence[str]:
        """Ids of runs that begin so and were not removed."""
        ...

    def home(self, run_id: str) -> Path:
        """The folder that the run may write to. What lies there is the run's: links lead anywhere."""
        ...

    def capacity(self, pid: int = 0) -> Capacity:
        """Within the limits of that process; 0 for this one."""
        ...
