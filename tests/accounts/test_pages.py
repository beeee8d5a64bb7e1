"""Pages and JSON of accounts, as a browser without scripts and a client see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from pioche.accounts.access import Action, allows
from pioche.accounts.types import OPERATOR, Actor, NewToken, NewUser, OrgRole, RepoScope
from pioche.app import build_app, build_hub
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.repos.types import NewRepo

PASSWORD = "correct horse"  # of everybody whom `join` makes
Join = Callable[..., Actor]


def csrf(client: TestClient) -> dict[str, str]:
    """The hidden field of the forms of this log-in."""
    found = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/settings/profile").text)
    assert found
    return {"csrf_token": found[1]}


def log_in(client: TestClient, name: str, following: str = "/settings/profile") -> str:
    """Where the browser is sent."""
    answer = client.post("/login", data={"name": name, "password": PASSWORD, "next": following})
    assert answer.status_code == 303
    return answer.headers["location"]


# -- doors --


def test_set_up_join_and_leave(hub: Hub, client: TestClient) -> None:
    assert "no admin yet" in client.get("/signup").text
    key = hub.accounts.setup_key()
    assert client.get("/setup?key=wrong").status_code == 404
    page = client.get(f"/setup?key={key}")
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "same-origin"  # the key must not leave the hub
    person = {"key": key, "name": "root", "email": "root@example.test", "password": PASSWORD}
    answer = client.post("/setup", data=person)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.get(f"/setup?key={key}").status_code == 404
    hidden = csrf(client)
    assert client.post("/setup", data={**hidden, **person, "name": "eve", "email": "e@x.org"}).status_code == 404
    assert client.post("/logout", data=hidden).status_code == 303
    assert client.get("/settings/profile").headers["location"] == "/login?next=/settings/profile"


def test_the_cookie_of_a_log_in(hub: Hub, join: Join, client: TestClient) -> None:
    join("alice")
    form = {"name": "alice", "password": PASSWORD}
    cookie = client.post("/login", data=form).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=2592000" in cookie
    assert "secure" not in cookie
    safe = TestClient(build_app(hub), base_url="https://hub.test", follow_redirects=False)
    assert "; secure" in safe.post("/login", data=form).headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("following", "location"),
    [
        ("/settings/tokens?a=b", "/settings/tokens?a=b"),
        ("https://evil.test/", "/"),
        ("//evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("/\t/evil.test", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_a_log_in_the_browser_stays_here(join: Join, client: TestClient, following: str, location: str) -> None:
    join("alice")
    assert log_in(client, "alice", following) == location


def test_wrong_passwords(join: Join, client: TestClient) -> None:
    join("alice")
    form = {"name": "alice", "password": "wrong"}
    for _ in range(10):
        answer = client.post("/login", data=form)
        assert answer.status_code == 401
        assert "The name or the password is wrong." in answer.text
        assert "set-cookie" not in answer.headers
    answer = client.post("/login", data={**form, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 600


def test_forms_from_elsewhere_are_refused(join: Join, client: TestClient) -> None:
    join("alice")
    form = {"name": "alice", "password": PASSWORD}
    assert client.post("/login", data=form, headers={"origin": "https://evil.test"}).status_code == 403
    assert client.post("/login", data=form, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    log_in(client, "alice")
    assert client.post("/settings/tokens", data={"name": "t", "role": "read"}).status_code == 403
    assert client.post("/organizations/new", data={"name": "acme", "csrf_token": "guess"}).status_code == 403


def test_joining(hub: Hub, join: Join, client: TestClient) -> None:
    join("root", is_admin=True)
    form = {"name": "Carol", "email": "carol@example.test", "password": PASSWORD}
    bad = client.post("/signup", data={**form, "name": "a b"})
    assert bad.status_code == 400
    assert 'id="name-error"' in bad.text
    assert 'value="carol@example.test"' in bad.text
    assert PASSWORD not in bad.text
    assert client.post("/signup", data={**form, "name": "ROOT"}).status_code == 409
    assert client.post("/signup", data=form).headers["location"] == "/"
    assert client.get("/settings/profile").status_code == 200
    closed = build_hub(replace(hub.settings, signup_open=False))
    other = TestClient(build_app(closed), base_url="http://hub.test", follow_redirects=False)
    page = other.get("/signup")
    assert page.status_code == 403
    assert "Joining is closed" in page.text
    assert other.post("/signup", data={**form, "name": "eve", "email": "e@x.org"}).status_code == 403
    closed.database.close()


# -- settings --


@pytest.mark.parametrize(
    "path",
    ["/settings/profile", "/settings/account", "/settings/tokens", "/settings/tokens/new", "/settings/organizations"],
)
def test_settings_are_for_people_at_the_page(hub: Hub, join: Join, client: TestClient, path: str) -> None:
    assert client.get(path).headers["location"] == f"/login?next={path}"
    _, secret = hub.accounts.tokens.create(join("alice"), NewToken("t", "write"))
    assert client.get(path, headers={"authorization": f"Bearer {secret}"}).status_code == 403
    log_in(client, "alice")
    page = client.get(path)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"


def test_the_secret_of_a_token_is_shown_once(hub: Hub, join: Join, client: TestClient) -> None:
    join("alice")
    log_in(client, "alice")
    hidden = csrf(client)
    page = client.post("/settings/tokens", data={**hidden, "name": "laptop", "role": "write"})
    secret = re.search(r"hf auth login --token (hf_\w{34})", page.text)
    assert secret
    assert hub.accounts.actor_of_token(secret[1]).name == "alice"
    again = client.get("/settings/tokens").text
    assert secret[1] not in again
    assert "laptop" in again
    number = re.search(r"/settings/tokens/(\d+)/delete", again)
    assert number
    renewed = client.post(f"/settings/tokens/{number[1]}/regenerate", data=hidden)
    assert secret[1] not in renewed.text
    assert "hf auth login --token hf_" in renewed.text
    assert client.post(f"/settings/tokens/{number[1]}/delete", data=hidden).status_code == 303
    assert client.post(f"/settings/tokens/{number[1]}/delete", data=hidden).status_code == 404
    assert client.post("/settings/tokens/x/delete", data=hidden).status_code == 404
    assert "laptop" not in client.get("/settings/tokens").text.replace("laptop”", "")


def test_fine_grained_tokens_need_a_scope(hub: Hub, join: Join, client: TestClient) -> None:
    alice = join("alice")
    log_in(client, "alice")
    form = {**csrf(client), "name": "ci", "role": "fineGrained"}
    assert client.post("/settings/tokens", data=form).status_code == 400
    missing = client.post("/settings/tokens", data={**form, "repos_read": "datasets/alice/none"})
    assert missing.status_code == 400
    assert 'id="repos_read-error"' in missing.text
    page = client.post("/settings/tokens", data={**form, f"owner-{alice.user_id}": "write"})
    assert page.status_code == 200
    scope = RepoScope("write", owner_id=alice.user_id, kind="user", name="alice")
    assert hub.accounts.tokens.list(alice)[0].scopes == (scope,)


def test_a_token_for_chosen_repositories(hub: Hub, join: Join, client: TestClient) -> None:
    alice = join("alice")
    repos = {
        name: hub.repos.create(alice, NewRepo(RepoId(kind, "alice", name), private=True))
        for kind, name in ((RepoKind.MODEL, "mine"), (RepoKind.DATASET, "poems"), (RepoKind.MODEL, "other"))
    }
    log_in(client, "alice")
    assert "datasets/alice/poems" in client.get("/settings/tokens/new").text
    form = {**csrf(client), "name": "ci", "role": "fineGrained", "repo-alice/mine": "write"}
    page = client.post("/settings/tokens", data={**form, "repos_read": "/datasets/alice/poems/\n"})
    secret = re.search(r"hf auth login --token (hf_\w{34})", page.text)
    assert secret
    robot = hub.accounts.actor_of_token(secret[1])
    allowed = {name: [a.value for a in Action if allows(robot, a, repo.resource)] for name, repo in repos.items()}
    assert allowed == {"mine": ["read", "discuss", "write", "admin"], "poems": ["read"], "other": []}
    counts = client.get("/api/users/alice/overview").json()
    assert (counts["numModels"], counts["numDatasets"], counts["numSpaces"]) == (2, 1, 0)
    client.cookies.clear()
    assert client.get("/api/users/alice/overview").json()["numModels"] == 0


def test_profile_and_password(hub: Hub, join: Join, client: TestClient) -> None:
    join("alice")
    log_in(client, "alice")
    hidden = csrf(client)
    profile = {**hidden, "fullname": "Alice <b>", "bio": "", "website": "", "email": "alice@example.test"}
    assert client.post("/settings/profile", data=profile).status_code == 303
    assert "Alice &lt;b&gt;" in client.get("/settings/profile").text
    bad = client.post("/settings/profile", data={**profile, "website": "javascript:alert(1)"})
    assert bad.status_code == 400
    assert 'id="website-error"' in bad.text
    change = {**hidden, "old": PASSWORD, "new": "another one", "again": "another two"}
    assert 'id="again-error"' in client.post("/settings/account/password", data=change).text
    assert client.post("/settings/account/password", data={**change, "again": "another one"}).status_code == 303
    assert hub.accounts.actor_of_password("alice", "another one", "10.0.0.1").name == "alice"
    assert client.get("/settings/profile").status_code == 200


def test_organisations(hub: Hub, join: Join, client: TestClient) -> None:
    join("alice")
    join("bob")
    log_in(client, "alice")
    hidden = csrf(client)
    made = client.post("/organizations/new", data={**hidden, "name": "acme"})
    assert made.headers["location"] == "/organizations/acme/settings"
    assert client.post("/organizations/new", data={**hidden, "name": "ACME"}).status_code == 409
    place = "/organizations/acme"
    assert client.get(f"{place}/settings").status_code == 200
    add = {**hidden, "user": "bob", "role": "write"}
    assert client.post(f"{place}/members", data={**add, "user": "nobody"}).status_code == 404
    assert client.post(f"{place}/members", data={**add, "role": "king"}).status_code == 400
    assert client.post(f"{place}/members", data=add).status_code == 303
    last = client.post(f"{place}/members/remove", data={**hidden, "user": "alice"})
    assert last.headers["location"] == "/settings/organizations"
    assert "needs an admin" in client.get("/settings/organizations").text
    client.post("/logout", data=hidden)
    log_in(client, "bob")
    hidden = csrf(client)
    assert client.get(f"{place}/settings").status_code == 403
    assert client.post(f"{place}/members", data={**add, **hidden, "role": "admin"}).status_code == 403
    left = client.post(f"{place}/members/remove", data={**hidden, "user": "bob"})
    assert left.headers["location"] == "/settings/organizations"


# -- JSON --


def test_whoami(hub: Hub, join: Join, client: TestClient) -> None:
    alice = join("alice")
    org = hub.accounts.orgs.create(alice, "acme")
    scopes = (RepoScope("read", repo_id=7, kind="dataset", name="alice/poems"), RepoScope("write"))
    _, secret = hub.accounts.tokens.create(alice, NewToken("ci", "fineGrained", scopes))
    body = client.get("/api/whoami-v2", headers={"authorization": f"Bearer {secret}"}).json()
    assert (body["type"], body["name"], body["email"]) == ("user", "alice", "alice@example.test")
    assert body["id"] == f"{alice.user_id:024x}"
    assert [(o["name"], o["id"], o["type"], o["roleInOrg"], o["isEnterprise"]) for o in body["orgs"]] == [
        ("acme", f"{org.id:024x}", "org", "admin", False)
    ]
    access = body["auth"]["accessToken"]
    assert (body["auth"]["type"], access["displayName"], access["role"]) == ("access_token", "ci", "fineGrained")
    assert access["createdAt"].endswith("Z")
    assert access["fineGrained"]["global"] == ["repo.content.read", "repo.write"]
    assert access["fineGrained"]["scoped"] == [
        {
            "entity": {"_id": f"{7:024x}", "type": "dataset", "name": "alice/poems"},
            "permissions": ["repo.content.read"],
        }
    ]
    assert client.get(body["avatarUrl"]).headers["content-type"] == "image/svg+xml"
    assert client.get(body["avatarUrl"]).text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer hf_wrong"}, {"authorization": "Basic eDp5"}])
def test_whoami_of_nobody(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/api/whoami-v2", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["x-error-message"] == "Invalid credentials in Authorization header"
    assert isinstance(answer.json()["error"], str)


def test_overviews_and_members(hub: Hub, join: Join, client: TestClient) -> None:
    alice = join("alice")
    hub.accounts.orgs.create(alice, "acme", "Acme Ltd")
    for name in ("bob", "carol"):
        hub.accounts.sign_up(OPERATOR, NewUser(name, f"{name}@x.org", PASSWORD))
        hub.accounts.orgs.set_member(OPERATOR, "acme", name, OrgRole.READ)
    user = client.get("/api/users/alice/overview").json()
    assert (user["user"], user["type"], user["orgs"][0]["name"]) == ("alice", "user", "acme")
    assert "email" not in user
    org = client.get("/api/organizations/acme/overview").json()
    assert (org["name"], org["fullname"], org["numUsers"]) == ("acme", "Acme Ltd", 3)
    first = client.get("/api/organizations/acme/members?limit=2")
    assert [m["user"] for m in first.json()] == ["alice", "bob"]
    following = first.links["next"]["url"]
    assert following.startswith("http://hub.test/")
    rest = client.get(following)
    assert [m["user"] for m in rest.json()] == ["carol"]
    assert "link" not in rest.headers
    for path in ("users/acme/overview", "organizations/alice/overview", "organizations/none/members"):
        assert client.get(f"/api/{path}").status_code == 404
