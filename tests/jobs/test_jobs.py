"""Jobs in a hub without HTTP: who goes first, what fits, what is kept; with the real sandbox."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from pioche.accounts.sealing import Sealer
from pioche.accounts.types import OPERATOR, Actor
from pioche.buckets.types import BucketId
from pioche.errors import Forbidden, InvalidCredentials, InvalidInput, NotSupported, QuotaExceeded, RunNotFound
from pioche.hub import Hub
from pioche.jobs.images import runtime_of
from pioche.jobs.tables import jobs as job_table
from pioche.jobs.types import Job, NewJob, Stage, Volume
from pioche.ports.executor import Limits, RunSpec
from pioche.testkit.room import Room

pytestmark = pytest.mark.client  # needs bubblewrap


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    """Without the environment of Python, which takes seconds to install: commands of the system are enough."""
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def run(room: Room, actor: Actor, *command: str, owner: str = "alice", **more: object) -> Job:
    return room.hub.jobs.submit(actor, owner, NewJob("debian", command, **more))  # type: ignore[arg-type]


def until_all_have_ended(room: Room, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        room.hub.jobs.running.watch()
        room.hub.jobs.running.launch()
        room.hub.queue.run_due(room.hub)
        with room.hub.database.read() as tx:
            from pioche.jobs import store

            if not store.in_stage(tx, Stage.RUNNING) and not store.in_stage(tx, Stage.SCHEDULING):
                return
        time.sleep(0.05)
    raise AssertionError("they have not ended")


def test_what_does_not_fit_waits_and_who_has_fewest_goes_first(room: Room) -> None:
    alice, bob = room.actor(room.cast.alice), room.actor(room.cast.bob)
    all_of_it = room.hub.jobs.running.flavors()[-1].name
    first = run(room, alice, "sleep", "0.5", flavor=all_of_it)
    second = run(room, alice, "true", flavor=all_of_it)
    third = run(room, bob, "true", owner="bob", flavor=all_of_it)
    assert room.hub.jobs.running.launch() == 1
    assert room.hub.jobs.find(alice, "alice", first.key).stage is Stage.RUNNING
    assert room.hub.jobs.find(alice, "alice", second.key).stage is Stage.SCHEDULING
    until_all_have_ended(room)
    ended = [room.hub.jobs.find(bob, "bob", third.key), room.hub.jobs.find(alice, "alice", second.key)]
    assert [job.stage for job in ended] == [Stage.COMPLETED, Stage.COMPLETED]
    small = [run(room, alice, "sleep", "0.4") for _ in range(3)]
    one = run(room, bob, "true", owner="bob")
    room.hub.jobs.running.launch()
    assert room.hub.jobs.find(bob, "bob", one.key).stage is not Stage.SCHEDULING, "bob had none, so he is first"
    until_all_have_ended(room)
    assert {room.hub.jobs.find(alice, "alice", job.key).stage for job in small} == {Stage.COMPLETED}


def test_a_job_that_was_being_started_when_the_hub_was_killed_is_started_again(room: Room) -> None:
    from pioche.jobs import store

    alice = room.actor(room.cast.alice)
    job = run(room, alice, "true")
    with room.hub.database.write() as tx:
        store.move(tx, job.id, Stage.SCHEDULING, {"stage": "RUNNING", "started_at": tx.now})
    until_all_have_ended(room)
    assert room.hub.jobs.find(alice, "alice", job.key).stage is Stage.COMPLETED


def test_what_was_half_prepared_when_the_hub_was_killed_is_prepared_again(room: Room) -> None:
    alice, jobs = room.actor(room.cast.alice), room.hub.jobs
    room.hub.buckets.create(alice, BucketId("alice", "b"), private=True)
    job = run(room, alice, "sh", "-c", "echo new > /b/new; ls /b", volumes=[Volume("bucket", "alice/b", "/b")])
    rest = room.hub.settings.data / "volumes" / job.key / "0"
    rest.mkdir(parents=True)
    (rest / "half").write_text("of a file")
    until_all_have_ended(room)
    assert [line.text for line in jobs.logs(alice, "alice", job.key, 0)[0]] == ["new"]
    found = room.hub.buckets.files.tree(alice, BucketId("alice", "b"), "", recursive=True).entries
    assert [one.path for one in found] == ["new"]
    assert not rest.parent.exists()


def test_what_was_half_written_back_is_written_again(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, jobs = room.actor(room.cast.alice), room.hub.jobs
    room.hub.buckets.create(alice, BucketId("alice", "b"), private=True)
    job = run(room, alice, "sh", "-c", "echo new > /b/new", volumes=[Volume("bucket", "alice/b", "/b")])
    with monkeypatch.context() as patched:
        patched.setattr(type(jobs.running), "_end", lambda *_: (_ for _ in ()).throw(OSError("killed here")))
        deadline = time.monotonic() + 30
        while not room.hub.buckets.find(alice, BucketId("alice", "b")).total_files and time.monotonic() < deadline:
            room.hub.queue.run_due(room.hub)
            time.sleep(0.05)
    assert jobs.find(alice, "alice", job.key).stage is Stage.RUNNING
    jobs.running.settle(job.id)
    assert jobs.find(alice, "alice", job.key).stage is Stage.COMPLETED
    assert room.hub.buckets.find(alice, BucketId("alice", "b")).total_files == 1


def test_logs_of_old_jobs_go(room: Room) -> None:
    alice, jobs = room.actor(room.cast.alice), room.hub.jobs
    old, new = run(room, alice, "echo", "old"), run(room, alice, "echo", "new")
    until_all_have_ended(room)
    with room.hub.database.write() as tx:
        tx.execute(update(job_table).where(job_table.c.id == old.id).values(ended_at=tx.now - 91 * 24 * 3_600_000))
    jobs.running.tidy()
    assert jobs.logs(alice, "alice", old.key, 0)[0] == ()
    assert [line.text for line in jobs.logs(alice, "alice", new.key, 0)[0]] == ["new"]


def test_runs_of_nobody_go(room: Room) -> None:
    """The account that had them was deleted, and its jobs with it. A run that goes on is ended."""
    alice, running, executor = room.actor(room.cast.alice), room.hub.jobs.running, room.hub.trainings.executor
    kept, ended = run(room, alice, "echo", "kept"), run(room, alice, "echo", "gone")
    until_all_have_ended(room)
    endless = run(room, alice, "sleep", "600")
    room.hub.queue.run_due(room.hub)
    training = RunSpec("a" * 24, ["echo", "learned"], Limits(60))
    for spec in (training, replace(training, id="infer-something"), replace(training, id=f"{'b' * 24}-2")):
        executor.start(spec)
    with room.hub.database.write() as tx:
        tx.execute(delete(job_table).where(job_table.c.id.in_([ended.id, endless.id])))
    running.tidy()
    assert len(executor.runs("")) == 6, "nobody said whose the others are"
    until, stay = time.monotonic() + 30, {kept.key, "a" * 24, "infer-something"}
    while set(executor.runs("")) - stay and time.monotonic() < until:
        running.tidy(lambda keys: {key for key in keys if key == "a" * 24})
        time.sleep(0.05)
    assert set(executor.runs("")) == stay


def test_one_that_waits_can_be_cancelled(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    job = run(room, alice, "true")
    assert room.hub.jobs.cancel(alice, "alice", job.key).stage is Stage.CANCELED
    assert room.hub.jobs.running.launch() == 0


def test_one_that_is_taken_up_while_it_is_cancelled_does_not_go_on(room: Room) -> None:
    alice, jobs = room.actor(room.cast.alice), room.hub.jobs
    waiting = run(room, alice, "sleep", "60")
    jobs.running.launch()
    jobs.running.cancel(waiting)  # it was read while it waited
    assert jobs.find(alice, "alice", waiting.key).stage is Stage.CANCELED


def test_whoever_left_while_their_job_waited_runs_nothing(room: Room) -> None:
    bob, jobs = room.actor(room.cast.bob), room.hub.jobs
    job = jobs.submit(bob, "lab", NewJob("debian", ["true"]))
    room.hub.accounts.orgs.remove_member(OPERATOR, "lab", "bob")
    room.hub.queue.run_due(room.hub)
    found = jobs.find(room.actor(room.cast.alice), "lab", job.key)
    assert (found.stage, "may not run jobs as 'lab' any more" in found.message) == (Stage.ERROR, True)


def test_secrets_are_kept_unreadable(room: Room) -> None:
    run(room, room.actor(room.cast.alice), "true", secrets={"KEY": "very-s3cret"})
    data = room.hub.settings.data
    assert not [path for path in data.rglob("*") if path.is_file() and b"very-s3cret" in path.read_bytes()]


def test_a_seal_needs_its_key() -> None:
    sealed = Sealer(b"one").seal(b"text")
    assert Sealer(b"one").unseal(sealed) == b"text"
    for other in (Sealer(b"two"), Sealer(b"")):
        with pytest.raises(InvalidCredentials):
            other.unseal(sealed)
    with pytest.raises(InvalidCredentials):
        Sealer(b"one").unseal("nonsense")


def test_who_may(room: Room) -> None:
    alice, bob, carol = (room.actor(one) for one in (room.cast.alice, room.cast.bob, room.cast.carol))
    of_lab = run(room, bob, "true", owner="lab")
    assert room.hub.jobs.find(alice, "lab", of_lab.key).key == of_lab.key
    for owner in ("alice", "lab", "nobody-at-all"):
        with pytest.raises(RunNotFound):
            run(room, carol, "true", owner=owner)
        with pytest.raises(RunNotFound):
            room.hub.jobs.list(carol, owner)
    reader = _with_role(room, "read")
    with pytest.raises(Forbidden):
        run(room, reader, "true")
    assert room.hub.jobs.list(reader, "alice") == []


def _with_role(room: Room, role: str) -> Actor:
    from pioche.accounts.types import NewToken

    _, secret = room.hub.accounts.tokens.create(OPERATOR, NewToken("other", role), owner="alice")  # type: ignore[arg-type]
    return room.hub.accounts.actor_of_token(secret)


@pytest.mark.parametrize(
    "new",
    [
        NewJob("debian", []),
        NewJob("debian", ["x" * 200_000]),
        NewJob("debian", ["a\0b"]),
        NewJob("debian", ["true"], {"NOT-A-NAME": "1"}),
        NewJob("debian", ["true"], {}, {}, "moon"),
        NewJob("debian", ["true"], seconds=0),
        NewJob("debian", ["true"], labels={"a": "b" * 1000}),
        NewJob("debian", ["true"] * 501),
    ],
    ids=["nothing", "a lot", "a nul", "a name", "hardware", "no time", "labels", "words"],
)
def test_what_is_wrong_is_refused(room: Room, new: NewJob) -> None:
    with pytest.raises(InvalidInput):
        room.hub.jobs.submit(room.actor(room.cast.alice), "alice", new)


def test_there_is_an_end_to_waiting(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.jobs.submitting.MAX_WAITING", 2)
    alice = room.actor(room.cast.alice)
    run(room, alice, "true")
    run(room, alice, "true")
    with pytest.raises(QuotaExceeded):
        run(room, alice, "true")


@pytest.mark.parametrize(
    "image",
    [
        "python",
        "python:3.12-slim",
        "ghcr.io/astral-sh/uv:python3.12-bookworm",
        "ubuntu:24.04",
        "docker.io/library/python:3",
    ],
)
def test_well_known_images_run(image: str) -> None:
    assert runtime_of(image)[0] == "base"


@pytest.mark.parametrize(
    "image",
    [
        "ml",
        "pioche/ml",
        "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel",
        "huggingface/transformers-pytorch-gpu",
        "docker.io/huggingface/trl:latest",
    ],
)
def test_images_to_learn_in_are_the_environment_for_it(image: str) -> None:
    assert runtime_of(image)[0] == "ml"


@pytest.mark.parametrize(
    "image", ["", "nvidia/cuda", "python:3 --privileged", "evil/python", "python:../../x", "x" * 9999]
)
def test_others_are_refused(image: str) -> None:
    with pytest.raises(NotSupported):
        runtime_of(image)
