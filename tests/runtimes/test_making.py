"""Environments are whole or made again, and none waits for another."""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from pioche.cli import main
from pioche.errors import RunsUnavailable
from pioche.hub import Hub
from pioche.ports.executor import Limits, Mount, RunSpec
from pioche.ports.executor.sandbox import SandboxExecutor
from pioche.runtimes.service import Runtimes


@pytest.fixture
def runtimes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtimes:
    """Two that need no packages, and one that cannot be made."""
    sets = tmp_path / "sets"
    sets.mkdir()
    for name, text in (("one", "# nothing\n"), ("other", "# nothing at all\n"), ("broken", "no-such-package==1\n")):
        (sets / f"{name}.txt").write_text(text)
    monkeypatch.setattr("pioche.runtimes.service.SETS", sets)
    return Runtimes(tmp_path / "runtimes", str(sets))


def test_what_was_broken_off_is_made_again(runtimes: Runtimes) -> None:
    place = runtimes.ensure("one")
    assert runtimes.is_ready("one")
    (place / "old").touch()
    assert (runtimes.ensure("one") / "old").exists()  # it stays as it is
    # As a hub leaves it that was killed while packages came: with an interpreter, and without the packages.
    place.with_name(f"{place.name}.unfinished").touch()
    assert not runtimes.is_ready("one")
    assert not (runtimes.ensure("one") / "old").exists()
    assert runtimes.is_ready("one")


def test_what_cannot_be_made_is_not_there(runtimes: Runtimes) -> None:
    with pytest.raises(RunsUnavailable):
        runtimes.ensure("broken")
    assert not runtimes.is_ready("broken")


def test_what_is_there_waits_for_no_other(runtimes: Runtimes) -> None:
    place = runtimes.ensure("one")
    with place.with_name(f"{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as while it is being made
        found: list[Path] = []
        asking = threading.Thread(target=lambda: found.append(runtimes.ensure("one")), daemon=True)
        asking.start()
        asking.join(10)
        assert found == [place]
        assert runtimes.ensure("other").is_dir()


def age(place: Path, days: float) -> None:
    """As if nobody had taken it for so long."""
    then = time.time() - days * 24 * 3600
    os.utime(place.with_name(f"{place.name}.used"), (then, then))


def change(runtimes: Runtimes, name: str) -> Path:
    """The set, as an update of Pioche does. Where its environment was."""
    place = runtimes.ensure(name)
    (runtimes.folder.parent / "sets" / f"{name}.txt").write_text("# something else\n")
    return place


def test_what_is_of_no_set_of_today_goes_when_nobody_used_it_for_a_week(runtimes: Runtimes) -> None:
    current, old = runtimes.ensure("other"), change(runtimes, "one")
    assert runtimes.prune() == []
    for place in (current, old):
        age(place, 6)
    assert runtimes.prune() == []
    for place in (current, old):
        age(place, 8)
    assert [one.place for one in runtimes.prune()] == [old]
    assert (old.exists(), current.exists(), runtimes.is_ready("other")) == (False, True, True)
    assert runtimes.prune() == []
    (runtimes.folder.parent / "sets" / "one.txt").write_text("# nothing\n")  # the old version is taken once more
    assert (runtimes.ensure("one") / "bin/python").exists()


def test_one_that_was_never_stamped_has_its_days_before_it(runtimes: Runtimes) -> None:
    old = change(runtimes, "one")
    old.with_name(f"{old.name}.used").unlink()
    os.utime(old, (0, 0))
    assert runtimes.prune() == []
    age(old, 8)
    assert [one.place for one in runtimes.prune()] == [old]


@pytest.mark.client  # needs bubblewrap
def test_what_a_run_has_mounted_stays(runtimes: Runtimes) -> None:
    old = change(runtimes, "one")
    age(old, 30)
    executor = SandboxExecutor(runtimes.folder.parent / "runs")
    executor.start(RunSpec("one", ["sleep", "600"], Limits(600), mounts=[Mount(old, str(old))]))
    while executor.status("one").state == "starting":
        time.sleep(0.02)
    assert runtimes.prune(2) == []
    executor.stop("one")
    while executor.status("one").state != "ended":
        time.sleep(0.02)
    assert runtimes.prune(2) == [], "it was in use until now"
    age(old, 30)
    assert [one.place for one in runtimes.prune(2)] == [old]


def test_what_is_being_made_or_taken_stays(runtimes: Runtimes, monkeypatch: pytest.MonkeyPatch) -> None:
    old = change(runtimes, "one")
    age(old, 8)
    with old.with_name(f"{old.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # by a hub of another version
        assert runtimes.prune() == []
    real = fcntl.flock

    def taken_meanwhile(*arguments: int) -> None:
        real(*arguments)
        age(old, 0)

    monkeypatch.setattr("pioche.runtimes.pruning.fcntl.flock", taken_meanwhile)
    assert runtimes.prune() == []
    assert (old / "bin/python").exists()
    assert not old.with_name(f"{old.name}.unfinished").exists()


def test_downloads_that_nobody_needed_for_a_week_go(runtimes: Runtimes) -> None:
    runtimes.ensure("one")
    cache = runtimes.folder / "cache"
    (cache / "wheels-v0").mkdir(parents=True, exist_ok=True)
    (cache / "wheels-v0" / "much").write_bytes(bytes(100_000))
    assert runtimes.prune() == []
    age(cache, 8)
    assert [one.place for one in runtimes.prune()] == [cache]
    assert not (cache / "wheels-v0").exists()
    assert runtimes.is_ready("one")


def test_they_are_told_and_removed_by_hand(runtimes: Runtimes, hub: Hub) -> None:
    def say(*words: str) -> str:
        done = CliRunner().invoke(main, ["runtime", *words, "--data", str(hub.settings.data)])
        assert done.exit_code == 0, done.output
        return done.output

    hub.runtimes.ensure("other")
    old = hub.runtimes.ensure("one")
    (runtimes.folder.parent / "sets" / "one.txt").write_text("# something else\n")
    lines = dict(line.split("  ", 1) for line in say("list").splitlines())
    assert lines["one"] == "made when it is first used"
    assert re.fullmatch(r"installed, \d+ MB, used today", lines["other"])
    age(old, 4)
    assert "of no set of today, 0 MB, used 4 days ago" in say("list")
    assert say("prune") == "There is nothing to remove.\n"
    assert say("prune", "--days", "3").startswith(f"Removed {old.name}: ")
    assert not old.exists()
