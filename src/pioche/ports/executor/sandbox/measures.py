"""What a run takes: bytes of the disk, joules, memory and CPU time. Of the standard library alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

ENTRY = 4096
"""A file counts as a block at least: what is empty also takes one of the entries that a disk has."""
_ASK = 'for what in --block-size=1 --inodes; do du -sc $what -- "$@" 2>&1 | tail -c 2000; echo; done'


class Disk:
    """Bytes that folders take. `du` counts, beside the run: it sees what lies too deep for a path, and folders too."""

    def __init__(self, places: Sequence[str]) -> None:
        self._places = list(places)
        self._last = 0
        self._counting: threading.Thread | None = None

    def taken(self) -> int:
        """Bytes at the last count; the next one begins."""
        if self._counting is None or not self._counting.is_alive():
            self._counting = threading.Thread(target=self.count, daemon=True)
            self._counting.start()
        return self._last

    def count(self) -> int:
        """Bytes now. Folders that are hidden from who counts are more than any run may have."""
        asked = subprocess.run(
            ["sh", "-c", _ASK, "sh", *self._places],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            check=False,
        )
        totals = [line.split("\t")[0] for line in asked.stdout.splitlines() if line.endswith("\ttotal")]
        if "Permission denied" in asked.stdout:
            self._last = sys.maxsize
        elif len(totals) == 2:
            self._last = max(int(totals[0]), int(totals[1]) * ENTRY)
        return self._last


class Meter:
    """Joules of a run: its share, by CPU time, of what the processors took; 0 where the machine does not tell."""

    def __init__(self, root: Path = Path("/sys/class/powercap"), busy: Path = Path("/proc/stat")) -> None:
        self.files = sorted(root.glob("intel-rapl:?/energy_uj")) + sorted(root.glob("intel-rapl:??/energy_uj"))
        self.busy_file = busy
        self.joules = 0.0
        self.last = self.read()
        self.last_cpu = 0.0

    def read(self) -> tuple[int, float] | None:
        """Microjoules and busy CPU seconds of the machine so far."""
        try:
            energy = sum(int(file.read_text()) for file in self.files)
            ticks = [int(word) for word in self.busy_file.read_text().splitlines()[0].split()[1:9]]
        except (OSError, ValueError):
            return None
        busy = sum(ticks) - ticks[3] - ticks[4]  # but idle and waiting for disks
        return (energy, busy / os.sysconf("SC_CLK_TCK")) if self.files else None

    def add(self, cpu: float) -> None:
        now, last, spent = self.read(), self.last, cpu - self.last_cpu
        self.last, self.last_cpu = now, cpu
        # A counter that began again from 0 is left out.
        if now and last and now[0] >= last[0] and now[1] > last[1]:
            self.joules += (now[0] - last[0]) / 1e6 * min(1.0, max(0.0, spent) / (now[1] - last[1]))


def tree_usage(root: int) -> tuple[int, float]:
    """Bytes and CPU seconds of a process and all below it."""
    children: dict[int, list[int]] = {}
    facts: dict[int, tuple[int, float]] = {}
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for entry in (path.name for path in Path("/proc").iterdir()):
        if entry.isdecimal():
            with contextlib.suppress(OSError, IndexError):
                words = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                children.setdefault(int(words[1]), []).append(int(entry))
                facts[int(entry)] = (int(words[21]) * page, (int(words[11]) + int(words[12])) / tick)
    memory, seconds, waiting = 0, 0.0, [root]
    while waiting:
        pid = waiting.pop()
        taken = facts.get(pid, (0, 0.0))
        memory, seconds = memory + taken[0], seconds + taken[1]
        waiting += children.get(pid, [])
    return memory, seconds
