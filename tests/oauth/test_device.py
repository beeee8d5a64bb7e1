"""Log-in by a code that a person types: RFC 8628, as programs and browsers see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pioche.errors import OauthRefused
from pioche.oauth.service.devices import Pace
from pioche.oauth.types import STOCK_CLIENT_ID
from pioche.web.responses import external_id

if TYPE_CHECKING:
    from tests.oauth.conftest import Place


def test_a_program_logs_in(place: Place) -> None:
    started = place.start()
    assert re.fullmatch(r"[B-DF-HJ-NP-TV-Z]{4}-[B-DF-HJ-NP-TV-Z]{4}", started["user_code"])
    assert started["verification_uri"] == "http://hub.test/oauth/device"
    assert (started["interval"], started["expires_in"]) == (5, 900)
    pending = place.poll(started["device_code"])
    assert (pending.status_code, pending.json()["error"]) == (400, "authorization_pending")
    assert pending.headers["cache-control"] == "no-store"
    page = place.alice.get(started["verification_uri_complete"])
    assert page.status_code == 200
    assert "Hugging Face client" in page.text
    assert started["user_code"] in page.text
    assert "You are alice here" in page.text
    assert "is connected" in place.decide(started["user_code"]).text
    got = place.poll(started["device_code"]).json()
    assert got["access_token"].startswith("hf_oauth_")
    assert (got["token_type"], got["expires_in"]) == ("bearer", 30 * 86_400)
    assert "id_token" not in got
    who = place.with_token("/api/whoami-v2", got["access_token"]).json()
    assert (who["name"], who["email"], who["auth"]["type"]) == ("alice", "alice@example.test", "oauth")
    assert "accessToken" not in who["auth"]
    assert [org["name"] for org in who["orgs"]] == ["lab"]
    again = place.poll(started["device_code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_the_stock_client_may_do_what_the_person_may_but_not_change_the_account(place: Place) -> None:
    token = place.device_login()["access_token"]
    made = place.with_token("/api/repos/create", token, method="POST", json={"name": "by-oauth", "private": True})
    assert made.status_code == 200
    in_lab = {"name": "by-oauth", "organization": "lab"}
    assert place.with_token("/api/repos/create", token, method="POST", json=in_lab).status_code == 200
    gone = place.with_token("/api/repos/delete", token, method="DELETE", json={"name": "by-oauth"})
    assert gone.status_code == 200
    assert place.with_token("/settings/tokens", token).status_code == 403
    assert place.with_token("/settings/connected", token).status_code == 403
    git = place.room.get("/lab/by-oauth.git/info/refs?service=git-receive-pack", auth=("anyone", token))
    assert git.status_code == 200


@pytest.mark.sqlite
def test_nothing_secret_is_kept(place: Place) -> None:
    got = place.device_login()
    kept = b"".join(path.read_bytes() for path in place.hub.settings.data.glob("hub.db*"))
    assert b"oauth_tokens" in kept
    assert got["access_token"].encode() not in kept
    assert got["refresh_token"].encode() not in kept


def test_refused(place: Place) -> None:
    started = place.start()
    assert "was refused" in place.decide(started["user_code"], "deny").text
    answer = place.poll(started["device_code"])
    assert (answer.status_code, answer.json()["error"]) == (400, "access_denied")


def test_too_late(place: Place) -> None:
    started = place.start()
    place.pass_time(901)
    assert place.poll(started["device_code"]).json()["error"] == "expired_token"
    page = place.alice.get(started["verification_uri_complete"])
    assert page.status_code == 400
    assert "may have expired" in page.text
    assert place.decide(started["user_code"]).status_code == 400


def test_an_access_token_ends(place: Place) -> None:
    token = place.device_login()["access_token"]
    place.pass_time(30 * 86_400 - 60)
    assert place.with_token("/api/whoami-v2", token).status_code == 200
    place.pass_time(61)
    assert place.with_token("/api/whoami-v2?again", token).status_code == 401


def test_who_asks_too_often_is_slowed_down(place: Place) -> None:
    code = place.start()["device_code"]
    assert place.poll(code).json()["error"] == "authorization_pending"
    answer = place.poll(code)
    assert (answer.status_code, answer.json()["error"]) == (400, "slow_down")


def test_the_pace() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.step("a")
    now[0] = 4.5
    pace.step("a")  # in time: requests travel
    pace.step("b")
    now[0] = 6.0
    with pytest.raises(OauthRefused) as refused:
        pace.step("a")
    assert refused.value.error == "slow_down"
    now[0] = 12.0
    with pytest.raises(OauthRefused):
        pace.step("a")  # 10 s apart from now on
    now[0] = 27.0
    pace.step("a")


def test_codes_cannot_be_guessed(place: Place) -> None:
    started = place.start()
    for number in range(10):
        wrong = place.alice.get(f"/oauth/device?user_code=BBBB-BBB{'BCDFGHJKLM'[number]}")
        assert wrong.status_code == 400
    assert place.alice.get(started["verification_uri_complete"]).status_code == 429
    assert place.decide(started["user_code"]).status_code == 429
    assert place.poll(started["device_code"]).json()["error"] == "authorization_pending"


def test_the_code_as_people_type_it(place: Place) -> None:
    code = place.start()["user_code"]
    assert place.alice.get(f"/oauth/device?user_code={code.lower().replace('-', '%20')}").status_code == 200


def test_codes_cannot_be_asked_for_without_end(place: Place) -> None:
    for _ in range(60):
        place.start()
    answer = place.room.post("/oauth/device", data={"client_id": STOCK_CLIENT_ID})
    assert (answer.status_code, answer.json()["error"]) == (429, "temporarily_unavailable")
    assert int(answer.headers["retry-after"]) > 0


def test_programs_that_are_not_registered(place: Place) -> None:
    answer = place.room.post("/oauth/device", data={"client_id": "nobody"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    started = place.start()
    other, _ = place.app()
    assert place.poll(started["device_code"], other).json()["error"] == "invalid_grant"


def test_people_who_are_not_logged_in_come_back_after_it(place: Place) -> None:
    answer = place.browser(None).get("/oauth/device?user_code=BCDF-GHJK")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/oauth/device%3Fuser_code%3DBCDF-GHJK"
    assert place.browser(None).post("/oauth/device/decide", {"user_code": "BCDF-GHJK"}).status_code == 401


def test_another_site_cannot_approve(place: Place) -> None:
    code = place.start()["user_code"]
    form = {"user_code": code, "decision": "approve"}
    assert place.alice.client.post("/oauth/device/decide", data=form).status_code == 403
    headers = {"origin": "https://evil.example"}
    answer = place.alice.client.post("/oauth/device/decide", data={**place.alice.csrf, **form}, headers=headers)
    assert answer.status_code == 403


def test_a_program_of_ones_own_gets_what_it_asked_for(place: Place) -> None:
    client_id, _ = place.app("openid profile read-repos")
    answer = place.room.post("/oauth/device", data={"client_id": client_id, "scope": "manage-repos"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    started = place.start(client_id, scope="read-repos")
    page = place.alice.get(started["verification_uri_complete"]).text
    assert "Read your repositories" in page
    assert "Log you in" not in page
    place.decide(started["user_code"])
    got = place.poll(started["device_code"], client_id).json()
    assert (got["scope"], got["expires_in"]) == ("read-repos", 8 * 3600)
    info = place.with_token("/oauth/userinfo", got["access_token"]).json()
    assert info == {"sub": external_id(place.room.actor(place.cast.alice).user_id or 0), "orgs": []}
