"""The consent page and its codes: RFC 6749 with PKCE, and OpenID Connect on top."""

from __future__ import annotations

import base64
import hashlib
import stat
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from pioche.app import ROUTES
from pioche.oauth.identity import Identity
from pioche.web.responses import external_id

if TYPE_CHECKING:
    from tests.oauth.conftest import Place

CALLBACK = "https://app.example.org/callback"
VERIFIER = "v" * 64
Sent = Callable[[httpx.Response], dict[str, str]]


def test_a_public_program_logs_people_in(place: Place) -> None:
    client_id, secret = place.app("openid profile email")
    assert secret == ""
    page = place.alice.get("/oauth/authorize", params=place.asked(client_id))
    assert page.status_code == 200
    assert "Connect “Notebook”?" in page.text
    assert "Registered by" in page.text
    assert "form-action 'self' https://app.example.org;" in page.headers["content-security-policy"]
    said = place.consent(place.asked(client_id))
    assert (said["state"], said["iss"]) == ("s-1", "http://hub.test")
    answer = place.exchange(client_id, said["code"])
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    got = answer.json()
    assert got["scope"] == "openid profile email"
    claims = read_id_token(place, got["id_token"], client_id)
    assert (claims["preferred_username"], claims["email"], claims["nonce"]) == ("alice", "alice@example.test", "n-1")
    half = hashlib.sha256(got["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    info = place.with_token("/oauth/userinfo", got["access_token"]).json()
    assert info["sub"] == claims["sub"] == external_id(place.room.actor(place.cast.alice).user_id or 0)
    assert info["profile"] == "http://hub.test/alice"
    assert info["email_verified"] is False


def read_id_token(place: Place, token: str, client_id: str) -> dict[str, Any]:
    """The claims, checked as a program does with what the hub publishes."""
    described = place.room.get("/.well-known/openid-configuration").json()
    keys = place.room.get(described["jwks_uri"].removeprefix("http://hub.test")).json()
    assert all("d" not in key for key in keys["keys"])
    read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": described["issuer"]},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
    )
    registry.validate(read.claims)
    assert read.claims["exp"] <= time.time() + 3601
    claims: dict[str, Any] = read.claims
    return claims


def test_a_program_with_a_secret(place: Place) -> None:
    client_id, secret = place.app("openid", confidential=True)
    asked = place.asked(client_id, code_challenge="", code_challenge_method="")
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    for wrong in ({}, {"client_secret": "wrong"}):
        code = place.consent(asked)["code"]
        answer = place.token(client_id=client_id, code=code, **form, **wrong)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert place.token(client_id=client_id, client_secret=secret, code=code, **form).status_code == 200
    code = place.consent(asked)["code"]
    answer = place.room.post("/oauth/token", data={"code": code, **form}, auth=(client_id, secret))
    assert answer.status_code == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    assert place.token(client_id=client_id, **refresh).json()["error"] == "invalid_client"
    assert place.room.post("/oauth/token", data=refresh, auth=(client_id, secret)).status_code == 200


def test_a_code_is_good_once(place: Place) -> None:
    client_id, _ = place.app()
    code = place.consent(place.asked(client_id))["code"]
    token = place.exchange(client_id, code).json()["access_token"]
    assert place.with_token("/oauth/userinfo", token).status_code == 200
    answer = place.exchange(client_id, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert place.with_token("/oauth/userinfo", token).status_code == 401  # the first use may have been the thief's


@pytest.mark.parametrize(
    "wrong",
    [
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"redirect_uri": "https://app.example.org/other"},
        {"code": "made-up"},
    ],
)
def test_a_code_of_somebody_else(place: Place, wrong: dict[str, str]) -> None:
    client_id, _ = place.app()
    code = place.consent(place.asked(client_id))["code"]
    answer = place.exchange(client_id, **{"code": code, **wrong})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    # A guess uses the code up, unless the code itself was wrong.
    assert place.exchange(client_id, code).status_code == (200 if "code" in wrong else 400)


def test_a_code_of_another_program(place: Place) -> None:
    one, two = place.app()[0], place.app()[0]
    code = place.consent(place.asked(one))["code"]
    assert place.exchange(two, code).json()["error"] == "invalid_grant"
    assert place.exchange(one, code).status_code == 200


def test_a_code_lives_for_a_minute(place: Place) -> None:
    client_id, _ = place.app()
    code = place.consent(place.asked(client_id))["code"]
    place.pass_time(61)
    assert place.exchange(client_id, code).json()["error"] == "invalid_grant"


def test_a_verifier_without_a_challenge_is_refused(place: Place) -> None:
    client_id, secret = place.app(confidential=True)
    code = place.consent(place.asked(client_id, code_challenge="", code_challenge_method=""))["code"]
    answer = place.exchange(client_id, code, client_secret=secret)
    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://app.example.org/callback/"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "https://app.example.org/callback?x=1"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_nobody_is_sent_to_an_unknown_place(place: Place, wrong: dict[str, str]) -> None:
    asked = {**place.asked(place.app()[0]), **wrong}
    page = place.alice.get("/oauth/authorize", params=asked)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert place.alice.post("/oauth/authorize", {**asked, "decision": "approve"}).status_code == 400


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid manage-repos"}, "invalid_scope"),
        ({"scope": "all"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "e30."}, "request_not_supported"),
        ({"prompt": "none"}, "consent_required"),
    ],
)
def test_programs_hear_what_was_wrong(place: Place, sent: Sent, wrong: dict[str, str], error: str) -> None:
    asked = place.asked(place.app()[0], **wrong)
    answer = place.alice.get("/oauth/authorize", params=asked)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    said = sent(answer)
    assert (said["error"], said["state"], said["iss"]) == (error, "s-1", "http://hub.test")
    assert "code" not in said
    if "prompt" not in wrong:
        assert "code" not in place.consent(asked)


def test_a_person_refuses(place: Place) -> None:
    said = place.consent(place.asked(place.app()[0]), "deny")
    assert (said["error"], said["state"]) == ("access_denied", "s-1")
    assert "code" not in said


def test_another_site_cannot_consent(place: Place) -> None:
    form = {**place.asked(place.app()[0]), "decision": "approve"}
    assert place.alice.client.post("/oauth/authorize", data=form).status_code == 403
    nobody = place.browser(None)
    assert nobody.post("/oauth/authorize", form).status_code == 401
    answer = nobody.get("/oauth/authorize", params=place.asked(place.app()[0], prompt="none"))
    assert "error=login_required" in answer.headers["location"]
    token = {"authorization": f"Bearer {place.cast.alice.token}"}
    assert place.room.post("/oauth/authorize", data=form, headers=token).status_code == 403


def test_people_log_in_first_and_come_back(place: Place) -> None:
    answer = place.browser(None).get("/oauth/authorize", params=place.asked(place.app()[0]))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/oauth/authorize%3Fclient_id%3D")


def test_a_program_on_ones_own_machine_takes_any_port(place: Place) -> None:
    client_id, _ = place.app(redirects="http://127.0.0.1/done\norg.example.app:/done")
    for address in ("http://127.0.0.1:43210/done", "http://127.0.0.1/done", "org.example.app:/done"):
        said = place.consent(place.asked(client_id, redirect_uri=address))
        assert place.exchange(client_id, said["code"], redirect_uri=address).status_code == 200
    for address in ("http://127.0.0.1:43210/other", "http://localhost:1/done", "http://x@127.0.0.1:1/done"):
        assert (
            place.alice.get("/oauth/authorize", params=place.asked(client_id, redirect_uri=address)).status_code == 400
        )


def test_organisations_are_chosen_one_by_one(place: Place) -> None:
    client_id, _ = place.app("openid read-repos")
    (lab,) = place.room.actor(place.cast.alice).orgs
    asked = place.asked(client_id, orgIds=external_id(lab))
    assert f'name="org-{lab}" value="on" checked' in place.alice.get("/oauth/authorize", params=asked).text
    token = place.exchange(client_id, place.consent(asked)["code"]).json()["access_token"]
    assert place.with_token("/oauth/userinfo", token).json()["orgs"] == []  # wished for, and not ticked
    said = place.consent(asked, **{f"org-{lab}": "on", "org-999": "on"})
    token = place.exchange(client_id, said["code"]).json()["access_token"]
    (org,) = place.with_token("/oauth/userinfo", token).json()["orgs"]
    assert (org["preferred_username"], org["roleInOrg"]) == ("lab", "admin")


def test_userinfo(place: Place) -> None:
    assert place.room.get("/oauth/userinfo").status_code == 401
    assert place.alice.get("/oauth/userinfo").status_code == 401  # a cookie is not a token
    info = place.with_token("/oauth/userinfo", place.cast.alice.token, method="POST").json()
    assert (info["name"], info["email"]) == ("Alice", "alice@example.test")
    flight = place.room.ask("OPTIONS", "/oauth/userinfo", headers={"origin": "https://app.example.org"})
    assert flight.headers["access-control-allow-headers"] == "authorization"


def test_programs_find_everything(place: Place) -> None:
    described = place.room.get("/.well-known/openid-configuration").json()
    assert described == place.room.get("/.well-known/oauth-authorization-server").json()
    assert described["issuer"] == "http://hub.test"
    assert described["code_challenge_methods_supported"] == ["S256"]
    addresses = {route.pattern for routes in ROUTES for route in routes}
    named = {key: value for key, value in described.items() if key.endswith("_endpoint") or key == "jwks_uri"}
    assert len(named) == 7
    for address in named.values():
        assert address.removeprefix("http://hub.test") in addresses


def test_the_key_is_made_once_and_kept(place: Place) -> None:
    file = place.hub.settings.data / "oauth.pem"
    assert not file.exists()
    keys = place.hub.oauth.identity.public_keys()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Identity(file).public_keys() == keys
    assert [path.name for path in file.parent.glob(".oauth.pem*")] == []
