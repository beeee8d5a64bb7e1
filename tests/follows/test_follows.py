"""Following, its lists, overviews, and feeds that tell nobody what they may not see."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pioche.accounts.types import AccountKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.web.auth import SESSION_COOKIE


def page(room: Room, person: Person, path: str) -> str:
    cookie = f"{SESSION_COOKIE}={room.hub.accounts.log_ins.open(room.actor(person), 'tests')}"
    answer = room.get(path, headers={"cookie": cookie})
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


def overview(room: Room, name: str, person: Person | None = None) -> dict[str, Any]:
    kind = "organizations" if name == "lab" else "users"
    answer = room.get(f"/api/{kind}/{name}/overview", person)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def users(room: Room, path: str, person: Person | None = None) -> list[str]:
    answer = room.get(path, person)
    assert answer.status_code == 200, answer.text
    return [one["user"] for one in answer.json()]


def test_following_once_and_no_longer(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    for _ in range(2):
        assert room.post("/api/users/alice/follow", bob).status_code == 200
    assert users(room, "/api/users/alice/followers") == ["bob"]
    assert users(room, "/api/users/bob/following") == ["alice"]
    assert overview(room, "alice", bob)["isFollowing"] is True
    assert overview(room, "alice", alice)["isFollowing"] is False
    assert (overview(room, "alice")["numFollowers"], overview(room, "bob")["numFollowing"]) == (1, 1)
    for _ in range(2):
        assert room.ask("DELETE", "/api/users/alice/follow", bob).status_code == 200
    assert users(room, "/api/users/alice/followers") == []


def test_organisations_are_followed_too(room: Room) -> None:
    carol = room.cast.carol
    assert room.post("/api/organizations/lab/follow", carol).status_code == 200
    assert users(room, "/api/organizations/lab/followers") == ["carol"]
    assert overview(room, "lab", carol)["isFollowing"] is True
    orgs = {org["name"]: org["isFollowing"] for org in overview(room, "alice", carol)["orgs"]}
    assert orgs == {"lab": True}
    assert room.post("/api/users/lab/follow", carol).status_code == 404
    assert room.post("/api/organizations/alice/follow", carol).status_code == 404
    room.ask("DELETE", "/api/organizations/lab/follow", carol)


def test_who_may_not(room: Room) -> None:
    alice = room.cast.alice
    assert room.post("/api/users/alice/follow").status_code == 401
    assert room.post("/api/users/alice/follow", alice).status_code == 400
    assert room.post("/api/users/nobody/follow", alice).status_code == 404
    assert room.get("/api/users/nobody/followers").status_code == 404


def test_lists_page(room: Room) -> None:
    people = (room.cast.bob, room.cast.carol, room.cast.root)
    for person in people:
        room.post("/api/users/alice/follow", person)
    first = room.get("/api/users/alice/followers?limit=2")
    assert [one["user"] for one in first.json()] == ["root", "carol"]
    after = re.search(r"<http://[^/]+([^>]+)>; rel=\"next\"", first.headers["link"])
    assert after
    assert users(room, after[1]) == ["bob"]
    for person in people:
        room.ask("DELETE", "/api/users/alice/follow", person)


def test_a_feed_shows_what_those_did_whom_one_follows(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.repo(alice, "fed")
    room.post("/api/users/alice/follow", bob)
    room.post("/api/users/carol/follow", alice)
    room.post(f"/api/models/{model}/like", alice)
    room.post(f"/api/models/{model}/discussions", alice, json={"title": "A <word>", "description": "x"})
    room.post("/api/collections", alice, json={"title": "Fed list", "namespace": "alice"})
    text = page(room, bob, "/")
    for expected in (f'href="/{model}"', "A &lt;word&gt;", "Fed list", 'href="/carol"'):
        assert expected in text
    assert "Fed list" in page(room, bob, "/alice/-/activity")
    assert "Fed list" in room.get("/alice").text
    assert "Fed list" not in page(room, room.cast.carol, "/activity")


def test_what_becomes_private_leaves_every_feed_and_count(room: Room) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    model = room.repo(alice, "soon-secret")
    for person in (alice, bob):
        room.post(f"/api/models/{model}/like", person)
    body = {"title": "secret-title", "description": "x"}
    room.post(f"/api/models/{model}/discussions", alice, json=body)
    for name in ("alice", "bob"):
        room.post(f"/api/users/{name}/follow", carol)
    before = {name: overview(room, name, carol) for name in ("alice", "bob")}
    assert "soon-secret" in page(room, carol, "/activity")
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    for path in ("/", "/activity", "/alice", "/bob", "/alice/-/activity", "/bob/-/activity"):
        assert "soon-secret" not in page(room, carol, path), path
        assert "secret-title" not in page(room, carol, path), path
    after = {name: overview(room, name, carol) for name in ("alice", "bob")}
    for name in ("alice", "bob"):
        assert after[name]["numLikes"] == before[name]["numLikes"] - 1
    for number in ("numModels", "numDiscussions"):
        assert after["alice"][number] == before["alice"][number] - 1
    assert overview(room, "alice", alice)["numModels"] == before["alice"]["numModels"]
    assert "soon-secret" in page(room, alice, "/alice/-/activity")


def test_an_organisation_has_the_card_of_its_space(room: Room) -> None:
    alice = room.cast.alice
    create = {"type": "space", "name": "README", "organization": "lab", "sdk": "static"}
    assert room.post("/api/repos/create", alice, json=create).status_code == 200
    assert 'aria-label="Card"' not in room.get("/lab").text or "We mine" not in room.get("/lab").text
    head = '{"key": "header", "value": {"summary": "s"}}\n'
    line = '{"key": "file", "value": {"path": "README.md", "content": "%s", "encoding": "utf-8"}}'
    card = "---\\nsdk: static\\n---\\n# We mine\\n<script>alert(1)</script>"
    answer = room.post(
        "/api/spaces/lab/README/commit/main",
        alice,
        content=(head + line % card).encode(),
        headers={"content-type": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text
    text = room.get("/lab").text
    assert "We mine" in text
    assert "<script>alert" not in text
    room.ask("PUT", "/api/spaces/lab/README/settings", alice, json={"private": True})
    assert "We mine" not in room.get("/lab").text


def test_roles_and_leaked_tokens(room: Room) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    where = "/api/organizations/lab/members/bob/role"
    for person, status in ((None, 401), (carol, 403), (bob, 403), (alice, 200)):
        assert room.ask("PUT", where, person, json={"role": "read"}).status_code == status
    roles = {one["user"]: one["role"] for one in room.get("/api/organizations/lab/members", alice).json()}
    assert roles == {"alice": "admin", "bob": "read"}
    assert all("role" not in one for one in room.get("/api/organizations/lab/members", carol).json())
    assert room.ask("PUT", where, alice, json={"role": "king"}).status_code == 400
    last = room.ask("PUT", "/api/organizations/lab/members/alice/role", alice, json={"role": "read"})
    assert last.status_code == 409
    assert room.ask("PUT", where.replace("bob", "carol"), alice, json={"role": "read"}).status_code == 404
    room.ask("PUT", where, alice, json={"role": "write"})
    revoke = "/api/organizations/lab/settings/tokens/revoke"
    assert room.post(revoke, bob, json={"token": bob.token}).status_code == 403
    assert room.post(revoke, alice, json={"token": carol.token}).status_code == 404
    assert room.get("/api/organizations/lab/audit-log/export", alice).status_code == 501
    assert room.post(revoke, alice, json={"token": bob.token}).status_code == 200
    assert room.get("/api/whoami-v2", bob).status_code == 401


def test_faces_and_other_places(room: Room) -> None:
    assert room.get("/api/users/alice/avatar").json()["avatarUrl"].endswith("/api/avatars/alice")
    assert room.get("/api/organizations/lab/avatar?redirect=true").status_code == 302
    assert room.get("/api/users/nobody/avatar").status_code == 404
    assert room.get("/api/users/lab/avatar").status_code == 404
    assert room.get("/api/avatars/alice").headers["content-type"] == "image/svg+xml"
    assert room.get("/api/avatars/lab", headers={"accept": "application/json"}).json()["avatarUrl"]
    alice = room.cast.alice
    cookie = {"cookie": f"{SESSION_COOKIE}={room.hub.accounts.log_ins.open(room.actor(alice), 'tests')}"}
    found = re.search(r'name="csrf_token" value="([^"]+)"', room.get("/settings/profile", headers=cookie).text)
    assert found
    form = {"csrf_token": found[1], "email": alice.email, "github": "@al-ice", "bluesky": "javascript:x"}
    assert room.post("/settings/profile", headers=cookie, data=form).status_code == 400
    assert room.post("/settings/profile", headers=cookie, data={**form, "bluesky": ""}).status_code == 303
    assert room.get("/api/users/alice/socials").json()["socialHandles"] == {"github": "al-ice"}
    assert room.get("/api/organizations/lab/socials").json()["socialHandles"] == {}
    assert "https://github.com/al-ice" in room.get("/alice").text


def test_pressing_many_times_at_once_follows_once(room: Room) -> None:
    carol = room.actor(room.cast.carol)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: room.hub.follows.follow(carol, "root", AccountKind.USER), range(16)))
    assert users(room, "/api/users/root/followers") == ["carol"]
