"""How long the hub takes from its command to its first answer, and how much memory it holds when idle."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from measure import memory_mib, report

from pioche.testkit.server import Server

SECONDS, MEMORY = 1.0, 150  # of the second start; MiB
RUNS = 3


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="pioche-bench-") as folder:
        server = Server(Path(folder) / "data")
        first = _start(server)
        report("first start, on an empty folder", f"{first:.2f} s", f"<= {2 * SECONDS:.1f} s", first <= 2 * SECONDS)
        server.stop()
        again = min(_restart(server) for _ in range(RUNS))
        report("start to first answer", f"{again:.2f} s", f"<= {SECONDS:.1f} s", again <= SECONDS)
        _start(server)
        time.sleep(5)
        idle = memory_mib(server.pid, "Rss")
        report("memory when idle", f"{idle:.0f} MiB resident", f"<= {MEMORY} MiB", idle <= MEMORY)
        server.stop()


def _start(server: Server) -> float:
    began = time.perf_counter()
    server.start()
    return time.perf_counter() - began


def _restart(server: Server) -> float:
    took = _start(server)
    server.stop()
    return took


if __name__ == "__main__":
    main()
