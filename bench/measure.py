"""What the benchmarks share: a hub of their own with alice on it, and one way to print a figure beside its target."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast, cast_on
from pioche.testkit.server import Server

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Bench:
    folder: Path
    server: Server
    cast: Cast

    @property
    def alice(self) -> Hf:
        return Hf(self.server.url, self.folder / "machine", self.cast.alice)

    def machine(self, name: str, xet: bool = True) -> Hf:
        """alice at a computer that has fetched nothing yet."""
        return Hf(self.server.url, self.folder / name, self.cast.alice, xet)


@contextmanager
def bench() -> Iterator[Bench]:
    """A hub on an empty data folder below the temporary folder; all is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pioche-bench-"))
    server = Server(folder / "data")
    try:
        server.start()
        yield Bench(folder, server, cast_on(server.data))
    finally:
        server.kill9()
        shutil.rmtree(folder, ignore_errors=True)


def report(what: str, figure: str, target: str, met: bool) -> None:
    """One line: what was measured, the figure, the target, and whether it is met."""
    print(f"{what:<52} {figure:<34} target {target:<22} {'met' if met else 'MISSED'}", flush=True)


def best(runs: int, action: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs: on a busy machine the slower ones measure the neighbours."""
    return min(_seconds(action) for _ in range(runs))


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def cpu_seconds(pid: int) -> float:
    """CPU seconds of a process and of its children that have ended, from `/proc`."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(numbers[i]) for i in (11, 12, 13, 14)) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int, key: str = "Pss") -> float:
    """MiB of a process: `Pss` counts shared pages once, `Rss` as everybody's own."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"/proc/{pid}/smaps_rollup has no {key}")


def folder_size(folder: Path) -> int:
    """Bytes on disk below a folder."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def tool(name: str) -> str:
    """The path of a command, also where only root looks for it. Raises `SystemExit` with what to do."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"{name} is missing: run `make bench`, or scripts/system-packages {name}")
    return found


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[str]:
    """nginx with these `location` blocks, on a free port, without root's help; its address."""
    from socket import socket

    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off; {user} worker_processes 1; pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; sendfile on; tcp_nopush on; {paths}\n"
        f"server {{ listen 127.0.0.1:{port}; {locations} }} }}\n"
    )
    process = subprocess.Popen([tool("nginx"), "-c", str(config), "-e", "stderr"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
