"""Memory of GPUs beside each other, where the driver's tool (here a script) tells of some: real runs in the sandbox."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pioche import cgroups
from pioche.accounts.types import OPERATOR
from pioche.app import build_hub
from pioche.hub import Hub
from pioche.jobs.types import Job, NewJob
from pioche.jobs.types import Stage as JobStage
from pioche.machine.types import GIB, JOB, MODEL, TRAINING
from pioche.ports.executor import Hold
from pioche.testkit.clients import Hf
from pioche.testkit.people import cast_on
from pioche.testkit.room import Room
from pioche.testkit.server import Server, pioche
from pioche.testkit.stand_ins import stand_in, work, work_until
from pioche.testkit.waiting import eventually
from pioche.training.types import Recipe, Stage, Training

pytestmark = pytest.mark.client  # needs bubblewrap

# In the place of the interpreter of the environment: what it sees of GPUs is its answer, and slow ones wait for a file.
PROGRAM = """#!/usr/bin/python3
import json, os, socket, sys, time
if "/opt/recipes" in sys.argv[1]:
    time.sleep(600)
server = socket.socket(socket.AF_UNIX)
server.bind("model.sock.part")
server.listen()
os.rename("model.sock.part", "model.sock")
while True:
    one, _ = server.accept()
    slow = "slow" in one.makefile().readline()
    while slow and not os.path.exists("PLACE/go"):
        time.sleep(0.02)
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "no GPU")
    said = [{"part": {"text": seen}}, {"part": {"finish": "stop", "prompt_tokens": 1, "tokens": 1}}, {"result": None}]
    one.sendall(b"".join(json.dumps(each).encode() + b"\\n" for each in said))
    one.close()
"""


def tell(folder: Path, *mib: int) -> None:
    lines = "".join(f"echo 'NVIDIA T{at}, {size}'\n" for at, size in enumerate(mib))
    folder.mkdir(exist_ok=True)
    (folder / "nvidia-smi").write_text(f"#!/bin/sh\n{lines}")
    (folder / "nvidia-smi").chmod(0o755)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    place = stand_in(monkeypatch, tmp_path, PROGRAM)
    monkeypatch.setattr(cgroups, "memory", lambda **_: 64 * GIB)
    monkeypatch.setattr(cgroups, "cpus", lambda **_: 4)
    monkeypatch.setenv("PATH", f"{tmp_path}/tool:/usr/bin:/bin")
    return place


@pytest.fixture
def room(hub: Hub, place: Path, tmp_path: Path) -> Iterator[Room]:
    """With a GPU of 3 GiB: jobs and trainings hold 2.1 of it."""
    tell(tmp_path / "tool", 3_072)
    yield Room(hub)
    for run_id in hub.machine.executor.runs(""):
        hub.machine.executor.stop(run_id)


def run(room: Room) -> Job:
    alice = room.actor(room.cast.alice)
    return room.hub.jobs.submit(alice, "alice", NewJob("debian", ["sleep", "60"], flavor="gpu", seconds=600))


def train(room: Room, task: str, columns: dict[str, str]) -> Training:
    table = "size,kind\n" + "".join(f"{n},{word}\n" for n in range(40) for word in ("good", "bad"))
    alice = room.cast.alice
    made = room.post(f"/api/trainings/alice/data?name={task}.csv", alice, content=table.encode()).json()["dataset"]
    return room.hub.trainings.start(room.actor(alice), "alice", Recipe(task, made, "", columns, f"of-{task}"))


def model(room: Room, name: str, task: str = "text-generation", weights: str = "model.safetensors") -> str:
    repo = room.repo(room.cast.alice, name)
    card = f"---\npipeline_tag: {task}\ntags: [skops]\n---\n"
    room.write(room.cast.alice, repo, {"README.md": card, weights: struct.pack("<Q", 2) + b"{}", "config.json": "{}"})
    work(room)
    return repo


def ask(room: Room, repo: str, said: str = "hello") -> Any:
    return room.post(f"/models/{repo}", room.cast.alice, json={"inputs": said})


def predict(room: Room, repo: str) -> Any:
    return room.post(f"/models/{repo}", room.cast.alice, json={"inputs": {"data": {"size": [1]}}})


def job_now(room: Room, job: Job) -> Job:
    return room.hub.jobs.find(room.actor(room.cast.alice), "alice", job.key)


def held(hub: Hub) -> list[tuple[str, int, int]]:
    """Kind, GPUs, and their memory in tenths of GiB."""
    holds = [one.hold for one in hub.machine.count().taken]
    return sorted((hold.kind, hold.gpus, hold.gpu_memory * 10 // GIB) for hold in holds)


def states(room: Room, *repos: str) -> list[str]:
    return [room.get(f"/models/{repo}/info", room.cast.alice).json()["state"] for repo in repos]


def test_models_on_the_gpu_make_way_for_a_job_and_others_stay(room: Room) -> None:
    table = model(room, "table", "tabular-classification", "model.skops")
    one, two = model(room, "one"), model(room, "two")
    predict(room, table)
    assert [ask(room, repo).json()[0]["generated_text"] for repo in (one, two)] == ["0", "0"]
    assert held(room.hub) == [(MODEL, 0, 0), (MODEL, 1, 10), (MODEL, 1, 10)]
    job = run(room)
    work(room)
    assert job_now(room, job).stage is JobStage.RUNNING
    assert states(room, table, one, two) == ["warm", "asleep", "asleep"], "all of the GPU but 0.9 GiB is for the job"
    refused = ask(room, one)
    assert refused.status_code == 503
    assert "There is no GPU memory for this model now: it is held by jobs. Ask again later." in refused.text
    room.hub.jobs.cancel(room.actor(room.cast.alice), "alice", job.key)
    work_until(room, lambda: job_now(room, job).stage is JobStage.CANCELED)
    assert ask(room, one).status_code == 200


def test_a_job_waits_for_a_model_that_is_asked(room: Room, place: Path) -> None:
    repo, answers = model(room, "busy"), list[Any]()
    asking = threading.Thread(target=lambda: answers.append(ask(room, repo, "slow")))
    asking.start()
    work_until(room, lambda: held(room.hub) == [(MODEL, 1, 10)])
    job = run(room)
    work(room)
    reason = "Waits for GPU memory: 2.1 GiB wanted, 2.0 GiB free beside models that are being asked."
    assert job_now(room, job).message == reason
    (place / "go").touch()
    asking.join()
    assert answers[0].status_code == 200, answers[0].text
    work_until(room, lambda: job_now(room, job).stage is JobStage.RUNNING)
    assert held(room.hub) == [(JOB, 1, 21)]


def test_two_models_that_do_not_fit_together_take_turns(room: Room, tmp_path: Path) -> None:
    tell(tmp_path / "tool", 1_500)
    one, two = model(room, "one"), model(room, "two")
    for repo, expected in ((one, ["warm", "asleep"]), (two, ["asleep", "warm"])):
        assert ask(room, repo).json()[0]["generated_text"] == "0"
        assert states(room, one, two) == expected


def test_what_never_fits_the_gpu_runs_on_cpus(room: Room, tmp_path: Path) -> None:
    tell(tmp_path / "tool", 1_000)
    assert ask(room, model(room, "large")).json()[0]["generated_text"] == "no GPU"
    assert held(room.hub) == [(MODEL, 0, 0)]


def test_models_see_the_gpu_with_most_memory(room: Room, tmp_path: Path) -> None:
    tell(tmp_path / "tool", 1_000, 8_192, 8_192)
    assert ask(room, model(room, "one")).json()[0]["generated_text"] == "1"


def test_trainings_hold_gpus_but_not_those_of_tables(room: Room) -> None:
    repo = model(room, "talker")
    assert ask(room, repo).status_code == 200
    table = train(room, "tabular-classification", {"target": "kind"})
    work_until(room, lambda: len(held(room.hub)) == 2)
    assert held(room.hub) == [(MODEL, 1, 10), (TRAINING, 0, 0)]
    room.hub.trainings.stop(room.actor(room.cast.alice), table.key)
    work_until(room, lambda: room.hub.trainings.find(OPERATOR, table.key).stage is Stage.STOPPED)
    train(room, "text-classification", {"text": "size", "label": "kind"})
    work_until(room, lambda: held(room.hub) == [(TRAINING, 1, 21)])


def test_it_is_counted_by_a_hub_that_is_started_again(room: Room) -> None:
    assert ask(room, model(room, "left")).status_code == 200
    before = held(room.hub)
    again = Room(build_hub(room.hub.settings), room.cast)
    assert held(again.hub) == before == [(MODEL, 1, 10)]
    job = run(again)
    work(again)
    assert job_now(again, job).stage is JobStage.RUNNING
    assert held(again.hub) == [(JOB, 1, 21)], "the model that was left behind made way"
    again.hub.database.close()


def test_a_run_of_a_version_that_did_not_count_it(room: Room) -> None:
    job = run(room)
    work(room)
    (path,) = (room.hub.settings.data / "runs").glob("*/hold.json")
    told = json.loads(path.read_text())
    assert told.pop("gpu_memory") == int(2.1 * GIB) + 1
    path.write_text(json.dumps(told))
    hold = room.hub.machine.executor.status(job_now(room, job).run_id).hold
    assert hold == Hold(**told)
    assert (hold.gpus, hold.gpu_memory) == (1, 0)
    assert held(room.hub) == [(JOB, 1, 0)]


def test_after_kill9_the_command_tells_the_same(tmp_path: Path) -> None:
    tell(tmp_path / "tool", 3_072)
    server = Server(tmp_path / "data", {"PATH": f"{tmp_path}/tool:{os.environ['PATH']}"})
    server.start()
    try:
        api = Hf(server.url, tmp_path / "machine", cast_on(server.data).alice).api
        job = api.run_job(image="debian", command=["sleep", "600"], flavor="gpu")
        eventually(lambda: "\njob\t" in server.command("machine"), 120)
        told = server.command("machine")
        sums = (
            "GPU memory\t3.0 GiB\tfree for jobs and trainings: 0.0 GiB, for models: 0.9 GiB\tonly for models: 0.9 GiB"
        )
        assert told.splitlines()[3] == sums
        assert re.search(r"^job\t.*\t1 GPUs, 2.1 GiB$", told, re.M)
        server.kill9()
        assert server.command("machine") == told
        server.start()
        assert server.command("machine") == told
        api.cancel_job(job_id=job.id)
        eventually(lambda: "\njob\t" not in server.command("machine"), 60)
    finally:
        server.put_away()


def test_the_command_says_nothing_of_memory_of_gpus_where_there_is_none(room: Room, tmp_path: Path) -> None:
    (tmp_path / "tool" / "nvidia-smi").unlink()
    order = [pioche(), "machine", "--data", str(room.hub.settings.data)]
    assert "GPU memory" not in subprocess.run(order, capture_output=True, text=True, check=True).stdout
