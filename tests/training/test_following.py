"""A log that is looked at again and again is understood as if it were read whole each time, wherever it is cut."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pioche.ports.executor import Limits, Mount, RunSpec
from pioche.ports.executor.sandbox import SandboxExecutor
from pioche.training import following, recipes
from pioche.training.following import Followed
from pioche.training.progress import progress_of
from pioche.training.types import Progress

PICTURE = "iVBORw0KGgo="
SAID: list[str] = [
    '{"event": "start", "steps": 12, "device": "cpu"}',
    "Some weights were newly initialised: é 中 \u2028 😀",
    *(f'{{"event": "step", "step": {n}, "loss": {3 / n:.4f}}}' for n in (1, 2, 3, 5, 4, 4)),
    "  0%|      | 0/12\r 50%|###   | 6/12\r100%|######| 12/12",
    '{"event": "evaluation", "step": 4, "loss": 0.5, "accuracy": 0.75, "f1": 0.5, "epoch": 1}',
    '{"event": "sample", "step": 4, "prompt": "p", "text": "t"}',
    json.dumps({"event": "sample", "step": 5, "png": PICTURE}),
    '{"event": "step", "step": 6, "loss": NaN}',
    '{"event": "no end',
    "",
    '{"event": 5}',
    '{"event": "problem", "message": "no luck \\ud800"}',
]
AGAIN = [
    '{"event": "start", "steps": 20, "device": "cuda"}',
    '{"event": "step", "step": 3, "loss": 9.0}',
    '{"event": "evaluation", "step": 8, "accuracy": 0.875}',
    '{"event": "result", "metrics": {"accuracy": {"value": 1, "low": 0, "high": 1, "count": 3}}}',
    "good-bye",
]
BEFORE = Progress(losses=[(1, 7.0)], scores={"accuracy": [(1, 0.1)]}, lines=["long ago"])


PROGRAM = """
import sys
sys.path.insert(0, "/opt/recipes")
from running import tell
tell("start", steps=9, device="cpu")
for step in range(1, 10):
    tell("step", step=step, loss=1 / step)
    if step == 5:
        print("  0%\\r 50%\\r100%", flush=True)
        print("to the other stream", file=sys.stderr, flush=True)
        tell("evaluation", step=step, accuracy=0.5)
        tell("sample", step=step, prompt="p", text="é 中")
tell("problem", message="no luck")
sys.exit(2)
"""


class Runs:
    """Logs as the sandbox leaves them, without anything that runs."""

    def __init__(self, folder: Path) -> None:
        self.executor = SandboxExecutor(folder)
        self._folder = folder

    def write(self, run: str, content: bytes) -> None:
        (self._folder / run).mkdir(parents=True, exist_ok=True)
        (self._folder / run / "log.jsonl").write_bytes(content)

    def read(self, run: str) -> bytes:
        return (self._folder / run / "log.jsonl").read_bytes()

    def remove(self, run: str) -> None:
        (self._folder / run / "log.jsonl").unlink()
        (self._folder / run).rmdir()

    def whole(self, before: Progress, *runs: str) -> Progress:
        """Out of all whole lines that lie there now."""
        logs = [self._folder / run / "log.jsonl" for run in runs]
        said = [log.read_bytes().split(b"\n")[:-1] for log in logs if log.exists()]
        return progress_of([json.loads(line)[1] for lines in said for line in lines], before)


def log_of(lines: list[str], at: int = 1_700_000_000_000) -> bytes:
    return "".join(json.dumps([at + n, line]) + "\n" for n, line in enumerate(lines)).encode()


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


@pytest.fixture
def same(runs: Runs) -> Callable[..., Progress]:
    """Looks with one follower again and again, and reads all of it: both must say the same."""
    followed = Followed(runs.executor)

    def look(*names: str, before: Progress = BEFORE) -> Progress:
        found = followed.progress("one", before, names)
        assert found == runs.whole(before, *names)
        return found

    return look


def test_cut_at_all_places(runs: Runs, same: Callable[..., Progress]) -> None:
    whole = log_of(SAID)
    for end in range(len(whole) + 1):
        runs.write("a", whole[:end])
        lines = SAID[: whole[:end].count(b"\n")]
        assert same("a") == progress_of(lines, BEFORE)
    assert same("a").problem == "no luck ?"


@pytest.mark.client  # needs bubblewrap
def test_the_log_of_a_run_cut_at_all_places(runs: Runs, same: Callable[..., Progress]) -> None:
    mounts = [Mount(Path(recipes.__file__).parent, "/opt/recipes")]
    runs.executor.start(RunSpec("real", ["python3", "-c", PROGRAM], Limits(60), mounts=mounts))
    while runs.executor.status("real").state != "ended":
        time.sleep(0.05)
    whole = runs.read("real")
    for end in range(len(whole) + 1):
        runs.write("a", whole[:end])
        told = same("a", before=Progress())
    assert (told.steps, told.step, told.device, len(told.losses), told.problem) == (9, 9, "cpu", 9, "no luck")
    assert told.lines[:2] == ["100%", "to the other stream"]


def test_in_pieces_of_any_length_over_two_attempts(runs: Runs, same: Callable[..., Progress]) -> None:
    chance, first, second = random.Random(7), log_of(SAID * 3), log_of(AGAIN)
    for _ in range(40):
        end = 0
        while end < len(first):
            runs.write("a", first[:end])
            same("a")
            end += chance.randrange(1, 900)
        runs.write("a", first)  # what it said last is heard when the second has begun
        for end in (*sorted(chance.sample(range(len(second)), 3)), len(second)):
            runs.write("a-2", second[:end])
            told = same("a", "a-2")
        assert told == progress_of([*SAID * 3, *AGAIN], BEFORE)
        assert (told.steps, told.device, told.problem) == (20, "cuda", "")
        runs.remove("a-2")
        same("a")


def test_a_log_that_is_another_one_is_read_anew(runs: Runs, same: Callable[..., Progress]) -> None:
    runs.write("a", log_of(SAID))
    assert same("a").steps == 12
    runs.write("a", log_of(SAID)[:400])  # it shrank
    same("a")
    runs.write("a", log_of(AGAIN * 30, at=1_800_000_000_000))  # it was rotated, and is longer by now
    assert same("a").steps == 20
    runs.write("a-2", log_of(SAID))
    same("a", "a-2")
    runs.write("a", log_of([*AGAIN * 30, *SAID[:4]], at=1_800_000_000_000))  # the first goes on after all
    assert same("a", "a-2").steps == 12
    runs.remove("a")
    assert same("a", "a-2") == progress_of(SAID, BEFORE)
    same("a", "a-2", before=Progress())  # it was kept in short
    same("a-2")
    same("none")


def test_only_what_is_new_is_read(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[int]()
    logs = SandboxExecutor.logs

    def counted(self: SandboxExecutor, run: str, position: int = 0, most: int = 2_000) -> object:
        found = logs(self, run, position, most)
        read.append(len(found[0]))
        return found

    monkeypatch.setattr(SandboxExecutor, "logs", counted)
    followed = Followed(runs.executor)
    runs.write("a", log_of(["x"] * 9_000))
    followed.progress("one", BEFORE, ["a"])
    assert sum(read) >= 9_000
    read.clear()
    runs.write("a", log_of(["x"] * 9_005))
    followed.progress("one", BEFORE, ["a"])
    assert sum(read) == 6  # and its first line, by which it is known again


def test_what_nobody_asks_for_is_forgotten(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    followed = Followed(runs.executor)
    runs.write("a", log_of(SAID))
    for number in range(following.MOST + 5):
        followed.progress(str(number), BEFORE, ["a"])
    assert len(followed) == following.MOST
    monkeypatch.setattr(following, "FORGOTTEN", 0.0)
    followed.forget()
    assert len(followed) == 0
