"""Requests per second of the three hottest addresses and of a page, beside an empty address of the same hub."""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Callable
from urllib.parse import urlsplit

from huggingface_hub import CommitOperationAdd
from measure import bench, report, tool

# Share of the empty address's speed. The tree is 1,000 entries of JSON.
TARGETS = {"HEAD resolve": 0.4, "repository info": 0.4, "tree of 1,000 files": 0.4}
CONNECTIONS = 16
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    seconds = parser.parse_args().seconds
    with bench() as at:
        api, repo = at.alice.api, "alice/hot"
        api.create_repo(repo)
        files = {"README.md": b"# Hot\n", "config.json": b"{}"} | {f"{i:04}.txt": b"%d" % i for i in range(998)}
        operations = [CommitOperationAdd(path, data) for path, data in files.items()]
        api.create_commit(repo, operations, commit_message="Many files")
        base, resolve = at.server.url, f"/{repo}/resolve/main/config.json"
        ask = {
            "GET of an empty address": (_get, f"{base}/healthz"),
            "HEAD of an empty address": (_head, f"{base}/healthz"),
            "HEAD resolve": (_head, f"{base}{resolve}"),
            "repository info": (_get, f"{base}/api/models/{repo}"),
            "tree of 1,000 files": (_get, f"{base}/api/models/{repo}/tree/main"),
            "small file, nothing kept": (_get_anew, f"{base}{resolve}"),
            "repository info, nothing kept": (_get_anew, f"{base}/api/models/{repo}"),
            "tree of 1,000 files, nothing kept": (_get_anew, f"{base}/api/models/{repo}/tree/main"),
            "page of a model, nothing kept": (_get_anew, f"{base}/{repo}"),
        }
        # In turns, and the best of each: what else the machine does should not hit one address alone.
        rates = dict.fromkeys(ask, 0.0)
        for _ in range(ROUNDS):
            for what, (method, url) in ask.items():
                rates[what] = max(rates[what], method(url, seconds))
    for what, rate in rates.items():
        empty = rates["HEAD of an empty address" if "HEAD" in what else "GET of an empty address"]
        target = TARGETS.get(what, 0.0)
        wanted = f">= {target:.2f}x" if target else "none"
        report(what, f"{rate:,.0f} requests/s ({rate / empty:.2f}x)", wanted, rate / empty >= target)


def _get(url: str, seconds: int) -> float:
    """By `wrk`. Any answer that is not 2xx or 3xx is a failure of the measurement."""
    output = _warm_run(lambda s: ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{s}s", url], seconds)
    assert "Non-2xx" not in output, f"{url} did not answer well:\n{output}"
    return _number(r"Requests/sec:\s+([\d.]+)", output)


def _get_anew(url: str, seconds: int) -> float:
    """Another query each time, so that no answer can be one that was kept."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        path = urlsplit(url).path
        script.write(
            "local n = math.random(1000000000)\n"
            f'request = function() n = n + 1; return wrk.format("GET", "{path}?n=" .. n) end\n'
        )
        script.flush()
        options = ["-t", "1", "-c", str(CONNECTIONS), "-s", script.name]
        output = _warm_run(lambda s: ["wrk", *options, "-d", f"{s}s", url], seconds)
    assert "Non-2xx" not in output, f"{url} did not answer well:\n{output}"
    return _number(r"Requests/sec:\s+([\d.]+)", output)


def _head(url: str, seconds: int) -> float:
    """By `ab`: wrk waits for the body that an answer to HEAD announces and does not have."""
    output = _warm_run(
        lambda s: ["ab", "-q", "-k", "-i", "-c", str(CONNECTIONS), "-t", str(s), "-n", "10000000", url], seconds
    )
    assert "Non-2xx" not in output, f"{url} did not answer well:\n{output}"
    return _number(r"Requests per second:\s+([\d.]+)", output)


def _warm_run(command: Callable[[int], list[str]], seconds: int) -> str:
    """What the second run prints; the first, of one second, only warms the hub up."""
    output = ""
    for duration in (1, seconds):
        name, *options = command(duration)
        output = subprocess.run([tool(name), *options], check=True, capture_output=True, text=True).stdout
    return output


def _number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    assert found, output
    return float(found[1])


if __name__ == "__main__":
    main()
