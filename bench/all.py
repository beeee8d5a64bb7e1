"""Runs every benchmark, one after the other: one line for each figure. Arguments: names, such as `start clone`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = ["start", "hot_routes", "clone", "download", "transfer", "dedupe", "trees", "search", "inference"]


def main(names: list[str]) -> int:
    failed = [name for name in names or NAMES if _run(name)]
    return 1 if failed else 0


def _run(name: str) -> int:
    print(f"== {name} ==", flush=True)
    return subprocess.run([sys.executable, str(Path(__file__).with_name(f"{name}.py"))], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
