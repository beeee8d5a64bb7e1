"""How fast plain GET moves a large file, whole and in ranges, beside nginx with the same file.

The file is sent once as LFS and once as Xet: clients without Xet read both in the same way. `curl` reads, follows
the redirect, and throws away what it reads; nginx is asked in the same run.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
from functools import partial

from measure import GIB, MIB, bench, best, nginx, report, tool

from pioche.testkit.files import digest, write_random

RANGE = 64 * MIB
# How much of nginx's speed is asked for, of whole files and of ranges.
TARGET = 0.8
# As Debian sets it up, which the target is about, and without sendfile, which some machines do faster.
NGINX = "location /sent/ {{ alias {0}/; }} location /read/ {{ alias {0}/; sendfile off; output_buffers 2 1m; }}"
RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    size = parser.parse_args().size * MIB
    with bench() as at:
        source = write_random(at.folder / "source" / "weights.bin", size)
        with nginx(at.folder / "nginx", NGINX.format(source.parent)) as reference:
            urls = [f"{reference}/{way}/weights.bin" for way in ("sent", "read")]
            bounds = [(start, min(start + RANGE, size) - 1) for start in range(0, size, RANGE)]
            whole = [best(RUNS, partial(_get, url)) for url in urls]
            ranges = [best(RUNS, partial(_get_ranges, url, bounds)) for url in urls]
            for way in ("LFS", "Xet"):
                at.machine(way, xet=way == "Xet").run("upload", f"alice/{way}", str(source), seconds=1800)
                link = f"{at.server.url}/alice/{way}/resolve/main/weights.bin"
                _check(link, digest(source))
                took = best(RUNS, partial(_get, link)), best(RUNS, partial(_get_ranges, link, bounds))
                _compare(f"GET of a whole {way} file", size, took[0], whole)
                _compare(f"GET of a {way} file in {RANGE // MIB} MiB ranges", size, took[1], ranges)


def _compare(what: str, size: int, took: float, references: list[float]) -> None:
    ours = size / GIB / took
    sent, read = (size / GIB / each for each in references)
    figure = f"{ours:.2f} GiB/s, nginx {sent:.2f} ({ours / sent:.2f}x), no sendfile {read:.2f} ({ours / read:.2f}x)"
    report(what, figure, f">= {TARGET:.2f}x", ours / sent >= TARGET)


def _get(url: str) -> None:
    subprocess.run([tool("curl"), "-sfL", "-o", "/dev/null", url], check=True)


def _get_ranges(url: str, bounds: list[tuple[int, int]]) -> None:
    """One after the other in one process, so that connections are used again."""
    command = [tool("curl")]
    for first, last in bounds:
        command += ["-sfL", "-r", f"{first}-{last}", "-o", "/dev/null", url, "--next"]
    subprocess.run(command[:-1], check=True)


def _check(url: str, expected: str) -> None:
    """A fast wrong answer is no answer."""
    with subprocess.Popen([tool("curl"), "-sfL", url], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert hashlib.file_digest(process.stdout, "sha256").hexdigest() == expected, f"{url} has other bytes"


if __name__ == "__main__":
    main()
