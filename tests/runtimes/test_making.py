"""Environments are whole or made again, and none waits for another."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from pioche.errors import RunsUnavailable
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
