"""Service accounts: who makes them, what they cannot do, and their pages. With the client: tests/clients."""

from __future__ import annotations

import pytest
from tests.accounts.test_groups import Browse

from pioche.accounts.types import OPERATOR, Actor, NewToken, OrgRole, RepoScope
from pioche.errors import InvalidCredentials, NotFound
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.repos.types import NewRepo
from pioche.testkit.people import Person
from pioche.testkit.room import Room

PLACE = "/api/organizations/lab/service-accounts"
PAGES = "/organizations/lab/settings/service-accounts"


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


@pytest.fixture
def browse(room: Room) -> Browse:
    return Browse(room)


def robot(room: Room, role: str = "read", name: str = "ci") -> tuple[str, Person]:
    """Its id, and it with a token that may write."""
    made = room.post(PLACE, room.cast.alice, json={"name": name, "role": role})
    assert made.status_code == 200, made.text
    key = room.post(
        f"{PLACE}/{made.json()['id']}/tokens", room.cast.alice, json={"displayName": "all", "role": "write"}
    )
    return made.json()["id"], Person(name, "", "", key.json()["token"])


def test_only_admins_of_the_organisation_see_and_make_them(room: Room) -> None:
    alice, bob, carol, root = room.cast.alice, room.cast.bob, room.cast.carol, room.cast.root
    number, ci = robot(room)
    one = f"{PLACE}/{number}"
    key = room.get(one, alice).json()["tokens"][0]["id"]
    for who, status in ((bob, 403), (carol, 403), (None, 401), (ci, 403)):
        for method, path, body in (
            ("GET", PLACE, None),
            ("POST", PLACE, {"name": "more"}),
            ("GET", one, None),
            ("DELETE", one, None),
            ("POST", f"{one}/tokens", {"displayName": "x"}),
            ("PATCH", f"{one}/tokens/{key}", {"role": "write"}),
            ("DELETE", f"{one}/tokens/{key}", None),
            ("POST", f"{one}/tokens/{key}/rotate", None),
        ):
            assert room.ask(method, path, who, json=body).status_code == status, (method, path)
    shown = room.get(PLACE, root).json()
    assert [(each["name"], each["role"], each["type"]) for each in shown] == [("ci", "read", "service")]
    assert ci.token not in room.get(PLACE, alice).text
    assert room.get("/api/organizations/alice/service-accounts", alice).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "a b"}, 400),
        ({"name": "x" * 100}, 400),
        ({"name": "new", "role": "admin"}, 400),
        ({"name": "new", "role": "king"}, 400),
        ({"name": "new", "displayName": "d" * 201}, 400),
        ({"name": "bob"}, 409),
        ({"name": "LAB"}, 409),
    ],
)
def test_what_none_can_be(room: Room, body: dict[str, str], status: int) -> None:
    assert room.post(PLACE, room.cast.alice, json=body).status_code == status
    assert room.get(PLACE, room.cast.alice).json() == []


def test_wrong_tokens_are_refused(room: Room) -> None:
    alice = room.cast.alice
    number, _ = robot(room)
    tokens = f"{PLACE}/{number}/tokens"
    for body in ({}, {"displayName": ""}, {"displayName": "x", "role": "fineGrained"}, {"displayName": "x" * 97}):
        assert room.post(tokens, alice, json=body).status_code == 400
    assert room.post(tokens, alice, json={"displayName": "all"}).status_code == 409
    other = room.post(tokens, alice, json={"displayName": "other"}).json()["id"]
    assert room.ask("PATCH", f"{tokens}/{other}", alice, json={"displayName": "all"}).status_code == 409
    for wrong in ("0" * 24, "f" * 24, "x"):
        assert room.ask("PATCH", f"{tokens}/{wrong}", alice, json={"role": "read"}).status_code == 404
        assert room.post(f"{tokens}/{wrong}/rotate", alice).status_code == 404
        assert room.ask("DELETE", f"{tokens}/{wrong}", alice).status_code == 404
        assert room.get(f"{PLACE}/{wrong}", alice).status_code == 404
    # Nor is a token of a person one of a service account.
    mine = room.actor(alice).token
    assert mine is not None
    assert room.ask("DELETE", f"{tokens}/{mine.id:024x}", alice).status_code == 404
    assert room.get(f"{PLACE}/{room.actor(alice).user_id:024x}", alice).status_code == 404


def test_nobody_logs_in_as_one(room: Room) -> None:
    number, _ = robot(room)
    accounts = room.hub.accounts
    for name in ("ci", f"{int(number, 16)}@service.invalid"):
        for password in ("", "ci", "a long password"):
            with pytest.raises(InvalidCredentials):
                accounts.log_in(name, password, "10.0.0.1")
        assert accounts.resets.letter(name) is None
    with pytest.raises(NotFound):
        accounts.people.reset_password(OPERATOR, "ci", "a long password")
    with pytest.raises(NotFound):
        accounts.tokens.create(OPERATOR, NewToken("more", "write"), owner="ci")
    with pytest.raises(NotFound):
        accounts.orgs.set_member(OPERATOR, "lab", "ci", OrgRole.ADMIN)
    accounts.orgs.create(OPERATOR, "other", "", "carol")
    with pytest.raises(NotFound):
        accounts.orgs.set_member(OPERATOR, "other", "ci", OrgRole.WRITE)


def test_it_sees_and_does_what_its_role_says(room: Room) -> None:
    alice = room.cast.alice
    number, ci = robot(room, "read")
    assert room.get("/api/whoami-v2", ci).json()["orgs"][0]["name"] == "lab"
    body = {"name": "hidden", "organization": "lab", "private": True}
    assert room.post("/api/repos/create", alice, json=body).status_code == 200
    assert room.get("/api/models/lab/hidden", ci).status_code == 200
    assert [one["id"] for one in room.get("/api/models?author=lab", ci).json()] == ["lab/hidden"]
    assert room.get("/api/models/lab/hidden/auth-check/write", ci).status_code == 403
    # A group decides for it as for people.
    asked = {"name": "team", "users": [{"user": "ci", "role": "write"}]}
    group = room.post("/api/organizations/lab/resource-groups", alice, json=asked).json()["id"]
    assert room.post("/api/models/lab/hidden/resource-group", alice, json={"resourceGroupId": group}).status_code == 200
    assert room.get("/api/models/lab/hidden/auth-check/write", ci).status_code == 200
    # In the list of members it is what it is, and the page of the organisation leaves it to its own page.
    assert {one["user"]: one["type"] for one in room.get("/api/organizations/lab/members").json()}["ci"] == "service"
    assert room.ask("DELETE", f"{PLACE}/{number}", alice).status_code == 200
    assert room.get("/api/models/lab/hidden", ci).status_code == 401
    assert room.get(f"{PLACE}/{number}", alice).status_code == 404
    assert room.get(f"/api/organizations/lab/resource-groups/{group}", alice).json()["users"] == []
    assert room.post(PLACE, alice, json={"name": "ci"}).status_code == 409


def test_the_page(browse: Browse) -> None:
    alice, bob = browse("alice"), browse("bob")
    assert bob.get(PAGES).status_code == 403
    assert alice.send(PAGES, name="bob", role="read").status_code == 409
    assert alice.send(PAGES, name="ci", fullname="Builds", role="admin").status_code == 400
    assert alice.send(PAGES, name="ci", fullname="Builds", role="write").status_code == 303
    room = browse.room
    one = room.get(PLACE, room.cast.alice).json()[0]
    tokens = f"{PAGES}/{one['id']}/tokens"
    made = alice.send(tokens, token_name="deploy", token_role="read")
    assert "hf_" in made.text
    assert "hf_" not in alice.get(PAGES).text
    assert alice.send(tokens, token_name="deploy", token_role="read").status_code == 409
    assert alice.send(tokens, token_name="x", token_role="king").status_code == 400
    key = room.get(PLACE, room.cast.alice).json()[0]["tokens"][0]["id"]
    assert "hf_" in alice.send(f"{tokens}/{key}/rotate").text
    assert alice.send(f"{tokens}/{key}/delete").status_code == 303
    assert alice.send(f"{tokens}/{key}/delete").status_code == 404
    assert 'href="/ci"' not in alice.get("/organizations/lab/settings").text.partition('id="members"')[2]
    assert alice.send(f"{PAGES}/{one['id']}/delete").status_code == 303
    assert alice.get("/ci").status_code == 200  # what it did is still somebody's


# -- tokens for one repository --


def test_a_token_that_does_not_reach_a_repository_makes_none_for_it(room: Room) -> None:
    """Else it could read what is behind a gate, or what becomes private within the hour."""
    alice, accounts = room.cast.alice, room.hub.accounts
    room.hub.repos.create(room.actor(alice), NewRepo(RepoId(RepoKind.MODEL, "alice", "open")))

    def narrow(name: str, *scopes: RepoScope) -> Person:
        _, secret = accounts.tokens.create(OPERATOR, NewToken(name, "fineGrained", scopes), owner="alice")
        return Person("alice", "", "", secret)

    found = room.number(alice, "alice/open")
    assert (
        room.get("/api/models/alice/open/jwt", narrow("other", RepoScope("read", repo_id=found + 9))).status_code == 403
    )
    token = room.get("/api/models/alice/open/jwt", narrow("this", RepoScope("read", repo_id=found))).json()["token"]
    reader = Person("alice", "", "", token)
    assert room.get("/api/models/alice/open/auth-check", reader).status_code == 200
    assert room.get("/api/models/alice/open/auth-check/write", reader).status_code == 403
    assert room.get("/api/settings/webhooks", reader).status_code in (401, 403)


def test_it_ends_with_its_hour_and_its_owner(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, accounts = room.actor(room.cast.alice), room.hub.accounts
    made = room.hub.repos.create(alice, NewRepo(RepoId(RepoKind.MODEL, "alice", "mine"), private=True))
    monkeypatch.setattr("pioche.accounts.repo_tokens.SECONDS", -1)
    old = accounts.repo_token(alice, made.resource)
    monkeypatch.undo()
    with pytest.raises(InvalidCredentials, match="expired"):
        accounts.actor_of_token(old)
    new: Actor = accounts.actor_of_token(accounts.repo_token(alice, made.resource))
    assert new.name == "alice"
