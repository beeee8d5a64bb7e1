"""How much the data folder grows by a copy of a large file of which 1 percent has changed, in ten places."""

from __future__ import annotations

import argparse
import random
import shutil
from pathlib import Path

from measure import MIB, bench, folder_size, report

from pioche.testkit.files import digest, write_random

TARGET = 3.0  # percent
PLACES, CHANGED = 10, 0.01


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    size = parser.parse_args().size * MIB
    with bench() as at:
        original = write_random(at.folder / "original.bin", size)
        changed = _changed_copy(original, at.folder / "changed.bin", size)
        at.alice.run("upload", "alice/dedupe", str(original), "a.bin", seconds=1800)
        before = folder_size(at.server.data)
        at.machine("elsewhere").run("upload", "alice/dedupe", str(changed), "b.bin", seconds=1800)
        growth = 100 * (folder_size(at.server.data) - before) / size
        back = at.machine("reader").run("download", "alice/dedupe", "b.bin", "--quiet", seconds=1800)
        assert digest(Path(back.strip())) == digest(changed), "other bytes came back"
        what = "growth by a copy with 1 % changed in ten places"
        report(what, f"{growth:.2f} %", f"< {TARGET:.0f} %", growth < TARGET)


def _changed_copy(source: Path, target: Path, size: int) -> Path:
    shutil.copyfile(source, target)
    noise, piece = random.Random(1), int(size * CHANGED / PLACES)
    with target.open("r+b") as file:
        for place in range(PLACES):
            file.seek(place * size // PLACES + size // (2 * PLACES))
            file.write(noise.randbytes(piece))
    return target


if __name__ == "__main__":
    main()
