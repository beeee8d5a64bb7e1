"""Jobs that come again and again: when, how often, by whom; in a hub without HTTP whose clock is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pioche.accounts.types import OPERATOR, Actor
from pioche.errors import Forbidden, InvalidInput, QuotaExceeded, RunNotFound
from pioche.hub import Hub
from pioche.jobs import schedule_store, store
from pioche.jobs.rules import check_rule, in_words, next_time
from pioche.jobs.types import Job, NewJob, NewSchedule, Schedule, Stage
from pioche.testkit.room import Room

pytestmark = pytest.mark.client  # needs bubblewrap


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def make(room: Room, actor: Actor, owner: str = "alice", rule: str = "@daily", **more: bool) -> Schedule:
    job = NewJob("debian", ["true"], secrets={"KEY": "very-s3cret"}, labels={"about": "tests"})
    return room.hub.jobs.schedules.create(actor, owner, NewSchedule(job, rule, **more))


def make_due(room: Room, schedule: Schedule, ago_ms: int = 3_600_000) -> None:
    with room.hub.database.write() as tx:
        schedule_store.change(tx, schedule.id, {"next_at": tx.now - ago_ms})


def jobs_of(room: Room, owner: str = "alice") -> list[Job]:
    return list(room.hub.jobs.list(_reader(room), owner))


def _reader(room: Room) -> Actor:
    return room.actor(room.cast.alice)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("rule", "then"),
    [
        ("@hourly", "2026-01-31T13:00"),
        ("@daily", "2026-02-01T00:00"),
        ("@weekly", "2026-02-01T00:00"),
        ("@monthly", "2026-02-01T00:00"),
        ("@annually", "2027-01-01T00:00"),
        ("*/7 * * * *", "2026-01-31T12:35"),
        ("30 12 * * *", "2026-02-01T12:30"),
        ("0 9 * * 1", "2026-02-02T09:00"),
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 0 L * *", "2026-02-28T00:00"),
    ],
)
def test_when_it_comes(rule: str, then: str) -> None:
    after = "2026-01-31T12:30"
    assert next_time(check_rule(rule), at(after)) == at(then)
    assert in_words(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "daily",
        "@never",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "0 0 31 2 *",
        "a" * 100_000,
        "0 0 * * 9",
        "\0",
        "1-0 * * * *",
    ],
)
def test_rules_that_are_none(room: Room, rule: str) -> None:
    with pytest.raises(InvalidInput):
        make(room, room.actor(room.cast.alice), rule=rule)


def test_it_runs_when_it_is_due_and_only_then(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    schedule = make(room, alice)
    assert room.hub.jobs.schedules.fire_due() == 0
    make_due(room, schedule)
    assert room.hub.jobs.schedules.fire_due() == 1
    assert room.hub.jobs.schedules.fire_due() == 0, "never twice"
    (job,) = jobs_of(room)
    assert (job.schedule_key, job.labels, job.secret_names) == (schedule.key, {"about": "tests"}, ("KEY",))
    now = room.hub.jobs.schedules.find(alice, "alice", schedule.key)
    assert (now.last_key, now.next_at) == (job.key, schedule.next_at)


def test_what_was_missed_comes_once(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    schedule = make(room, alice, rule="* * * * *")
    make_due(room, schedule, 10 * 24 * 3_600_000)
    assert room.hub.jobs.schedules.fire_due() == 1
    assert len(jobs_of(room)) == 1
    with room.hub.database.read() as tx:
        assert (room.hub.jobs.schedules.find(alice, "alice", schedule.key).next_at or 0) > tx.now


def test_two_that_fire_at_once_fire_once(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    schedule = make(room, alice)
    make_due(room, schedule)
    seen = room.hub.jobs.schedules.find(alice, "alice", schedule.key)
    with room.hub.database.read() as tx:
        now = tx.now
    fire = room.hub.jobs.schedules._fire
    assert [fire(seen, now), fire(seen, now)] == [True, False]
    assert len(jobs_of(room)) == 1


def test_one_that_is_still_going_is_not_doubled_unless_asked(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    one, many = make(room, alice), make(room, alice, is_concurrent=True)
    for _ in range(2):
        make_due(room, one)
        make_due(room, many)
        room.hub.jobs.schedules.fire_due()
    keys = [job.schedule_key for job in jobs_of(room)]
    assert (keys.count(one.key), keys.count(many.key)) == (1, 2)
    assert "still going" in room.hub.jobs.schedules.find(alice, "alice", one.key).message


def test_suspended_it_does_not_come_and_does_not_make_up_for_it(room: Room) -> None:
    alice, schedules = room.actor(room.cast.alice), room.hub.jobs.schedules
    schedule = make(room, alice)
    schedules.suspend(alice, "alice", schedule.key)
    make_due(room, schedule)
    assert schedules.fire_due() == 0
    assert schedules.resume(alice, "alice", schedule.key).next_at == schedule.next_at
    assert schedules.fire_due() == 0
    moved = schedules.reschedule(alice, "alice", schedule.key, "@hourly")
    assert (moved.next_at or 0) <= (schedule.next_at or 0)


def test_the_queue_does_it(room: Room) -> None:
    schedule = make(room, room.actor(room.cast.alice))
    make_due(room, schedule)
    room.hub.queue.run_due(room.hub)
    assert len(jobs_of(room)) == 1


def test_rights_are_those_of_the_day(room: Room) -> None:
    bob, alice = room.actor(room.cast.bob), room.actor(room.cast.alice)
    schedule = make(room, bob, owner="lab")
    room.hub.accounts.orgs.remove_member(OPERATOR, "lab", "bob")
    make_due(room, schedule)
    assert room.hub.jobs.schedules.fire_due() == 0
    now = room.hub.jobs.schedules.find(alice, "lab", schedule.key)
    assert now.is_suspended
    assert "may not run jobs" in now.message
    assert jobs_of(room, "lab") == []


def test_who_may(room: Room) -> None:
    alice, carol, schedules = room.actor(room.cast.alice), room.actor(room.cast.carol), room.hub.jobs.schedules
    schedule = make(room, alice)
    with pytest.raises(RunNotFound):
        make(room, carol)
    for verb in (schedules.find, schedules.suspend, schedules.resume, schedules.remove, schedules.run):
        with pytest.raises((RunNotFound, Forbidden)):
            verb(carol, "alice", schedule.key)
    with pytest.raises(RunNotFound):
        schedules.list(carol, "alice")
    assert [one.key for one in schedules.list(alice, "alice")] == [schedule.key]


def test_there_is_an_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.jobs.schedules.MAX_SCHEDULES", 1)
    alice = room.actor(room.cast.alice)
    schedule = make(room, alice)
    with pytest.raises(QuotaExceeded):
        make(room, alice)
    # One that finds no place in line says so, and comes again.
    monkeypatch.setattr("pioche.jobs.submitting.MAX_WAITING", 0)
    make_due(room, schedule)
    assert room.hub.jobs.schedules.fire_due() == 0
    now = room.hub.jobs.schedules.find(alice, "alice", schedule.key)
    assert "wait already" in now.message
    assert not now.is_suspended
    with room.hub.database.read() as tx:
        assert store.count(tx, schedule.owner.id, Stage.SCHEDULING) == 0


def test_secrets_are_kept_unreadable(room: Room) -> None:
    make(room, room.actor(room.cast.alice))
    data = room.hub.settings.data
    assert not [path for path in data.rglob("*") if path.is_file() and b"very-s3cret" in path.read_bytes()]
