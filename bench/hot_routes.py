"""Requests per second of the three hottest addresses, beside an empty one of the same hub."""

from __future__ import annotations

import argparse
import re
import subprocess
from pathlib import Path

from huggingface_hub import CommitOperationAdd
from measure import bench, report, tool

# Share of the empty address's speed. The tree is 1,000 entries of JSON.
TARGETS = {"HEAD resolve": 0.4, "repository info": 0.4, "tree of 1,000 files": 0.4}
CONNECTIONS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    seconds = parser.parse_args().seconds
    with bench() as at:
        api, repo = at.alice.api, "alice/hot"
        api.create_repo(repo)
        files = {"README.md": b"# Hot\n", "config.json": b"{}"} | {f"{i:04}.txt": b"%d" % i for i in range(998)}
        operations = [CommitOperationAdd(path, data) for path, data in files.items()]
        api.create_commit(repo, operations, commit_message="Many files")
        head = at.folder / "head.lua"
        head.write_text('wrk.method = "HEAD"\n')
        base = at.server.url
        empty = _rate(f"{base}/healthz", seconds)
        report("an empty address", f"{empty:,.0f} requests/s", "none", True)
        rates = {
            "HEAD resolve": _rate(f"{base}/{repo}/resolve/main/config.json", seconds, head),
            "repository info": _rate(f"{base}/api/models/{repo}", seconds),
            "tree of 1,000 files": _rate(f"{base}/api/models/{repo}/tree/main", seconds),
        }
        for what, rate in rates.items():
            share = rate / empty
            figure = f"{rate:,.0f} requests/s ({share:.2f}x)"
            report(what, figure, f">= {TARGETS[what]:.2f}x", share >= TARGETS[what])


def _rate(url: str, seconds: int, script: Path | None = None) -> float:
    """Requests per second after a warm-up; any answer that is not 2xx or 3xx is a failure of the measurement."""
    options = ["-s", str(script)] if script else []
    output = ""
    for duration in (1, seconds):
        command = [tool("wrk"), "-t", "1", "-c", str(CONNECTIONS), "-d", f"{duration}s", *options, url]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in output, f"{url} did not answer well:\n{output}"
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert found, output
    return float(found[1])


if __name__ == "__main__":
    main()
