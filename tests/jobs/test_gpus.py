"""GPUs as hardware of jobs, where the driver's tool tells of some. The tool here is a script; the jobs are real."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import JobHardwareInfo

from pioche.errors import InvalidInput
from pioche.hub import Hub
from pioche.jobs.types import Job, NewJob, Stage
from pioche.ports.executor.sandbox.gpus import gpus_of_driver
from pioche.testkit.room import Room

pytestmark = pytest.mark.client  # needs bubblewrap


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def tell(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str, code: int = 0) -> None:
    tool = folder / "nvidia-smi"
    tool.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines) + f"exit {code}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def ask(room: Room, flavor: str) -> Job:
    new = NewJob("debian", ["sleep", "60"], flavor=flavor)
    job = room.hub.jobs.submit(room.actor(room.cast.alice), "alice", new)
    room.hub.queue.run_due(room.hub)
    return room.hub.jobs.find(room.actor(room.cast.alice), "alice", job.key)


def test_gpus_are_hardware_and_taken_by_one_job_at_a_time(
    room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tell(tmp_path, monkeypatch, "NVIDIA H200, 143771", "NVIDIA H200, 143771")
    hardware = {one["name"]: JobHardwareInfo(**one) for one in room.get("/api/jobs/hardware").json()}
    found = hardware["gpu"].accelerator
    assert found is not None
    assert (found.manufacturer, found.model, found.quantity, found.vram) == ("Nvidia", "H200", "2", "281 GB")
    assert hardware["cpu-basic"].accelerator is None
    assert "2 x NVIDIA H200" in room.get("/jobs/alice/new", room.cast.alice).text
    first, second = ask(room, "gpu"), ask(room, "gpu")
    assert (first.stage, second.stage) == (Stage.RUNNING, Stage.SCHEDULING)
    alice = room.actor(room.cast.alice)
    for job in (second, first):
        room.hub.jobs.cancel(alice, "alice", job.key)


def test_without_a_gpu_there_is_none_to_ask_for(room: Room, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tell(tmp_path, monkeypatch, "No devices were found", code=6)
    assert "gpu" not in {one["name"] for one in room.get("/api/jobs/hardware").json()}
    with pytest.raises(InvalidInput, match="no hardware 'gpu'"):
        ask(room, "gpu")


def test_a_driver_that_was_not_ready_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tell(tmp_path, monkeypatch, "Driver not loaded", code=9)
    assert gpus_of_driver() == ()
    tell(tmp_path, monkeypatch, "NVIDIA L4, 23034")
    assert [one.name for one in gpus_of_driver()] == ["NVIDIA L4"]


def test_a_gpu_that_shares_the_memory_of_the_processor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tell(tmp_path, monkeypatch, "NVIDIA GB10, [N/A]")
    assert [(one.name, one.memory) for one in gpus_of_driver()] == [("NVIDIA GB10", 0)]
