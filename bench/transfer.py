"""`hf upload` and `hf download` of one large file, by Xet and by LFS: wall time, and CPU seconds of the hub per GiB."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from measure import GIB, MIB, Bench, bench, cpu_seconds, report

from pioche.testkit.files import digest, write_random

# CPU seconds of the hub per GiB: upload, download.
TARGETS = {"Xet": (1.5, 1.0), "LFS": (1.5, 1.0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    size = parser.parse_args().size * MIB
    with bench() as at:
        for way in ("Xet", "LFS"):
            # Other bytes each time, or the second way would find the first one's.
            source = write_random(at.folder / f"{way}.bin", size, seed=len(way) + ord(way[0]))
            _measure(at, way, source, size)


def _measure(at: Bench, way: str, source: Path, size: int) -> None:
    repo, xet = f"alice/transfer-{way.lower()}", way == "Xet"
    target_up, target_down = TARGETS[way]

    writer = at.machine(f"writer-{way}", xet)
    wall, cpu, _ = _timed(at, lambda: writer.run("upload", repo, str(source), "weights.bin", seconds=1800))
    _line(f"hf upload of {size / GIB:.2f} GiB by {way}", size, (wall, cpu), target_up)

    reader = at.machine(f"reader-{way}", xet)
    wall, cpu, path = _timed(at, lambda: reader.run("download", repo, "weights.bin", "--quiet", seconds=1800))
    assert digest(Path(path.strip())) == digest(source), "other bytes came back"
    _line(f"hf download of {size / GIB:.2f} GiB by {way}", size, (wall, cpu), target_down)


def _timed(at: Bench, action: Callable[[], str]) -> tuple[float, float, str]:
    start, cpu = time.perf_counter(), cpu_seconds(at.server.pid)
    output = action()
    return time.perf_counter() - start, cpu_seconds(at.server.pid) - cpu, output


def _line(what: str, size: int, figures: tuple[float, float], target: float) -> None:
    wall, cpu = figures
    per_gib = cpu / (size / GIB)
    report(what, f"{wall:.1f} s wall, {per_gib:.1f} CPU s/GiB", f"<= {target:.1f} CPU s/GiB", per_gib <= target)


if __name__ == "__main__":
    main()
