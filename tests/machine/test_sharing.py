"""Jobs, trainings and models beside each other on a small machine: real runs, in the real sandbox."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pioche.accounts.types import OPERATOR
from pioche.app import build_hub
from pioche.hub import Hub
from pioche.jobs.types import Job, NewJob
from pioche.jobs.types import Stage as JobStage
from pioche.machine.types import GIB, JOB, MODEL, TRAINING
from pioche.ports.executor import Capacity
from pioche.ports.executor.sandbox import SandboxExecutor
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.testkit.stand_ins import stand_in, work, work_until
from pioche.training.types import Recipe, Stage, Training

pytestmark = pytest.mark.client  # needs bubblewrap

SECONDS = 60
CARD = "---\npipeline_tag: text-generation\n---\n"
# In the place of the interpreter of the environment. A training ends when a file appears; so does a slow answer.
PROGRAM = """#!/usr/bin/python3
import json, os, socket, sys, time
def wait():
    while not os.path.exists("PLACE/go"):
        time.sleep(0.02)
if "/opt/recipes" in sys.argv[1]:
    print("threads", os.environ["OMP_NUM_THREADS"], flush=True)
    wait()
    sys.exit("the end")
server = socket.socket(socket.AF_UNIX)
server.bind("model.sock.part")
server.listen()
os.rename("model.sock.part", "model.sock")
while True:
    one, _ = server.accept()
    if "slow" in one.makefile().readline():
        wait()
    said = [{"part": {"text": "yes"}}, {"part": {"finish": "stop", "prompt_tokens": 1, "tokens": 1}}, {"result": None}]
    one.sendall(b"".join(json.dumps(each).encode() + b"\\n" for each in said))
    one.close()
"""


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    return stand_in(monkeypatch, tmp_path, PROGRAM)


@pytest.fixture
def room(hub: Hub, place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    has(monkeypatch, 8)
    yield Room(hub)
    for run_id in hub.machine.executor.runs(""):
        hub.machine.executor.stop(run_id)


def has(monkeypatch: pytest.MonkeyPatch, gib: float) -> None:
    """A machine of two CPUs: a training takes 4 GiB of 8, a large job 6, a model 1.5."""
    monkeypatch.setattr(SandboxExecutor, "capacity", lambda *_: Capacity(2, int(gib * GIB)))


def run(room: Room, who: Person, *command: str, flavor: str = "cpu-basic", seconds: int = 1800) -> Job:
    new = NewJob("debian", command, flavor=flavor, seconds=seconds)
    return room.hub.jobs.submit(room.actor(who), who.name, new)


def train(room: Room, who: Person, model: str = "moods") -> Training:
    table = "comment,mood\n" + "".join(f"it was {word} {n},{word}\n" for n in range(40) for word in ("good", "bad"))
    made = room.post(f"/api/trainings/{who.name}/data?name={model}.csv", who, content=table.encode()).json()["dataset"]
    recipe = Recipe("text-classification", made, "", {"text": "comment", "label": "mood"}, model)
    return room.hub.trainings.start(room.actor(who), who.name, recipe)


def model(room: Room, name: str = "talker") -> str:
    repo = room.repo(room.cast.alice, name)
    weights = struct.pack("<Q", 2) + b"{}"
    room.write(room.cast.alice, repo, {"README.md": CARD, "model.safetensors": weights, "config.json": "{}"})
    work(room)
    return repo


def ask(room: Room, repo: str, said: str = "hello") -> Any:
    return room.post(f"/models/{repo}", room.cast.alice, json={"inputs": said})


def stage(room: Room, job: Job) -> JobStage:
    return found(room, job).stage


def found(room: Room, job: Job) -> Job:
    return room.hub.jobs.find(room.actor(room.cast.root), job.owner.name, job.key)


def learning(room: Room, training: Training) -> Stage:
    return room.hub.trainings.find(OPERATOR, training.key).stage


def kinds(hub: Hub) -> list[str]:
    return sorted(one.hold.kind for one in hub.machine.count().taken)


def test_a_job_waits_while_a_training_holds_the_memory(room: Room, place: Path) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    training = train(room, alice)
    work_until(room, lambda: learning(room, training) is Stage.RUNNING)
    job = run(room, bob, "true", flavor="cpu-upgrade")
    work(room)
    reason = "Waits for memory: 6.0 GiB wanted, 2.0 GiB free beside a training."
    said = room.get(f"/api/jobs/bob/{job.key}", bob).json()["status"]
    assert said == {**said, "stage": "SCHEDULING", "message": reason}
    assert reason in room.get(f"/jobs/bob/{job.key}", bob).text
    assert reason in room.get(f"/jobs/bob/{job.key}/live", bob).text
    (place / "go").touch()
    work_until(room, lambda: stage(room, job) is JobStage.COMPLETED)
    assert room.hub.machine.count().taken == []
    assert reason not in room.get(f"/jobs/bob/{job.key}", bob).text


def test_a_training_waits_for_a_job_of_all_of_the_machine(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    job = run(room, bob, "sleep", "60", flavor="cpu-upgrade")
    work(room)
    training = train(room, alice)
    work(room)
    reason = "Waits for memory: 4.0 GiB wanted, 0.0 GiB free beside jobs."
    said = room.get(f"/api/trainings/alice/{training.key}", alice).json()
    assert (said["stage"], said["message"]) == ("waiting", reason)
    assert reason in room.get(f"/train/{training.key}", alice).text
    room.hub.jobs.cancel(room.actor(bob), "bob", job.key)
    work_until(room, lambda: learning(room, training) is Stage.RUNNING)
    assert room.get(f"/api/trainings/alice/{training.key}", alice).json()["message"] == ""


def test_a_training_and_a_small_job_go_on_beside_each_other(room: Room, place: Path) -> None:
    """Whichever is first: a training takes the CPUs that are free, and counts as half of them."""
    alice, bob = room.cast.alice, room.cast.bob
    small = run(room, bob, "sleep", "60")
    work(room)
    beside = train(room, alice, "beside")
    work_until(room, lambda: "threads 1" in room.hub.trainings.progress(beside).lines)
    assert stage(room, small) is JobStage.RUNNING
    room.hub.jobs.cancel(room.actor(bob), "bob", small.key)
    (place / "go").touch()
    work_until(room, lambda: learning(room, beside) is Stage.FAILED)
    (place / "go").unlink()
    alone = train(room, alice, "alone")
    work_until(room, lambda: "threads 2" in room.hub.trainings.progress(alone).lines)
    second, third = run(room, bob, "sleep", "60"), run(room, bob, "sleep", "60")
    work(room)
    assert (stage(room, second), stage(room, third)) == (JobStage.RUNNING, JobStage.SCHEDULING)
    (place / "go").touch()
    work_until(room, lambda: learning(room, alone) is Stage.FAILED)
    took = [one for one in room.hub.trainings.list(room.actor(alice)) if one.started_at and one.ended_at]
    spent = room.hub.plans.usage(OPERATOR, "alice")[1][0].spent.compute_ms
    longest = sum((one.ended_at or 0) - (one.started_at or 0) for one in took)
    assert longest < spent < 2 * longest, "each is counted by the CPUs that it had"


def test_a_model_that_nobody_asks_falls_asleep_for_a_job(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 4)  # 2.8 for jobs: with a model awake there is no room for all of it
    repo, alice = model(room), room.cast.alice
    assert ask(room, repo).status_code == 200
    assert kinds(room.hub) == [MODEL]
    job = run(room, alice, "sleep", "60", flavor="cpu-upgrade")
    work(room)
    assert (stage(room, job), kinds(room.hub)) == (JobStage.RUNNING, [JOB])
    refused = ask(room, repo)
    assert refused.status_code == 503
    assert "There is no memory for this model now: it is held by jobs. Ask again later." in refused.text
    room.hub.jobs.cancel(room.actor(alice), "alice", job.key)
    work_until(room, lambda: stage(room, job) is JobStage.CANCELED)
    assert ask(room, repo).status_code == 200, "it wakes by itself"


def test_a_model_that_is_asked_is_not_put_to_sleep(room: Room, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 4)
    busy, idle, alice = model(room, "busy"), model(room, "idle"), room.cast.alice
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(ask(room, busy, "slow")))
    asking.start()
    work_until(room, lambda: kinds(room.hub) == [MODEL])
    assert ask(room, idle).status_code == 200
    job = run(room, alice, "true", flavor="cpu-upgrade")
    work(room)
    message = found(room, job).message
    assert message == "Waits for memory: 2.8 GiB wanted, 2.5 GiB free beside models that are being asked."
    assert kinds(room.hub) == [MODEL, MODEL], "what would not make room enough stays awake"
    (place / "go").touch()
    asking.join()
    assert answers[0].status_code == 200, answers[0].text
    work_until(room, lambda: stage(room, job) is JobStage.COMPLETED)


def test_a_model_can_be_asked_beside_a_job_of_all_of_the_machine(room: Room) -> None:
    repo, alice = model(room), room.cast.alice
    job = run(room, alice, "sleep", "60", flavor="cpu-upgrade")
    work(room)
    assert stage(room, job) is JobStage.RUNNING
    assert ask(room, repo).status_code == 200
    assert kinds(room.hub) == [JOB, MODEL]


def test_a_large_job_is_not_passed_for_ever(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    first = run(room, bob, "sleep", "10", seconds=600)
    work(room)
    large = run(room, alice, "true", flavor="cpu-upgrade")
    small = [run(room, bob, "sleep", "1.5", seconds=1800) for _ in range(3)]
    training = train(room, bob)
    work(room)
    assert stage(room, large) is JobStage.SCHEDULING
    assert {stage(room, one) for one in small} == {JobStage.SCHEDULING}, "they would end after the first one"
    turn = "Waits for its turn: the room that is free is kept for what comes before it."
    assert found(room, small[0]).message == turn
    assert room.hub.trainings.find(OPERATOR, training.key).message == turn
    short = run(room, bob, "sleep", "0.2", seconds=30)
    work(room)
    assert stage(room, short) is not JobStage.SCHEDULING, "it ends in time"
    work_until(room, lambda: stage(room, large) is JobStage.COMPLETED)
    assert stage(room, first) is JobStage.COMPLETED
    work_until(room, lambda: learning(room, training) is Stage.RUNNING)


def at_once(*each: Callable[[], object]) -> list[threading.Thread]:
    start = threading.Barrier(len(each))

    def do(one: Callable[[], object]) -> None:
        start.wait()
        one()

    threads = [threading.Thread(target=do, args=(one,)) for one in each]
    for thread in threads:
        thread.start()
    return threads


def test_two_launches_do_not_take_the_same_room(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 4)  # a training takes what is for work, a large job too
    alice, bob, hub = room.cast.alice, room.cast.bob, room.hub
    for number in range(3):
        job, training = run(room, bob, "sleep", "60", flavor="cpu-upgrade"), train(room, alice, f"both-{number}")
        for thread in at_once(*(hub.jobs.running.launch, hub.trainings.running.launch) * 2):
            thread.join()
        began = (stage(room, job) is JobStage.RUNNING, learning(room, training) is Stage.RUNNING)
        assert began in ((True, False), (False, True))
        hub.jobs.cancel(room.actor(bob), "bob", job.key)
        hub.trainings.stop(room.actor(alice), training.key)
        work_until(room, lambda: hub.machine.count().taken == [])
        assert learning(room, training).has_ended


def test_what_starts_at_the_same_time_takes_no_more_than_there_is(
    room: Room, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for one of two models and a job. Models stand in no line: the lock alone keeps them apart."""
    has(monkeypatch, 2)
    models, alice, hub = [model(room, "one"), model(room, "two")], room.cast.alice, room.hub
    for _ in range(5):
        job, answers = run(room, alice, "sleep", "60"), list[Any]()
        asks = [lambda repo=repo, answers=answers: answers.append(ask(room, repo, "slow")) for repo in models]
        threads = at_once(hub.jobs.running.launch, *asks)
        until_two_are_done(threads)
        count = hub.machine.count()
        assert sum(one.hold.memory for one in count.taken) <= count.has.memory
        (place / "go").touch()
        for thread in threads:
            thread.join()
        began = [stage(room, job) is JobStage.RUNNING, *(answer.status_code == 200 for answer in answers)]
        assert began.count(True) == 1
        hub.jobs.cancel(room.actor(alice), "alice", job.key)
        hub.inference.workers.stop_all()
        work_until(room, lambda: hub.machine.count().taken == [])
        (place / "go").unlink()


def until_two_are_done(threads: list[threading.Thread]) -> None:
    deadline = time.monotonic() + SECONDS
    while sum(not thread.is_alive() for thread in threads) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_models_that_were_asked_longest_ago_make_way_first(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, 5)  # 3.5 for jobs: one model may stay
    repos, alice = [model(room, name) for name in ("one", "two", "three")], room.cast.alice
    for repo in (*repos, repos[0]):
        assert ask(room, repo).status_code == 200
    job = run(room, alice, "sleep", "60", flavor="cpu-upgrade")
    work(room)
    assert stage(room, job) is JobStage.RUNNING
    states = [room.get(f"/models/{repo}/info", alice).json()["state"] for repo in repos]
    assert states == ["warm", "asleep", "asleep"]


def test_the_count_is_right_in_a_hub_that_is_started_again(room: Room) -> None:
    """It is read from what runs: nothing of the hub before has to be left."""
    repo, alice = model(room), room.cast.alice
    assert ask(room, repo).status_code == 200
    run(room, alice, "sleep", "60")
    training = train(room, alice)
    work_until(room, lambda: learning(room, training) is Stage.RUNNING and len(room.hub.machine.count().taken) == 3)
    again = Room(build_hub(room.hub.settings), room.cast)
    assert kinds(again.hub) == [JOB, MODEL, TRAINING]
    assert again.hub.machine.count().free(JOB) == room.hub.machine.count().free(JOB)
    assert again.hub.machine.count().holders() == "jobs and a training", "nobody can ask the model that is left"
    # 8 GiB less 2 and 4: the model that an earlier hub left ends, and there is room for it.
    other = model(again, "other")
    assert [ask(again, one).status_code for one in (other, repo)] == [200, 200]
    assert kinds(again.hub) == [JOB, MODEL, TRAINING], "there is room for one of them"
    again.hub.inference.workers.stop_all()
    again.hub.database.close()
