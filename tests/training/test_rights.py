"""Who sees a training: the people of its owner, and no token that they limited to something else."""

from __future__ import annotations

import pytest

from pioche.accounts.types import OPERATOR, NewGroup, NewToken, OrgRole, RepoScope
from pioche.hub import Hub
from pioche.testkit.room import Room

pytestmark = pytest.mark.client  # needs bubblewrap


def test_a_token_for_one_repository_sees_no_trainings(hub: Hub) -> None:
    room = Room(hub)
    alice = room.cast.alice
    table = "comment,mood\n" + "".join(f"it was {word} {n},{word}\n" for n in range(40) for word in ("good", "bad"))
    made = room.post("/api/trainings/alice/data?name=Comments.csv", alice, content=table.encode())
    assert made.status_code == 201, made.text
    asked = {"dataset": made.json()["dataset"], "model": "moods", "columns": {"text": "comment", "label": "mood"}}
    key = room.post("/api/trainings/alice", alice, json=asked).json()["id"]
    scope = RepoScope("write", repo_id=room.number(alice, room.repo(alice, "other")))
    _, secret = hub.accounts.tokens.create(OPERATOR, NewToken("one", "fineGrained", (scope,)), owner="alice")
    limited = {"authorization": f"Bearer {secret}"}
    assert room.get("/api/trainings", headers=limited).json() == []
    for path in (f"/api/trainings/alice/{key}", "/api/trainings/alice/nothing"):
        assert room.get(path, headers=limited).status_code == 404
    assert room.post(f"/api/trainings/alice/{key}/stop", headers=limited).status_code == 404
    _, reading = hub.accounts.tokens.create(OPERATOR, NewToken("all", "read"), owner="alice")
    assert [one["id"] for one in room.get("/api/trainings", headers={"authorization": f"Bearer {reading}"}).json()] == [
        key
    ]


def test_a_training_that_names_what_a_group_hides_is_hidden_with_it(hub: Hub) -> None:
    room = Room(hub)
    alice, bob = room.cast.alice, room.cast.bob
    table = "comment,mood\n" + "".join(f"it was {word} {n},{word}\n" for n in range(40) for word in ("good", "bad"))
    made = room.post("/api/trainings/lab/data?name=Comments.csv", alice, content=table.encode())
    assert made.status_code == 201, made.text
    dataset = made.json()["dataset"]
    asked = {"dataset": dataset, "model": "moods", "columns": {"text": "comment", "label": "mood"}}
    key = room.post("/api/trainings/lab", alice, json=asked).json()["id"]
    room.ask("PUT", f"/api/datasets/{dataset}/settings", alice, json={"private": True})
    one = f"/api/trainings/lab/{key}"
    assert [each["id"] for each in room.get("/api/trainings", bob).json()] == [key]
    group = hub.accounts.groups.create(room.actor(alice), "lab", NewGroup("team"))
    place = f"/api/datasets/{dataset}/resource-group"
    assert room.post(place, alice, json={"resourceGroupId": f"{group.id:024x}"}).status_code == 200
    assert room.get("/api/trainings", bob).json() == []
    assert room.get(one, bob).status_code == 404
    assert room.post(f"{one}/stop", bob).status_code == 404
    assert room.get(one, alice).status_code == 200
    hub.accounts.groups.add_members(room.actor(alice), "lab", group.id, [("bob", OrgRole.READ)])
    assert room.get(one, bob).status_code == 200


def test_what_learns_from_a_group_makes_models_of_the_group(hub: Hub) -> None:
    room = Room(hub)
    alice, bob = room.cast.alice, room.cast.bob
    group = hub.accounts.groups.create(room.actor(alice), "lab", NewGroup("team", members=[("bob", OrgRole.READ)]))
    table = "comment,mood\n" + "".join(f"it was {word} {n},{word}\n" for n in range(40) for word in ("good", "bad"))
    dataset = room.post("/api/trainings/lab/data?name=Hidden.csv", alice, content=table.encode()).json()["dataset"]
    place = f"/api/datasets/{dataset}/resource-group"
    assert room.post(place, alice, json={"resourceGroupId": f"{group.id:024x}"}).status_code == 200
    asked = {"dataset": dataset, "model": "moods", "columns": {"text": "comment", "label": "mood"}}
    assert room.post("/api/trainings/lab", bob, json=asked).status_code == 403  # in the group he only reads
    made = room.post("/api/trainings/lab", alice, json=asked).json()
    assert room.get(f"/api/trainings/lab/{made['id']}", bob).status_code == 200
    assert room.post(f"/api/trainings/lab/{made['id']}/stop", bob).status_code == 403
    hub.accounts.groups.remove_member(room.actor(alice), "lab", group.id, "bob")
    # Neither another name nor a deletion shows what was learned there.
    moved = {"fromRepo": dataset, "toRepo": "lab/elsewhere", "type": "dataset"}
    assert room.post("/api/repos/move", alice, json=moved).status_code == 200
    assert room.get(f"/api/trainings/lab/{made['id']}", bob).status_code == 404
    gone = {"name": "elsewhere", "organization": "lab", "type": "dataset"}
    assert room.ask("DELETE", "/api/repos/delete", alice, json=gone).status_code == 200
    assert room.get("/api/trainings", bob).json() == []
    assert room.get(f"/train/{made['id']}", bob).status_code == 404
    assert room.get(f"/api/trainings/lab/{made['id']}", alice).status_code == 200
