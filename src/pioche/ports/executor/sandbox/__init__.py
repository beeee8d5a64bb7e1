"""The embedded executor: each run a process of this machine, in a sandbox made by bubblewrap.

A run has namespaces of its own (processes, network, IPC, host name, files), a user id of its own where the hub is root
and a user namespace where it is not, no capabilities, a filter of system calls, and a control group where the system
lets one be made (else its keeper watches memory). `keeper.py` keeps it; see there for what lies in a run's folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from pioche import cgroups
from pioche.errors import RunNotFound, RunsUnavailable
from pioche.ports.executor import (
    RUNS_ADDRESS,
    Capacity,
    Hold,
    LogLine,
    RunSpec,
    RunStatus,
    Sample,
    Tail,
    Usage,
    remove_tree,
)
from pioche.ports.executor.sandbox import keeper
from pioche.ports.executor.sandbox.arguments import HOME, INSIDE_HUB, INSIDE_PROXY, sandbox_arguments
from pioche.ports.executor.sandbox.gpus import gpus_of_driver
from pioche.ports.executor.sandbox.syscalls import write_filter

log = logging.getLogger(__name__)

FIRST_UID, UIDS = 200_000, 50_000
STARTING_SECONDS = 30
TAIL_PIECE = 64 * 1024


class SandboxExecutor:
    def __init__(self, folder: Path, memory_share: float = 0.5) -> None:
        self._folder = folder
        self._memory_share = memory_share
        self._reasons: list[str] = []
        self.listeners: list[Callable[[str], None]] = []

    def unavailable(self) -> str:
        """Tried once, with a sandbox around `true`: nothing else tells whether this machine lets one be made."""
        if not self._reasons:
            self._reasons.append(self._try())
        return self._reasons[0]

    def start(self, spec: RunSpec) -> None:
        if reason := self.unavailable():
            raise RunsUnavailable(reason)
        folder = self._folder / spec.id
        (folder / "door").mkdir(parents=True)
        keeper.write_whole(folder / "hold.json", asdict(_hold(spec)))
        (folder / "door").chmod(0o755)  # whatever the hub's mask is
        work = folder / "work"
        work.mkdir(mode=0o700)
        uid = uid_of(spec.id) if os.geteuid() == 0 else None
        changing = [str(work), *(str(mount.source) for mount in spec.mounts if mount.writable)]
        if uid is not None:
            for place in changing:
                _give(place, uid)
        order = {
            "id": spec.id,
            "limits": {name: getattr(spec.limits, name) for name in ("seconds", "cpus", "memory", "disk", "processes")},
            "arguments": sandbox_arguments(spec, folder, uid),
            "environment": _environment(spec),
            "changing": changing,
            "hub": spec.hub_url,
            "source": RUNS_ADDRESS if urlsplit(spec.hub_url).hostname == "127.0.0.1" else "",
            "hosts": list(spec.hosts),
            "seccomp": str(self._folder / "syscalls.bpf"),
        }
        self._launch(folder, order)

    def status(self, run_id: str) -> RunStatus:
        folder = self._found(run_id)
        said = _read(folder / "status.json") or {}
        usage, hold = Usage(**(_read(folder / "usage.json") or {})), _read(folder / "hold.json")
        taken: dict[str, Any] = {"usage": usage, "hold": None if hold is None else Hold(**hold)}
        if said.get("state") == "ended" or _is_kept(folder):
            return RunStatus(**{"state": "starting", **said}, **taken)
        said = _read(folder / "status.json") or {}  # it may have ended between the two looks
        if said.get("state") == "ended":
            return RunStatus(**said, **taken)
        if not said and time.time() - folder.stat().st_mtime < STARTING_SECONDS:
            return RunStatus("starting", **taken)
        _end_rest(folder)
        started = said.get("started_at")
        last = int((folder / "usage.json").stat().st_mtime * 1000) if (folder / "usage.json").exists() else started
        return RunStatus("ended", started, last, "lost", None, "Its keeper was killed.", **taken)

    def logs(self, run_id: str, position: int = 0, most: int = 2_000) -> tuple[Sequence[LogLine], int]:
        path = self._found(run_id) / "log.jsonl"
        lines: list[LogLine] = []
        if not path.exists():
            return lines, position
        with path.open("rb") as log:
            position = _line_start(log, position)
            for line in log:
                if not line.endswith(b"\n") or len(lines) >= most:
                    break
                position += len(line)
                with contextlib.suppress(ValueError):
                    lines.append(LogLine(*json.loads(line)))
        return lines, position

    def tail(self, run_id: str, most: int) -> Tail:
        path = self._found(run_id) / "log.jsonl"
        if not path.exists():
            return Tail()
        with path.open("rb") as log:
            content, end, is_all = _last_lines(log, most)
        lines: list[LogLine] = []
        for line in content:
            with contextlib.suppress(ValueError):
                lines.append(LogLine(*json.loads(line)))
        return Tail(lines, end, is_all)

    def history(self, run_id: str) -> Sequence[Sample]:
        try:
            lines = (self._found(run_id) / "samples.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return ()
        found: list[Sample] = []
        for line in lines:
            with contextlib.suppress(ValueError, TypeError):
                found.append(Sample(*json.loads(line)))
        return found

    def stop(self, run_id: str) -> None:
        folder = self._found(run_id)
        (folder / "stop").touch()  # for a keeper that has not begun yet
        kept = _read(folder / "keeper.json")
        if kept and _is_alive(kept):
            with contextlib.suppress(ProcessLookupError):
                os.kill(kept["pid"], signal.SIGTERM)

    def clear(self, run_id: str) -> None:
        remove_tree(self._found(run_id) / "work")

    def remove(self, run_id: str) -> None:
        remove_tree(self._found(run_id))

    def runs(self, prefix: str) -> Sequence[str]:
        if not self._folder.is_dir():
            return ()
        with os.scandir(self._folder) as found:  # which tells what is a folder without another look at each
            return sorted(entry.name for entry in found if entry.is_dir() and entry.name.startswith(prefix))

    def home(self, run_id: str) -> Path:
        return self._found(run_id) / "work"

    def capacity(self, pid: int = 0) -> Capacity:
        memory = int(cgroups.memory(pid=pid) * self._memory_share)
        return Capacity(cgroups.cpus(pid=pid), memory, gpus_of_driver())

    def _found(self, run_id: str) -> Path:
        folder = self._folder / run_id
        if not run_id or "/" in run_id or run_id.startswith(".") or not folder.is_dir():
            raise RunNotFound(f"There is no run '{run_id[:64]}'.")
        return folder

    def _launch(self, folder: Path, order: dict[str, Any]) -> None:
        with (folder / "keeper.log").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", keeper.__file__, str(folder)],
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                cwd="/",
                env={"PATH": "/usr/bin:/bin"},
                start_new_session=True,  # it lives on when the hub ends
            )
        assert process.stdin is not None
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        threading.Thread(target=self._wait, args=(process, folder.name), name="keeper", daemon=True).start()

    def _wait(self, process: subprocess.Popen[bytes], run_id: str) -> None:
        process.wait()
        for tell in self.listeners:
            try:
                tell(run_id)
            except Exception:  # whoever listens looks from time to time besides
                log.warning("the end of run %s was not heard", run_id, exc_info=True)

    def _try(self) -> str:
        if shutil.which("bwrap") is None:
            return "Nothing can run here: the program 'bwrap' is missing. Install the package 'bubblewrap'."
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            write_filter(self._folder / "syscalls.bpf")
        except (OSError, ImportError) as error:
            return f"Nothing can run here: system calls cannot be filtered ({error}). Install 'libseccomp2'."
        tried = subprocess.run(
            ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "--unshare-net", "--", "true"],
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode:
            return f"Nothing can run here: this machine lets no sandbox be made ({tried.stderr.strip()[:200]})."
        return ""


def _line_start(log: BinaryIO, position: int) -> int:
    """There, or where the next line begins."""
    log.seek(max(0, position - 1))
    if position > 0 and log.read(1) != b"\n":
        log.readline()
    return log.tell()


def _last_lines(log: BinaryIO, most: int) -> tuple[Sequence[bytes], int, bool]:
    """Those that are whole, where they end, and whether they are all. Read backwards, no further than needed."""
    pieces: list[bytes] = []
    place, ends = log.seek(0, os.SEEK_END), 0
    while place > 0 and ends <= most:
        size = min(TAIL_PIECE, place)
        place -= size
        log.seek(place)
        pieces.append(log.read(size))
        ends += pieces[-1].count(b"\n")
    *lines, rest = b"".join(reversed(pieces)).split(b"\n")
    end = place + sum(len(piece) for piece in pieces) - len(rest)
    return lines[-most:], end, place == 0 and len(lines) <= most


def uid_of(run_id: str) -> int:
    """A user id that no person and, as good as surely, no other run has."""
    return FIRST_UID + int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:4]) % UIDS


def _hold(spec: RunSpec) -> Hold:
    gpus = len(gpus_of_driver()) if spec.gpus else 0
    gpu_memory = spec.gpu_memory if gpus else 0
    return Hold(spec.kind, spec.limits.cpus, spec.limits.memory, gpus, spec.limits.seconds, gpu_memory)


def _give(place: str, uid: int) -> None:
    """A folder and all that is in it; links are not followed."""
    os.chown(place, uid, uid)
    for folder, folders, files in os.walk(place):
        for name in (*folders, *files):
            os.lchown(f"{folder}/{name}", uid, uid)


def _environment(spec: RunSpec) -> dict[str, str]:
    own = {"HOME": HOME, "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}  # noqa: S108
    threads = str(max(1, int(spec.limits.cpus)))
    # Threads that wait for each other sleep: where they spin, two runs on the same cores take four times as long.
    own |= {"PATH": spec.path, "OMP_NUM_THREADS": threads, "OMP_WAIT_POLICY": "PASSIVE", "USER": "run"}
    if spec.hub_url:
        own["HF_ENDPOINT"] = INSIDE_HUB
    if spec.hosts:
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            own[name] = INSIDE_PROXY
        own["no_proxy"] = own["NO_PROXY"] = "127.0.0.1,localhost"
    return {**own, **spec.environment, **spec.secrets}


def _is_kept(folder: Path) -> bool:
    kept = _read(folder / "keeper.json")
    return kept is not None and _is_alive(kept)


def _is_alive(kept: dict[str, Any]) -> bool:
    """The process of that number is the one that wrote this, and no later one."""
    try:
        return keeper.start_time(kept["pid"]) == kept["start"] and not _is_dead(kept["pid"])
    except (OSError, IndexError):
        return False


def _is_dead(pid: int) -> bool:
    """Ended, and not yet buried."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")


def _end_rest(folder: Path) -> None:
    """Kills what a killed keeper left: it may have died before its sandbox had asked to die with it."""
    mark = f"{folder}/work".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if mark in (entry / "cmdline").read_bytes().split(b"\0"):
                    os.kill(int(entry.name), signal.SIGKILL)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return found
