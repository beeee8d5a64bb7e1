"""Resource groups: who makes them, who is in them, what that changes. Over HTTP, as programs do it."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from pioche.accounts.types import OPERATOR, NewToken, NewUser, OrgRole, RepoScope
from pioche.app import build_app
from pioche.hub import Hub
from pioche.ports.database import Tx
from pioche.repos.lists import hidden_in_groups
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.web.auth import SESSION_COOKIE


class Window:
    """A browser of one person."""

    def __init__(self, client: TestClient, cookie: str) -> None:
        self.client = client
        client.cookies.set(SESSION_COOKIE, cookie)
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/settings/profile").text)
        assert found, "the profile page has no form"
        self.csrf = {"csrf_token": found[1]}

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def send(self, path: str, **form: str) -> httpx.Response:
        return self.client.post(path, data={**self.csrf, **form})


class Browse:
    def __init__(self, room: Room) -> None:
        self.room = room

    def __call__(self, name: str) -> Window:
        cookie = self.room.hub.accounts.log_ins.open(self.room.actor(getattr(self.room.cast, name)), "tests")
        app = build_app(self.room.hub)
        return Window(TestClient(app, base_url="http://hub.test", follow_redirects=False), cookie)


@pytest.fixture
def browse(room: Room) -> Browse:
    return Browse(room)


PLACE = "/api/organizations/lab/resource-groups"


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


def person(room: Room, name: str, role: OrgRole | None = OrgRole.READ) -> Person:
    """Another member of the lab."""
    accounts = room.hub.accounts
    accounts.sign_up(OPERATOR, NewUser(name, f"{name}@example.test", f"{name} has a long password"))
    _, token = accounts.tokens.create(OPERATOR, NewToken("tests", "write"), owner=name)
    if role is not None:
        accounts.orgs.set_member(OPERATOR, "lab", name, role)
    return Person(name, "", "", token)


def make(room: Room, name: str = "team", **more: object) -> str:
    answer = room.post(PLACE, room.cast.alice, json={"name": name, **more})
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["id"]
    return found


def create(room: Room, who: Person, name: str, group: str | None, kind: str = "model") -> int:
    body = {"name": name, "organization": "lab", "type": kind, "private": True, "resourceGroupId": group}
    return room.post("/api/repos/create", who, json=body).status_code


def names(room: Room, who: Person) -> list[str]:
    return [group["name"] for group in room.get(PLACE, who).json()]


def test_a_group_from_its_making_to_its_end(room: Room) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    made = room.post(PLACE, alice, json={"name": " The  team ", "description": "Does", "users": [
        {"user": "bob", "role": "contributor"}]}).json()  # fmt: skip
    assert (made["name"], made["description"], made["numUsers"]) == ("The team", "Does", 1)
    assert made["autoJoin"] == {"enabled": False}
    assert [(one["name"], one["role"]) for one in made["users"]] == [("bob", "contributor")]
    one = f"{PLACE}/{made['id']}"
    assert room.get(one, bob).json()["name"] == "The team"
    assert room.ask("PATCH", one, alice, json={"name": "Team", "description": ""}).json()["name"] == "Team"
    assert room.ask("PATCH", one, bob, json={"name": "Mine"}).status_code == 403
    assert room.post(PLACE, alice, json={"name": "TEAM"}).status_code == 409
    other = make(room, "other")
    assert room.ask("PATCH", f"{PLACE}/{other}", alice, json={"name": "team"}).status_code == 409
    assert (names(room, alice), names(room, bob)) == (["other", "Team"], ["Team"])
    # Who is not in it learns nothing of it.
    assert room.get(f"{PLACE}/{other}", bob).status_code == 404
    assert room.get(PLACE, carol).status_code == 403
    assert room.get(PLACE).status_code == 401
    assert room.post(PLACE, bob, json={"name": "bob's"}).status_code == 403
    assert room.ask("DELETE", one, bob).status_code == 403
    assert room.ask("DELETE", one, alice).json() == {"success": True}
    assert room.get(one, alice).status_code == 404
    assert room.ask("DELETE", one, alice).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 97},
        {"name": "a\u0000b"},
        {"name": "x", "description": "d" * 501},
        {"name": "x", "users": [{"user": "bob", "role": "king"}]},
        {"name": "x", "autoJoin": {"enabled": True, "role": "king"}},
        {"name": "x", "users": [{"user": "bob", "role": "read"}] * 1001},
        {"name": 5},
        {},
    ],
)
def test_what_no_group_can_be(room: Room, body: dict[str, object]) -> None:
    assert room.post(PLACE, room.cast.alice, json=body).status_code == 400
    assert names(room, room.cast.alice) == []


def test_only_members_of_the_organisation_are_in_its_groups(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    answer = room.post(PLACE, alice, json={"name": "x", "users": [{"user": "carol", "role": "read"}]})
    assert (answer.status_code, names(room, alice)) == (404, [])
    users = f"{PLACE}/{make(room)}/users"
    both = [{"user": "bob", "role": "read"}, {"user": "carol", "role": "read"}]
    assert room.post(users, alice, json={"users": both}).status_code == 404
    assert names(room, bob) == []
    assert room.post(users, alice, json={"users": both[:1]}).json()["numUsers"] == 1
    assert room.ask("PATCH", f"{users}/bob", alice, json={"role": "admin"}).json()["role"] == "admin"
    # An admin of the group says who else is in it, but does not make groups.
    person(room, "erin")
    assert room.post(users, bob, json={"users": [{"user": "erin", "role": "write"}]}).json()["numUsers"] == 2
    assert room.ask("PATCH", f"{users}/carol", bob, json={"role": "read"}).status_code == 404
    assert room.ask("DELETE", f"{users}/erin", bob).status_code == 200
    assert room.ask("DELETE", f"{users}/erin", bob).status_code == 404
    assert room.post(PLACE, bob, json={"name": "bob's"}).status_code == 403
    # Whoever leaves the organisation leaves its groups, also for when they come back.
    room.hub.accounts.orgs.remove_member(OPERATOR, "lab", "bob")
    assert room.get(PLACE, bob).status_code == 403
    room.hub.accounts.orgs.set_member(OPERATOR, "lab", "bob", OrgRole.WRITE)
    assert names(room, bob) == []


def test_who_joins_later_joins_the_group_if_it_says_so(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    group = make(room, autoJoin={"enabled": True, "role": "contributor"})
    assert names(room, bob) == []
    erin = person(room, "erin")
    assert [(one["name"], one["role"]) for one in room.get(f"{PLACE}/{group}", erin).json()["users"]] == [
        ("erin", "contributor")
    ]
    changed = room.post(f"{PLACE}/{group}/settings", alice, json={"autoJoin": {"enabled": False}})
    assert changed.json()["autoJoin"] == {"enabled": False}
    assert names(room, person(room, "frank")) == []
    assert room.post(f"{PLACE}/{group}/settings", alice, json={}).status_code == 400
    assert room.post(f"{PLACE}/{group}/settings", erin, json={"autoJoin": {"enabled": False}}).status_code == 403


@pytest.mark.parametrize("kind", ["model", "dataset", "space", "kernel"])
def test_what_is_in_a_group_is_for_the_group(room: Room, kind: str) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    erin = person(room, "erin")
    group = make(room, users=[{"user": "erin", "role": "write"}])
    body = {"name": "secret", "organization": "lab", "type": kind, "private": True, "sdk": "static"}
    assert room.post("/api/repos/create", alice, json=body).status_code == 200
    repo = f"/api/{kind}s/lab/secret"
    assert room.get(repo, bob).status_code == 200
    assert room.get(f"{repo}/resource-group", alice).json() is None
    put = room.post(f"{repo}/resource-group", alice, json={"resourceGroupId": group})
    assert put.json() == {"id": group, "name": "team", "numUsers": 1}
    assert [room.get(repo, who).status_code for who in (alice, erin, bob)] == [200, 200, 404]
    assert room.get(f"{repo}/resource-group", bob).status_code == 404
    shown = room.get(f"{repo}?expand=resourceGroup", erin).json()
    assert shown["resourceGroup"] == {"id": group, "name": "team", "numUsers": 1}
    assert room.get(f"{PLACE}/{group}", erin).json()["repos"] == [{"type": kind, "name": "lab/secret", "private": True}]
    assert room.get(f"/api/{kind}s?author=lab", bob).json() == []
    # Public, it is everybody's to read, but its group is nobody's business.
    room.ask("PUT", f"{repo}/settings", alice, json={"private": False})
    assert room.get(f"{repo}/resource-group", bob).json() is None
    assert "resourceGroup" not in room.get(f"{repo}?expand=resourceGroup", bob).json()
    assert room.get(f"{repo}/auth-check/write", erin).status_code == 200
    assert room.get(f"{repo}/auth-check/write", bob).status_code == 403
    # A group that has something in it stays.
    answer = room.ask("DELETE", f"{PLACE}/{group}", alice)
    assert (answer.status_code, "out of it first" in answer.json()["error"]) == (409, True)
    assert room.post(f"{repo}/resource-group", alice, json={"resourceGroupId": None}).json() is None
    assert room.get(f"{repo}/auth-check/write", bob).status_code == 200
    assert room.ask("DELETE", f"{PLACE}/{group}", alice).status_code == 200


def test_roles_in_a_group_say_who_makes_things_there(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    erin, frank = person(room, "erin"), person(room, "frank")
    roles = [{"user": "erin", "role": "contributor"}, {"user": "frank", "role": "read"}]
    group, other = make(room, users=roles), make(room, "other")
    assert create(room, erin, "by-erin", None) == 403  # in the organisation they only read
    assert create(room, erin, "by-erin", group) == 200
    assert create(room, frank, "by-frank", group) == 403
    assert create(room, bob, "by-bob", group) == 404  # bob writes in the organisation and is not in the group
    assert create(room, erin, "other", other) == 404
    assert create(room, alice, "by-alice", group) == 200
    for wrong in ("0" * 24, "f" * 24, "team", "7" * 24):
        assert create(room, alice, "wrong", wrong) == 404
    body = {"name": "mine", "type": "model", "resourceGroupId": group}
    assert room.post("/api/repos/create", alice, json=body).status_code == 404  # alice's own account has no groups
    # What erin made they may rename in the group, and not take out of it.
    move = {"fromRepo": "lab/by-erin", "toRepo": "lab/renamed", "type": "model"}
    assert room.post("/api/repos/move", erin, json=move).status_code == 200
    out = room.post("/api/models/lab/renamed/resource-group", erin, json={"resourceGroupId": None})
    assert out.status_code == 403
    assert room.post("/api/models/lab/by-alice/resource-group", erin, json={"resourceGroupId": None}).status_code == 403
    # With another owner it is in no group any more.
    move = {"fromRepo": "lab/renamed", "toRepo": "alice/renamed", "type": "model"}
    assert room.post("/api/repos/move", alice, json=move).status_code == 200
    assert room.get("/api/models/alice/renamed/resource-group", alice).json() is None
    assert room.get("/api/models/alice/renamed", erin).status_code == 404


def test_buckets_are_in_groups_too(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    group = make(room)
    body = {"private": True, "resourceGroupId": group}
    assert room.post("/api/buckets/lab/hidden", alice, json=body).status_code == 200
    assert room.post("/api/buckets/lab/bobs", bob, json=body).status_code == 404
    assert [room.get("/api/buckets/lab/hidden", who).status_code for who in (alice, bob)] == [200, 404]
    assert room.get("/api/buckets/lab", bob).json() == []
    place = "/api/buckets/lab/hidden/resource-group"
    assert room.get(place, alice).json()["id"] == group
    assert room.get(f"{PLACE}/{group}", alice).json()["repos"][0]["type"] == "bucket"
    assert room.post(place, alice, json={"resourceGroupId": None}).json() is None
    assert room.get("/api/buckets/lab/hidden", bob).status_code == 200


def test_tokens_narrow_what_groups_give(room: Room) -> None:
    alice = room.cast.alice
    group = make(room)
    _, reads = room.hub.accounts.tokens.create(OPERATOR, NewToken("reads", "read"), owner="alice")
    scope = RepoScope("read", owner_id=room.hub.accounts.find_account("lab").id)
    _, fine = room.hub.accounts.tokens.create(OPERATOR, NewToken("fine", "fineGrained", (scope,)), owner="alice")
    reader, narrow = Person("alice", "", "", reads), Person("alice", "", "", fine)
    assert room.get(f"{PLACE}/{group}", reader).status_code == 200
    assert room.post(PLACE, reader, json={"name": "more"}).status_code == 403
    assert room.post(f"{PLACE}/{group}/users", reader, json={"users": []}).status_code == 403
    assert room.get(PLACE, narrow).status_code == 403
    assert create(room, alice, "hidden", group) == 200
    assert room.get("/api/models/lab/hidden", narrow).status_code == 200


# -- pages --


def test_the_pages_make_fill_and_delete_a_group(browse: Browse) -> None:
    alice, bob = browse("alice"), browse("bob")
    all_of = "/organizations/lab/settings/groups"
    assert "Make a group" in alice.get(all_of).text
    assert "You are in no group" in bob.get(all_of).text
    place = alice.send(all_of, name="The team", description="Does things").headers["location"]
    assert alice.send(all_of, name="the team").status_code == 409
    assert alice.send(all_of, name="").status_code == 400
    assert bob.send(all_of, name="Mine").status_code == 403
    assert bob.get(place).status_code == 404
    assert alice.send(f"{place}/members", user="carol", role="read").status_code == 404
    assert alice.send(f"{place}/members", user="bob", role="king").status_code == 400
    assert alice.send(f"{place}/members", user="bob", role="read").headers["location"].startswith(place)
    shown = bob.get(place).text
    assert "The team" in shown
    assert "Add a member" not in shown
    assert "The team" in bob.get(all_of).text
    assert alice.send(place, name="Team", description="", auto_join="write").status_code == 303
    assert '<option value="write" selected>gets the role write' in alice.get(place).text
    body = {"name": "hidden", "organization": "lab", "type": "model", "private": True}
    assert browse.room.post("/api/repos/create", browse.room.cast.alice, json=body).status_code == 200
    settings, number = "/lab/hidden/settings", place.rpartition("/")[2]
    assert f'<option value="{number}">Team' in alice.get(settings).text
    assert alice.send(f"{settings}/group", group=number).status_code == 303
    assert f'<option value="{number}" selected>Team' in alice.get(settings).text
    assert "lab/hidden" in bob.get(place).text
    assert alice.send(f"{place}/members/remove", user="bob").status_code == 303
    assert bob.get("/lab/hidden").status_code == 404
    assert alice.send(f"{place}/delete").headers["location"] == place  # something is in it
    assert alice.send(f"{settings}/group", group="").status_code == 303
    assert alice.send(f"{place}/delete").headers["location"] == all_of
    assert alice.get(place).status_code == 404


def test_a_collection_is_put_into_a_group_in_its_page(browse: Browse) -> None:
    alice, bob = browse("alice"), browse("bob")
    place = alice.send("/organizations/lab/settings/groups", name="Team").headers["location"]
    at = alice.send("/new-collection", owner="lab", title="Best", visibility="private").headers["location"]
    assert bob.get(at).status_code == 200
    number = place.rpartition("/")[2]
    form = {"title": "Best", "visibility": "private", "theme": "blue"}
    assert bob.send(f"{at}/settings", **form, group=number).status_code == 403
    assert alice.send(f"{at}/settings", **form, group=number).status_code == 303
    assert bob.get(at).status_code == 404
    assert f'<option value="{number}" selected>Team' in alice.get(at).text


def test_many_come_into_a_group_at_once(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that writes keeps everybody else waiting: it asks no question for each of them."""
    people = [person(room, f"person-{number}").name for number in range(30)]
    number = make(room)
    with room.hub.database.read() as tx:
        kind = type(tx)
    asked, execute = [0], kind.execute

    def counting(self: Tx, *arguments: Any) -> Any:
        asked[0] += 1
        return execute(self, *arguments)

    monkeypatch.setattr(kind, "execute", counting)
    users = [{"user": name.upper(), "role": "read"} for name in people]
    counts = []
    for some in (users[:1], users[1:], [{**one, "role": "write"} for one in users] + users[:1]):
        asked[0] = 0
        answer = room.post(f"{PLACE}/{number}/users", room.cast.alice, json={"users": some})
        assert answer.status_code == 200, answer.text
        counts.append(asked[0])
    assert max(counts) - counts[0] <= 3
    roles = {one["name"]: one["role"] for one in answer.json()["users"]}
    assert roles == {**dict.fromkeys(people, "write"), "person-0": "read"}  # the last word counts


def test_what_groups_hide_is_found_by_its_name(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the index of names: a hub may have very many things in groups."""
    alice, bob = room.cast.alice, room.cast.bob
    number = make(room)
    for kind, name in (("model", "Secret"), ("dataset", "facts"), ("model", "mine")):
        assert create(room, alice, name, number, kind) == 200
    assert room.post("/api/repos/create", alice, json={"name": "secret", "private": True}).status_code == 200
    with room.hub.database.read() as tx:
        kind_of_tx = type(tx)
    said, execute = list[str](), kind_of_tx.execute

    def noting(self: Tx, statement: Any, *arguments: Any) -> Any:
        said.append(str(statement))
        return execute(self, statement, *arguments)

    monkeypatch.setattr(kind_of_tx, "execute", noting)
    asked = {"lab/secret", "LAB/Facts", "alice/secret", "alice/facts", "lab/unknown"}
    with room.hub.database.read() as tx:
        assert hidden_in_groups(tx, room.actor(bob), asked) == {"lab/secret", "lab/facts"}
        assert hidden_in_groups(tx, room.actor(alice), asked) == set()
        assert hidden_in_groups(tx, room.actor(bob), set()) == set()
    assert not [one for one in said if "||" in one]
