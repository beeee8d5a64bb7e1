"""What connected programs hold: refresh, revocation, scopes, and the page that shuts programs out."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import func, select, update

from pioche.accounts.tables import accounts, users
from pioche.oauth.store import connections_of
from pioche.oauth.tables import oauth_connections, oauth_devices, oauth_tokens
from pioche.oauth.types import SCOPES, STOCK_CLIENT_ID

CALLBACK = "https://app.example.org/callback"

if TYPE_CHECKING:
    from tests.oauth.conftest import Place


def refresh(place: Place, token: str, client_id: str = STOCK_CLIENT_ID, **form: str) -> httpx.Response:
    return place.token(grant_type="refresh_token", refresh_token=token, client_id=client_id, **form)


def works(place: Place, token: str) -> bool:
    return place.with_token("/api/whoami-v2", token).status_code == 200


# -- refresh --


def test_a_refresh_token_gives_the_next_two(place: Place) -> None:
    first = place.device_login()
    second = refresh(place, first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert works(place, first["access_token"])  # work that is under way goes on until its own end
    assert works(place, second["access_token"])
    assert refresh(place, second["refresh_token"]).status_code == 200


def test_a_refresh_token_used_twice_ends_everything(place: Place) -> None:
    first = place.device_login()
    other = place.device_login()
    second = refresh(place, first["refresh_token"]).json()
    answer = refresh(place, first["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert not works(place, first["access_token"])
    assert not works(place, second["access_token"])
    assert refresh(place, second["refresh_token"]).json()["error"] == "invalid_grant"
    assert works(place, other["access_token"])  # the log-in of another machine


def test_refresh_tokens_end_and_belong_to_one_program(place: Place) -> None:
    got = place.device_login()
    client_id, _ = place.app()
    assert refresh(place, got["refresh_token"], client_id).json()["error"] == "invalid_grant"
    assert refresh(place, got["access_token"]).json()["error"] == "invalid_grant"
    assert not works(place, got["refresh_token"])
    place.pass_time(180 * 86_400 + 1)
    assert refresh(place, got["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_gives_no_more_than_was_agreed_to(place: Place) -> None:
    client_id, _ = place.app("read-repos manage-repos")
    started = place.start(client_id, scope="read-repos")
    place.decide(started["user_code"])
    got = place.poll(started["device_code"], client_id).json()
    more = refresh(place, got["refresh_token"], client_id, scope="manage-repos")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")
    assert refresh(place, got["refresh_token"], client_id).json()["scope"] == "read-repos"


def test_other_grants_are_refused(place: Place) -> None:
    place.start()
    answer = place.token(grant_type="password", client_id=STOCK_CLIENT_ID)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    answer = place.room.post("/oauth/token", content=b"\xff", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# -- revocation --


def test_revocation(place: Place) -> None:
    got = place.device_login()
    other, _ = place.app()
    body = {"token": got["refresh_token"], "client_id": other}
    assert place.room.post("/oauth/revoke", data=body).status_code == 200
    assert works(place, got["access_token"])  # not that program's to revoke
    body = {"token": got["access_token"], "client_id": STOCK_CLIENT_ID}
    assert place.room.post("/oauth/revoke", data=body).status_code == 200
    assert not works(place, got["access_token"])
    second = refresh(place, got["refresh_token"]).json()
    body = {"token": second["refresh_token"], "client_id": STOCK_CLIENT_ID}
    assert place.room.post("/oauth/revoke", data=body).status_code == 200
    assert not works(place, second["access_token"])
    assert place.room.post("/oauth/revoke", data=body).status_code == 200  # already done
    assert place.room.post("/oauth/revoke", data={**body, "client_id": "x"}).status_code == 401


def test_people_see_and_shut_out_programs(place: Place, app_number: Callable[[str], int]) -> None:
    one, two = place.device_login()["access_token"], place.device_login()["access_token"]
    page = place.alice.get("/settings/connected").text
    assert "Hugging Face client" in page
    assert "2 log-ins" in page
    assert "Not used yet" in page
    assert works(place, one)
    place.hub.oauth.tokens.flush_use()
    assert "Last used" in place.alice.get("/settings/connected").text
    where = f"/settings/connected/{app_number(STOCK_CLIENT_ID)}/revoke"
    assert place.browser(place.cast.bob).post(where, {}).status_code == 404  # bob has not connected it
    assert works(place, one)
    assert place.alice.post(where, {}).status_code == 303
    assert not works(place, one)
    assert not works(place, two)
    assert "No program is connected" in place.alice.get("/settings/connected").text


def test_what_has_expired_is_forgotten(place: Place) -> None:
    place.device_login()
    place.start()
    place.pass_time(200 * 86_400)
    place.hub.oauth.tokens.tidy()
    with place.hub.database.read() as tx:
        for table in (oauth_connections, oauth_tokens, oauth_devices):
            assert tx.execute(select(func.count()).select_from(table)).scalar_one() == 0


# -- scopes --


class Rights:
    """What alice's program may do to her private model, one of lab's, and one that she made in lab."""

    def __init__(self, place: Place, scopes: str, orgs: bool) -> None:
        self.place = place
        room, cast = place.room, place.cast
        self.own = room.repo(cast.alice, "own", private=True)
        self.labs = self._in_lab(cast.bob)
        self.public = room.repo(cast.carol, "public")
        client_id, _ = place.app(scopes)
        lab = place.room.actor(cast.alice).orgs
        ticks = {f"org-{number}": "on" for number in lab} if orgs else {}
        self.token = place.device_login(client_id, **ticks)["access_token"]

    def _in_lab(self, person: Any) -> str:
        body = {"name": "labs", "organization": "lab", "private": True}
        assert self.place.room.post("/api/repos/create", person, json=body).status_code == 200
        return "lab/labs"

    def ask(self, method: str, path: str, **options: Any) -> int:
        return self.place.with_token(path, self.token, method=method, **options).status_code

    def reads(self, repo: str) -> bool:
        status = self.ask("GET", f"/api/models/{repo}")
        listed = self.place.with_token(f"/api/models?author={repo.split('/')[0]}", self.token).json()
        assert (repo in [item["id"] for item in listed]) is (status == 200)
        return status == 200

    def writes(self, repo: str) -> bool:
        return self.ask("POST", f"/api/models/{repo}/branch/new", json={}) in (200, 201)

    def makes(self, **where: str) -> bool:
        return self.ask("POST", "/api/repos/create", json={"name": "made", **where}) == 200

    def administers(self, repo: str) -> bool:
        return self.ask("PUT", f"/api/models/{repo}/settings", json={"private": True}) == 200

    def discusses(self, repo: str) -> bool:
        return self.ask("POST", f"/api/models/{repo}/discussions", json={"title": "A", "description": "b"}) == 200


@pytest.mark.parametrize(
    ("scopes", "orgs", "may"),
    [
        ("openid profile", True, ""),
        ("read-repos", False, "read own"),
        ("read-repos", True, "read own, read lab"),
        ("write-repos", False, "read own, write own, discuss own"),
        ("write-repos", True, "read own, write own, discuss own, read lab, write lab"),
        ("manage-repos", False, "read own, write own, discuss own, admin own, make own"),
        ("manage-repos", True, "read own, write own, discuss own, admin own, make own, read lab, write lab, make lab"),
        ("contribute-repos", False, "read own, write own, discuss own, make own"),
        ("read-repos write-discussions", False, "read own, discuss own, discuss public"),
        ("write-discussions", False, "discuss public"),
        ("inference-api jobs webhooks", True, ""),
    ],
)
def test_scopes_narrow(place: Place, scopes: str, orgs: bool, may: str) -> None:
    rights = Rights(place, scopes, orgs)
    did = {
        "read own": rights.reads(rights.own),
        "write own": rights.writes(rights.own),
        "discuss own": rights.discusses(rights.own),
        "admin own": rights.administers(rights.own),
        "make own": rights.makes(),
        "read lab": rights.reads(rights.labs),
        "write lab": rights.writes(rights.labs),
        "make lab": rights.makes(organization="lab"),
        "discuss public": rights.discusses(rights.public),
    }
    assert rights.reads(rights.public)
    assert not rights.writes(rights.public)
    assert {key for key, value in did.items() if value} == set(may.split(", ")) - {""}


def test_scopes_decide_what_a_program_learns(place: Place) -> None:
    client_id, _ = place.app("openid")
    token = place.device_login(client_id)["access_token"]
    who = place.with_token("/api/whoami-v2", token).json()
    assert (who["name"], who["email"], who["orgs"]) == ("alice", None, [])
    client_id, _ = place.app("openid email read-memberships")
    token = place.device_login(client_id)["access_token"]
    who = place.with_token("/api/whoami-v2", token).json()
    assert who["email"] == "alice@example.test"
    assert [org["name"] for org in who["orgs"]] == ["lab"]


def test_leaving_an_organisation_takes_its_repositories_away(place: Place) -> None:
    rights = Rights(place, "read-repos", orgs=True)
    assert rights.reads(rights.labs)
    place.alice.post("/organizations/lab/members", {"user": "bob", "role": "admin"})
    assert place.alice.post("/organizations/lab/members/remove", {"user": "alice"}).status_code == 303
    assert not rights.reads(rights.labs)


def test_the_stock_client_is_connected_for_everything(place: Place) -> None:
    place.device_login()
    with place.hub.database.read() as tx:
        ((app, connection),) = connections_of(tx, place.room.actor(place.cast.alice).user_id or 0)
    assert app.is_stock
    assert connection.scopes == SCOPES
    assert connection.orgs is None


def test_a_token_does_not_make_more_of_itself(place: Place) -> None:
    """What a program holds cannot consent for the person, nor register programs, make tokens or change the password."""
    client_id, _ = place.app(" ".join(SCOPES))
    holds = (
        place.device_login(place.app("openid profile")[0])["access_token"],
        place.device_login()["access_token"],
        place.cast.alice.token,
    )
    started = place.start()
    forms = {
        "/oauth/authorize": {**place.asked(client_id, scope=" ".join(SCOPES)), "decision": "approve"},
        "/oauth/device/decide": {"user_code": started["user_code"], "decision": "approve"},
        "/settings/tokens": {"name": "more", "role": "write"},
        "/settings/applications": {"name": "App", "redirects": CALLBACK, "kind": "public"},
        "/settings/account/password": {"old": place.cast.alice.password, "new": "another long password"},
        "/settings/account/sessions/close": {},
    }
    for token in holds:
        for path, form in forms.items():
            answer = place.with_token(path, token, method="POST", data=form)
            assert answer.status_code in (401, 403), (path, answer.status_code, answer.headers.get("location"))
    assert place.poll(started["device_code"]).json()["error"] == "authorization_pending"


def test_a_person_who_may_not_come_in_takes_all_programs_along(place: Place) -> None:
    got, client_id = place.device_login(), place.app("openid profile")[0]
    started = place.start()
    place.decide(started["user_code"])
    code = place.consent(place.asked(client_id))["code"]
    one_repo = place.room.repo(place.cast.alice, "one")
    jwt = place.with_token(f"/api/models/{one_repo}/jwt", place.cast.alice.token).json()["token"]
    with place.hub.database.write() as tx:
        row = select(accounts.c.id).where(accounts.c.name == "alice").scalar_subquery()
        tx.execute(update(users).where(users.c.id == row).values(disabled=True))
    answers = (
        refresh(place, got["refresh_token"]),
        place.exchange(client_id, code),
        place.poll(started["device_code"]),
    )
    held = [answer.json().get("access_token", "") for answer in answers]
    for token in (got["access_token"], place.cast.alice.token, jwt, *filter(None, held)):
        assert place.with_token("/api/whoami-v2", token).status_code == 401
        assert place.with_token("/oauth/userinfo", token).status_code == 401
        assert place.with_token(f"/api/models/{one_repo}", token).status_code == 401
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert place.alice.get("/settings/profile").status_code == 303


def test_a_code_is_exchanged_once_however_many_ask(place: Place) -> None:
    client_id, _ = place.app()
    code = place.consent(place.asked(client_id))["code"]
    started = place.start()
    place.decide(started["user_code"])
    got = place.device_login()
    for ask in (
        lambda: place.exchange(client_id, code),
        lambda: place.poll(started["device_code"]),
        lambda: refresh(place, got["refresh_token"]),
    ):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: ask(), range(8)))  # noqa: B023 - the pool ends in the same turn
        assert {answer.json().get("error", "") for answer in answers} <= {"", "invalid_grant", "expired_token"}
        # A code that comes again ends what it gave, which may be before the first answer is made.
        assert sorted(answer.status_code for answer in answers)[1:] == [400] * 7


def test_the_token_of_one_repository_cannot_be_altered(place: Place) -> None:
    one, other = (place.room.repo(place.cast.alice, name, private=True) for name in ("one", "other"))
    token = place.with_token(f"/api/models/{one}/jwt", place.cast.alice.token).json()["token"]
    assert place.with_token(f"/api/models/{one}", token).status_code == 200
    assert place.with_token(f"/api/models/{other}", token).status_code == 404
    header, payload, mac = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changes = (
        {"repo": claims["repo"] + 1},
        {"sub": claims["sub"] + 1},
        {"exp": claims["exp"] + 9**9},
        {"role": "write"},
    )
    bodies = [_part({**claims, **change}) for change in changes]
    none = _part({"alg": "none", "typ": "JWT"})
    wrong = [f"{header}.{body}.{mac}" for body in bodies]
    wrong += [f"{none}.{payload}.", f"{header}.{payload}.", f"{header}.{payload}", f"{header}..{mac}", f"{token}A"]
    wrong += [f"{header}.{payload}.{mac}.{mac}", f"{header}.{payload}=.{mac}", f"{header}.{payload}.\u00e9"]
    for text in wrong:
        answer = place.room.get(f"/api/models/{one}", headers={b"authorization": f"Bearer {text}".encode("latin-1")})
        assert answer.status_code == 401, text
    for path in ("/api/whoami-v2", f"/api/models/{one}/jwt", "/settings/tokens"):
        assert place.with_token(path, token).status_code != 200 or "auth" in place.with_token(path, token).text
    assert place.with_token(f"/api/models/{one}/branch/x", token, method="POST", json={}).status_code == 403


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
