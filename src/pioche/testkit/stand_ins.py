"""What computes, without its environment of gigabytes: real runs in the real sandbox, of a small program."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pioche.testkit.room import Room

SECONDS = 60


def stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> Path:
    """An environment whose interpreter is `program`, for all runtimes of hubs in this process. `PLACE` in it becomes
    the folder that is returned.
    """
    place = folder / "environment"
    python = place / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(program.replace("PLACE", str(place)))
    python.chmod(0o755)
    for one in (folder, place, place / "bin"):  # runs have users of their own
        one.chmod(0o755)
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: place)
    return place


def work(room: Room) -> None:
    """What the threads of a hub do."""
    room.hub.jobs.running.watch()
    room.hub.jobs.running.launch()
    room.hub.trainings.running.watch()
    room.hub.queue.run_due(room.hub)


def work_until(room: Room, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        work(room)
        time.sleep(0.05)
