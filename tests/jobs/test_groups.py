"""Jobs of a resource group: who sees them, who may run and stop them, and how one comes to be in a group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pioche.accounts.types import OPERATOR, NewGroup, OrgRole
from pioche.buckets.types import BucketId
from pioche.errors import Forbidden, InvalidInput, NotFound, RunNotFound
from pioche.hub import Hub
from pioche.jobs import schedule_store
from pioche.jobs.types import NewJob, NewSchedule, Volume
from pioche.testkit.people import Person
from pioche.testkit.room import Room

pytestmark = pytest.mark.client  # needs bubblewrap


@pytest.fixture
def room(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Room:
    monkeypatch.setattr("pioche.runtimes.service.Runtimes.ensure", lambda *_: tmp_path)
    return Room(hub)


def group(room: Room, name: str, *members: tuple[str, OrgRole]) -> int:
    return room.hub.accounts.groups.create(room.actor(room.cast.alice), "lab", NewGroup(name, members=members)).id


def repo(room: Room, name: str, private: bool, group_id: int | None) -> str:
    body = {"organization": "lab", "name": name, "private": private}
    made = room.post(
        "/api/repos/create",
        room.cast.alice,
        json=body if group_id is None else {**body, "resourceGroupId": f"{group_id:024x}"},
    )
    assert made.status_code == 200, made.text
    room.write(room.cast.alice, f"lab/{name}", {"a.txt": "1"})
    return f"lab/{name}"


def bucket(room: Room, name: str, group_id: int) -> str:
    room.hub.buckets.create(room.actor(room.cast.alice), BucketId("lab", name), private=True, group_id=group_id)
    return f"lab/{name}"


def with_volumes(*sources: str, kind: str = "model") -> NewJob:
    return NewJob("debian", ["true"], volumes=[Volume(kind, one, f"/in{at}") for at, one in enumerate(sources)])


def keys_seen(room: Room, person: Person) -> Sequence[str]:
    return [one["id"] for one in room.get("/api/jobs/lab", person).json()]


def test_a_job_that_mounts_what_a_group_hides_is_hidden_with_it(room: Room) -> None:
    hub, alice, bob = room.hub, room.cast.alice, room.cast.bob
    team = group(room, "team")
    plain = hub.jobs.submit(room.actor(alice), "lab", with_volumes(repo(room, "open", True, None)))
    public = hub.jobs.submit(room.actor(alice), "lab", with_volumes(repo(room, "shown", False, team)))
    hidden = hub.jobs.submit(room.actor(alice), "lab", with_volumes(repo(room, "secret", True, team)))
    kept = hub.jobs.submit(room.actor(alice), "lab", with_volumes(bucket(room, "kept", team), kind="bucket"))
    assert keys_seen(room, bob) == [public.key, plain.key]
    assert room.get("/api/jobs/lab/count", bob).json() == {"count": 2}
    assert keys_seen(room, alice) == [kept.key, hidden.key, public.key, plain.key]
    assert room.get("/api/jobs/lab/count", alice).json() == {"count": 4}
    assert hidden.key not in room.get("/jobs/lab", bob).text
    for key in (hidden.key, kept.key):
        for path in ("", "/logs", "/events", "/metrics"):
            assert room.get(f"/api/jobs/lab/{key}{path}", bob).status_code == 404
        for verb in ("cancel", "duplicate", "auth-check/read", "auth-check/write"):
            assert room.post(f"/api/jobs/lab/{key}/{verb}", bob).status_code == 404
        assert room.get(f"/jobs/lab/{key}", bob).status_code == 404
    hub.accounts.groups.add_members(room.actor(alice), "lab", team, [("bob", OrgRole.READ)])
    assert keys_seen(room, bob) == keys_seen(room, alice)
    assert room.get(f"/api/jobs/lab/{hidden.key}", bob).status_code == 200
    assert room.post(f"/api/jobs/lab/{hidden.key}/cancel", bob).status_code == 403  # there he only reads
    hub.accounts.groups.change_role(room.actor(alice), "lab", team, "bob", OrgRole.WRITE)
    assert room.post(f"/api/jobs/lab/{hidden.key}/cancel", bob).status_code == 200


def test_a_job_goes_into_a_group_with_what_it_has_mounted(room: Room) -> None:
    hub, alice, bob = room.hub, room.actor(room.cast.alice), room.cast.bob
    team, bucket_id = group(room, "team"), BucketId("lab", "Kept_1")
    hub.buckets.create(alice, bucket_id, private=True)
    shown = hub.jobs.submit(alice, "lab", with_volumes(repo(room, "shown", False, None)))
    secret = hub.jobs.submit(alice, "lab", with_volumes(repo(room, "secret", True, None)))
    kept = hub.jobs.submit(alice, "lab", with_volumes("lab/kept_1", kind="bucket"))
    other = hub.jobs.submit(alice, "lab", with_volumes(repo(room, "secret-2", True, None)))
    elsewhere = hub.jobs.submit(alice, "alice", with_volumes("lab/secret"))
    assert keys_seen(room, bob) == [other.key, kept.key, secret.key, shown.key]
    for name in ("shown", "secret"):
        place = f"/api/models/lab/{name}/resource-group"
        assert room.post(place, room.cast.alice, json={"resourceGroupId": f"{team:024x}"}).status_code == 200
    hub.buckets.put_in_group(alice, bucket_id, team)
    hub.queue.run_due(hub)
    assert keys_seen(room, bob) == [other.key, shown.key]
    assert room.get(f"/api/jobs/lab/{secret.key}/logs", bob).status_code == 404
    assert hub.jobs.find(alice, "lab", kept.key).group_id == team
    assert hub.jobs.find(alice, "alice", elsewhere.key).group_id is None
    assert room.ask("PUT", "/api/models/lab/shown/settings", room.cast.alice, json={"private": True}).status_code == 200
    hub.queue.run_due(hub)
    assert keys_seen(room, bob) == [other.key]
    hub.accounts.groups.add_members(alice, "lab", team, [("bob", OrgRole.READ)])
    assert len(keys_seen(room, bob)) == 4


def test_a_group_that_is_gone_shows_its_jobs_to_nobody_else(room: Room) -> None:
    alice, bob = room.actor(room.cast.alice), room.cast.bob
    team = group(room, "team", ("bob", OrgRole.WRITE))
    job = room.hub.jobs.submit(alice, "lab", NewJob("debian", ["true"], group_id=team))
    assert keys_seen(room, bob) == [job.key]
    room.hub.accounts.groups.delete(alice, "lab", team)
    assert keys_seen(room, bob) == []
    assert room.get(f"/api/jobs/lab/{job.key}", bob).status_code == 404
    assert keys_seen(room, room.cast.alice) == [job.key]


def test_a_group_can_be_asked_for(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    team = group(room, "team", ("bob", OrgRole.WRITE))
    room.hub.accounts.orgs.set_member(OPERATOR, "lab", "bob", OrgRole.READ)
    asked = {"dockerImage": "debian", "command": ["true"], "resourceGroupId": f"{team:024x}"}
    made = room.post("/api/jobs/lab", bob, json=asked)  # who may only read elsewhere may run in the group
    assert made.status_code == 200, made.text
    assert f"--resource-group-id {team:024x}" in room.get(f"/jobs/lab/{made.json()['id']}", alice).text
    again = room.post(f"/api/jobs/lab/{made.json()['id']}/duplicate", bob)
    assert again.status_code == 200, again.text
    other = group(room, "other")
    for number in (f"{other:024x}", "0" * 23 + "f", "nonsense"):
        assert room.post("/api/jobs/lab", bob, json={**asked, "resourceGroupId": number}).status_code == 404
    assert room.post("/api/jobs/bob", bob, json=asked).status_code == 404  # a group of another account
    assert room.post("/api/jobs/lab", bob, json={**asked, "resourceGroupId": None}).status_code == 403


def test_things_of_two_groups_do_not_meet_in_a_job(room: Room) -> None:
    alice = room.actor(room.cast.alice)
    one, two = group(room, "one", ("bob", OrgRole.READ)), group(room, "two")
    first, second = repo(room, "first", True, one), repo(room, "second", True, two)
    with pytest.raises(InvalidInput, match="one resource group"):
        room.hub.jobs.submit(alice, "lab", with_volumes(first, second))
    with pytest.raises(InvalidInput, match="one resource group"):
        room.hub.jobs.submit(
            alice, "lab", NewJob("debian", ["true"], volumes=with_volumes(first).volumes, group_id=two)
        )
    with pytest.raises(Forbidden, match="resource group"):
        room.hub.jobs.submit(room.actor(room.cast.bob), "lab", with_volumes(first))
    with pytest.raises(NotFound):
        room.hub.jobs.submit(room.actor(room.cast.bob), "lab", NewJob("debian", ["true"], group_id=two))


def test_schedules_of_a_group_and_their_jobs(room: Room) -> None:
    hub, alice, bob = room.hub, room.actor(room.cast.alice), room.cast.bob
    team = group(room, "team")
    source = repo(room, "later", True, None)
    schedule = hub.jobs.schedules.create(alice, "lab", NewSchedule(with_volumes(source), "@daily"))
    hidden = hub.jobs.schedules.create(alice, "lab", NewSchedule(NewJob("debian", ["true"], group_id=team), "@daily"))
    assert [one["id"] for one in room.get("/api/scheduled-jobs/lab", bob).json()] == [schedule.key]
    for verb in ("suspend", "resume", "run"):
        assert room.post(f"/api/scheduled-jobs/lab/{hidden.key}/{verb}", bob).status_code == 404
    assert room.get(f"/jobs/lab/scheduled/{hidden.key}", bob).status_code == 404
    place = f"/api/models/{source}/resource-group"
    assert room.post(place, room.cast.alice, json={"resourceGroupId": f"{team:024x}"}).status_code == 200
    with hub.database.write() as tx:
        schedule_store.change(tx, schedule.id, {"next_at": tx.now - 1})
    assert hub.jobs.schedules.fire_due() == 1
    assert keys_seen(room, bob) == []
    assert len(keys_seen(room, room.cast.alice)) == 1
    with pytest.raises(RunNotFound):  # it has come into the group with what it uses
        hub.jobs.schedules.find(room.actor(bob), "lab", schedule.key)
    assert len(hub.jobs.of_schedule(alice, schedule, 20)) == 1
    assert hub.jobs.of_schedule(room.actor(bob), schedule, 20) == []
