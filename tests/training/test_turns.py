"""Whose training comes next, and what it may take of its owner's plan."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pioche.accounts.types import OPERATOR
from pioche.errors import QuotaExceeded
from pioche.hub import Hub
from pioche.jobs.types import NewJob
from pioche.plans.types import Spent
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.training.catalogue import TASKS, seconds_of
from pioche.training.types import Recipe, Stage, Training

pytestmark = pytest.mark.client  # needs bubblewrap

ROWS = 80
SECONDS = seconds_of(TASKS["text-classification"], ROWS)


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    """The environment is empty: what starts fails at once."""
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def start(room: Room, who: Person, model: str) -> Training:
    table = "comment,mood\n" + "".join(
        f"it was {word} {n},{word}\n" for n in range(ROWS // 2) for word in ("good", "bad")
    )
    made = room.post(f"/api/trainings/{who.name}/data?name={model}.csv", who, content=table.encode()).json()["dataset"]
    recipe = Recipe("text-classification", made, "", {"text": "comment", "label": "mood"}, model)
    return room.hub.trainings.start(room.actor(who), who.name, recipe)


def finish_one(room: Room) -> str:
    """The model of the one that ran."""
    room.hub.trainings.running.launch()
    with room.hub.database.read() as tx:
        from pioche.training import store

        started = max(store.in_stages(tx, *Stage), key=lambda one: one.started_at or 0)
    until = time.monotonic() + 30
    while not room.hub.trainings.find(OPERATOR, started.key).stage.has_ended:
        assert time.monotonic() < until
        room.hub.trainings.running.watch()
        time.sleep(0.05)
    return started.recipe.model


def spend(room: Room, who: Person, minutes: float) -> None:
    with room.hub.database.write() as tx:
        room.hub.plans.record(tx, room.actor(who).user_id or 0, "training", Spent(int(minutes * 60_000)))


def test_owners_take_turns(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    for who, model in ((alice, "a1"), (alice, "a2"), (alice, "a3"), (bob, "b1"), (bob, "b2")):
        start(room, who, model)
    assert [finish_one(room) for _ in range(5)] == ["a1", "b1", "a2", "b2", "a3"]


def test_what_waits_holds_its_part(room: Room) -> None:
    alice = room.cast.alice
    start(room, alice, "first")
    held = room.get("/api/usage/alice", alice).json()["heldMinutes"]
    assert held == pytest.approx(SECONDS / 60, abs=0.01)
    spend(room, alice, 3_000 - 1.5 * SECONDS / 60)
    with pytest.raises(QuotaExceeded, match="are held by what waits and runs"):
        start(room, alice, "second")
    with pytest.raises(QuotaExceeded):
        room.hub.jobs.submit(room.actor(alice), "alice", NewJob("debian", ["true"], seconds=SECONDS))


def test_what_lost_its_room_says_so_and_goes_on_later(room: Room) -> None:
    alice = room.cast.alice
    made = start(room, alice, "late")
    spend(room, alice, 3_000)
    room.hub.trainings.running.launch()
    found = room.hub.trainings.find(OPERATOR, made.key)
    assert (found.stage, "used up" in found.message) == (Stage.FAILED, True)
    with pytest.raises(QuotaExceeded):
        room.hub.trainings.resume(room.actor(alice), made.key)
    room.hub.plans.set(OPERATOR, "alice", "unlimited")
    assert room.hub.trainings.resume(room.actor(alice), made.key).stage is Stage.WAITING


def test_a_run_has_the_time_that_is_left(room: Room) -> None:
    alice = room.cast.alice
    made = start(room, alice, "short")
    cpus = room.hub.trainings.executor.capacity().cpus
    spend(room, alice, 3_000 - cpus * 2)
    limit = room.hub.trainings.running.seconds(made, cpus)
    assert limit == pytest.approx(120, abs=1)
