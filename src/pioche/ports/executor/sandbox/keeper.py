"""The keeper of one run: starts its sandbox, writes down what it says and takes, ends it when it must end.

A program of its own, of the standard library alone: it outlives the hub. Its argument is the folder of the run, its
standard input the order (JSON), so that secrets are on no disk and in no list of processes.

In the folder: `log.jsonl` (a line each: milliseconds, text), `samples.jsonl` (milliseconds, CPU seconds, memory),
`usage.json`, `status.json` (written whole), `keeper.json` (pid and start time), and `work/`, which the run may write
to.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOG_LIMIT = 64 * 1024 * 1024
LINE_LIMIT = 16 * 1024
SAMPLE_SECONDS = 0.5
DISK_EVERY = 4  # samples
SAMPLES_AT_STRIDE = 400
CGROUPS = Path("/sys/fs/cgroup")
PATH = "/usr/local/bin:/usr/bin:/bin"
CONNECTIONS = 128


def now() -> int:
    return time.time_ns() // 1_000_000


def write_whole(path: Path, value: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value))
    part.replace(path)


def start_time(pid: int) -> str:
    """What tells this process from a later one of the same number."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def beside(name: str) -> dict[str, Any]:
    """What another program of this folder defines: there is no package here to import it from."""
    return runpy.run_path(str(Path(__file__).with_name(name)))


MEASURES = beside("measures.py")


class Group:
    """A control group, version 1 or 2, where one can be made; else limits hold by process alone."""

    def __init__(self, name: str, limits: dict[str, Any]) -> None:
        self.folders: list[Path] = []
        v2 = (CGROUPS / "cgroup.controllers").exists()
        wanted = {
            "memory": {"memory.max" if v2 else "memory.limit_in_bytes": limits["memory"]},
            "pids": {"pids.max": limits["processes"]},
            "cpu": {"cpu.max": f"{int(limits['cpus'] * 100_000)} 100000"}
            if v2
            else {"cpu.cfs_period_us": 100_000, "cpu.cfs_quota_us": int(limits["cpus"] * 100_000)},
            "cpuacct": {},
        }
        for controller, values in wanted.items():
            if v2 and controller == "cpuacct":
                continue
            folder = (CGROUPS if v2 else CGROUPS / controller) / "pioche" / name
            try:
                if v2:
                    folder.parent.mkdir(exist_ok=True)
                    for above in (CGROUPS, folder.parent):
                        (above / "cgroup.subtree_control").write_text("+memory +pids +cpu")
                folder.mkdir(parents=True, exist_ok=True)
                for file, value in values.items():
                    (folder / file).write_text(str(value))
            except OSError:
                continue
            if folder not in self.folders:
                self.folders.append(folder)

    def enter(self) -> None:
        for folder in self.folders:
            with contextlib.suppress(OSError):
                (folder / "cgroup.procs").write_text(str(os.getpid()))

    def read(self, *names: str) -> int | None:
        for folder in self.folders:
            for name in names:
                with contextlib.suppress(OSError, ValueError):
                    return int((folder / name).read_text().split()[0])
        return None

    def was_out_of_memory(self) -> bool:
        for folder in self.folders:
            for name in ("memory.oom_control", "memory.events"):
                with contextlib.suppress(OSError):
                    for line in (folder / name).read_text().splitlines():
                        if line.startswith("oom_kill ") and int(line.split()[1]):
                            return True
        return False

    def kill(self) -> None:
        for folder in self.folders[:1]:
            with contextlib.suppress(OSError):
                for pid in (folder / "cgroup.procs").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)

    def remove(self) -> None:
        for folder in self.folders:
            for _ in range(20):
                try:
                    folder.rmdir()
                    break
                except OSError:
                    time.sleep(0.05)


class Keeper:
    def __init__(self, folder: Path, order: dict[str, Any]) -> None:
        self.folder = folder
        self.order = order
        self.limits = order["limits"]
        self.group = Group(order["id"], self.limits)
        self.reason = ""
        self.started = now()
        self.peak = 0
        self.meter = MEASURES["Meter"]()
        self.disk = MEASURES["Disk"](order["changing"])
        self.samples, self.stride = 0, 1
        self.cpu = 0.0
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        if self.order["hub"]:
            self.open_door()
        if self.order["hosts"]:
            self.open_proxy()
        try:
            self.process = self.launch()
        except OSError as error:
            self.close("failed", None, str(error))
            return
        write_whole(self.folder / "status.json", {"state": "running", "started_at": self.started})
        if self.reason or (self.folder / "stop").exists():  # it was stopped before there was anything to end
            self.end("stopped")
        reader = threading.Thread(target=self.write_log, daemon=True)
        reader.start()
        code = self.watch()
        reader.join(5)
        self.group.kill()
        self.sample()  # once more, for what was over before the first time
        out_of_memory = self.group.was_out_of_memory()
        self.group.remove()
        if self.reason:
            self.close(self.reason, None, _ENDINGS.get(self.reason, ""))
        elif out_of_memory and code != 0:
            self.close("memory", None, _ENDINGS["memory"])
        else:
            self.close("exit", code if code >= 0 else 128 - code, "")

    def launch(self) -> subprocess.Popen[bytes]:
        filter_file = os.open(self.order["seccomp"], os.O_RDONLY) if self.order["seccomp"] else -1
        arguments = [text.replace("{seccomp}", str(filter_file)) for text in self.order["arguments"]]

        def enter() -> None:
            self.group.enter()
            os.setpriority(os.PRIO_PROCESS, 0, 10)

        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={"PATH": PATH},
                pass_fds=[filter_file] if filter_file >= 0 else [],
                start_new_session=True,
                preexec_fn=enter,
            )
            threading.Thread(target=self.tell, args=(process,), daemon=True).start()
            return process
        finally:
            if filter_file >= 0:
                os.close(filter_file)

    def tell(self, process: subprocess.Popen[bytes]) -> None:
        """The variables go to the first process inside, and to no program outside: `LD_PRELOAD` would run there."""
        assert process.stdin is not None
        with contextlib.suppress(OSError), process.stdin as pipe_in:
            pipe_in.write(json.dumps(self.order["environment"]).encode())

    # -- what it says --

    def write_log(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        written = 0
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            while line := self.process.stdout.readline(LINE_LIMIT):
                text = json.dumps([now(), line.decode("utf-8", "replace").rstrip("\r\n")]) + "\n"
                if written + len(text) > LOG_LIMIT:
                    if written <= LOG_LIMIT:
                        log.write(json.dumps([now(), "The log is full: what follows is not kept."]) + "\n")
                        log.flush()
                    written = LOG_LIMIT + 1
                    continue
                written += len(text)
                log.write(text)
                log.flush()

    # -- what it takes --

    def watch(self) -> int:
        assert self.process is not None
        deadline = time.monotonic() + self.limits["seconds"]
        samples = 0
        while True:
            try:
                return self.process.wait(SAMPLE_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            samples += 1
            self.sample()
            if time.monotonic() > deadline:
                self.end("timeout")
            elif samples % DISK_EVERY == 0 and self.disk.taken() > self.limits["disk"]:
                self.end("disk")

    def sample(self) -> None:
        memory = self.group.read("memory.usage_in_bytes", "memory.current")
        nanoseconds = self.group.read("cpuacct.usage")
        if memory is None or nanoseconds is None:
            of_tree, seconds = MEASURES["tree_usage"](self.process.pid if self.process else 0)
            memory = of_tree if memory is None else memory
            self.cpu = max(self.cpu, seconds)
            if not self.group.folders and memory > self.limits["memory"]:
                self.end("memory")
        else:
            self.cpu = nanoseconds / 1e9
        # Of children that ended, which a group that is no more, or none, does not count.
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = max(self.cpu, ended.ru_utime + ended.ru_stime)
        most = self.group.read("memory.max_usage_in_bytes", "memory.peak") or ended.ru_maxrss * 1024
        self.peak = max(self.peak, memory, most)
        self.meter.add(self.cpu)
        usage = {"cpu_seconds": self.cpu, "memory": memory, "peak_memory": self.peak, "joules": self.meter.joules}
        usage |= TRAFFIC
        write_whole(self.folder / "usage.json", usage)
        self.samples += 1
        if self.samples % self.stride == 0:
            with (self.folder / "samples.jsonl").open("a") as file:
                file.write(json.dumps([now(), self.cpu, memory]) + "\n")
            # Fewer and fewer: a day is a few thousand lines.
            self.stride *= 2 if self.samples >= SAMPLES_AT_STRIDE * self.stride else 1

    def end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.group.kill()
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self, reason: str, code: int | None, message: str) -> None:
        write_whole(
            self.folder / "status.json",
            {
                "state": "ended",
                "started_at": self.started,
                "ended_at": now(),
                "reason": reason,
                "exit_code": code,
                "message": message,
            },
        )

    # -- the way to the hub --

    def open_door(self) -> None:
        """A socket in the run's folder that leads to the hub, and nowhere else."""
        hub = urlsplit(self.order["hub"])
        target = (hub.hostname or "127.0.0.1", hub.port or (443 if hub.scheme == "https" else 80))
        threading.Thread(
            target=_serve_door, args=(self.listen("hub.sock"), target, self.order["source"]), daemon=True
        ).start()

    def open_proxy(self) -> None:
        """Another, to hosts that the admin allowed."""
        serve = beside("proxy.py")["serve"]
        threading.Thread(
            target=serve, args=(self.listen("proxy.sock"), self.order["hosts"], TRAFFIC), daemon=True
        ).start()

    def listen(self, name: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        # By a short name: addresses of sockets have 108 bytes, folders may be deeper than that.
        os.chdir(self.folder / "door")
        listener.bind(name)
        Path(name).chmod(0o777)
        listener.listen(64)
        return listener


TRAFFIC = {"received": 0, "sent": 0}
"""Bytes of the run over all of its ways out, as it sees them."""

_ENDINGS = {
    "timeout": "It took longer than it may.",
    "memory": "It took more memory than it may.",
    "disk": "It wrote more to the disk than it may.",
    "stopped": "It was stopped.",
}


def _serve_door(listener: socket.socket, target: tuple[str, int], source: str) -> None:
    """So many at once that no run takes all the connections of the hub, nor the threads of this machine."""
    places = threading.BoundedSemaphore(CONNECTIONS)
    while True:
        client, _ = listener.accept()
        if places.acquire(blocking=False):
            threading.Thread(target=_lead_in, args=(client, target, source, places), daemon=True).start()
        else:
            client.close()


def _lead_in(client: socket.socket, target: tuple[str, int], source: str, places: threading.BoundedSemaphore) -> None:
    try:
        with client, socket.create_connection(target, 10, (source, 0) if source else None) as hub:
            hub.settimeout(None)
            back = threading.Thread(target=pipe, args=(hub, client, "received"), daemon=True)
            back.start()
            pipe(client, hub, "sent")
            back.join()
    except OSError:
        return
    finally:
        places.release()


def pipe(one: socket.socket, other: socket.socket, direction: str) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            TRAFFIC[direction] += len(data)
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


def main() -> None:
    folder = Path(sys.argv[1])
    order = json.loads(sys.stdin.buffer.read())
    keeper = Keeper(folder, order)
    signal.signal(signal.SIGTERM, lambda *_: keeper.end("stopped"))
    write_whole(folder / "keeper.json", {"pid": os.getpid(), "start": start_time(os.getpid())})
    keeper.run()


if __name__ == "__main__":
    main()
