"""Models in use: an answer through the hub beside the same pipeline in its own process, many questions at once beside
one after the other, and the memory of the hub when all models are asleep.

The pipeline in process runs in the environment `ml`, as the worker does, with the same model and the same threads.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from measure import Bench, bench, memory_mib, report, tool

from pioche.testkit import models

CONCURRENT = 16
TEXT = "it was a good film and i love this day"
WARM_UP = 30
# What a worker does for one question, without hub, socket and sandbox.
ALONE = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
os.nice(int(sys.argv[4]))
from pathlib import Path
from engines import open_engine
engine = open_engine(Path(sys.argv[2]), "text-classification")
for _ in range(30):
    engine.run("text-classification", [sys.argv[5]], {})
took = []
for _ in range(int(sys.argv[3])):
    began = time.perf_counter()
    engine.run("text-classification", [sys.argv[5]], {})
    took.append(time.perf_counter() - began)
print(json.dumps(took))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asked", type=int, default=300, help="questions of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="times that both are measured, in turns")
    parser.add_argument("--width", type=int, default=256, help="of the model")
    parser.add_argument("--layers", type=int, default=4, help="of the model")
    chosen = parser.parse_args()
    with bench() as at:
        folder = at.folder / "model"
        models.classifier(folder, chosen.width, chosen.layers)
        api = at.alice.api
        api.create_repo("alice/asked")
        api.upload_folder(repo_id="alice/asked", folder_path=str(folder))
        idle = memory_mib(at.server.pid)
        report("hub, all models asleep (Pss)", f"{idle:.0f} MiB", "<= 150 MiB", idle <= 150)
        ask = _asker(at)
        for _ in range(WARM_UP):
            ask()
        _beside_alone(at, ask, chosen.asked, chosen.rounds)
        _many_at_once(at, chosen.asked, chosen.rounds)
        report("hub, one model warm (Pss)", f"{memory_mib(at.server.pid):.0f} MiB", "none", True)


def _asker(at: Bench) -> Callable[[], None]:
    """Over a connection of its own, by the standard library, which costs little."""
    where = urlsplit(at.server.url)
    connection = HTTPConnection(str(where.hostname), where.port, timeout=300)
    headers = {"authorization": f"Bearer {at.cast.alice.token}", "content-type": "application/json"}
    body = json.dumps({"inputs": TEXT})

    def ask() -> None:
        connection.request("POST", "/models/alice/asked", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:300]

    return ask


def _beside_alone(at: Bench, ask: Callable[[], None], asked: int, rounds: int) -> None:
    """In turns, the best of each: what else the machine does should not hit one alone."""
    here, alone = [], []
    for _ in range(rounds):
        alone.append(statistics.median(_alone(at, asked)))
        here.append(statistics.median(_took(ask) for _ in range(asked)))
    first, second = min(here) * 1000, min(alone) * 1000
    more = first - second
    report("an answer of a classifier, p50", f"{first:.2f} ms ({second:.2f} alone, +{more:.2f})", "<= +3 ms", more <= 3)


def _took(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _alone(at: Bench, asked: int) -> list[float]:
    from pioche.inference import worker

    found = next(_runtimes(at).glob("ml-*/lib/python3*/site-packages/skops"))
    program = str(Path(worker.__file__).parent)
    python = found.parents[3] / "bin" / "python"
    command = [str(python), "-c", ALONE, program, str(at.folder / "model"), str(asked), "10", TEXT]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=_threads())
    took: list[float] = json.loads(done.stdout.splitlines()[-1])
    return took


def _many_at_once(at: Bench, asked: int, rounds: int) -> None:
    """Answers a second of sixteen people, beside one who asks one question after the other."""
    alone = max(_rate(at, 1, asked) for _ in range(rounds))
    together = max(_rate(at, CONCURRENT, 2 * asked) for _ in range(rounds))
    ratio = together / alone
    what = f"{CONCURRENT} at once beside one by one"
    report(what, f"{together:,.0f} against {alone:,.0f}/s ({ratio:.2f}x)", ">= 2.50x", ratio >= 2.5)


def _rate(at: Bench, people: int, asked: int) -> float:
    """By `ab`: sixteen threads of Python take as much of two cores as the model does."""
    body = at.folder / "body.json"
    body.write_text(json.dumps({"inputs": TEXT}))
    command = [tool("ab"), "-q", "-k", "-c", str(people), "-n", str(asked), "-p", str(body), "-T", "application/json"]
    command += ["-H", f"Authorization: Bearer {at.cast.alice.token}", f"{at.server.url}/models/alice/asked"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Requests per second:\s+([\d.]+)", output)
    assert found, output
    assert "Non-2xx" not in output, output
    return float(found[1])


def _runtimes(at: Bench) -> Path:
    return Path(at.server.environment()["PIOCHE_RUNTIMES"])


def _threads() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": str(os.cpu_count() or 1), "TOKENIZERS_PARALLELISM": "false"}


if __name__ == "__main__":
    main()
