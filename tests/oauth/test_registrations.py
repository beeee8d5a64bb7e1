"""Programs that register themselves, and what they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from pioche.oauth.service import registrations
from pioche.oauth.tables import oauth_apps

if TYPE_CHECKING:
    from tests.oauth.conftest import Place

CALLBACK = "https://app.example.org/callback"
DAY = 24 * 3600 * 1000
GOOD = {"redirect_uris": [CALLBACK], "client_name": "Notebook", "token_endpoint_auth_method": "none"}


def register(place: Place, **changes: Any) -> dict[str, Any]:
    answer = place.room.post("/oauth/register", json={**GOOD, **changes})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body: dict[str, Any] = answer.json()
    return body


def test_a_program_registers_and_is_connected(place: Place) -> None:
    made = register(place, scope="openid profile email")
    assert "client_secret" not in made
    asked = place.asked(made["client_id"], scope="openid email")
    page = place.alice.get("/oauth/authorize", params=asked).text
    assert "nobody here vouches for it" in page
    told = place.consent(asked)
    answer = place.exchange(made["client_id"], told["code"])
    assert answer.status_code == 200, answer.text
    who = place.with_token("/oauth/userinfo", answer.json()["access_token"]).json()
    assert who["email"] == place.cast.alice.email


def test_a_confidential_one_needs_its_secret(place: Place) -> None:
    made = register(place, token_endpoint_auth_method="client_secret_post", client_uri="https://app.example.org")
    assert made["client_secret"]
    assert made["client_secret_expires_at"] == 0
    code = place.consent(place.asked(made["client_id"], scope="openid"))["code"]
    assert place.exchange(made["client_id"], code).status_code == 401
    code = place.consent(place.asked(made["client_id"], scope="openid"))["code"]
    assert place.exchange(made["client_id"], code, client_secret=made["client_secret"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a.example/#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [f"https://a.example/{n}" for n in range(11)]}, "invalid_redirect_uri"),
        ({"scope": "openid everything"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"client_name": "x" * 200}, "invalid_client_metadata"),
        ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ],
)
def test_what_cannot_be_registered(place: Place, changes: dict[str, Any], word: str) -> None:
    answer = place.room.post("/oauth/register", json={**GOOD, **changes})
    assert (answer.status_code, answer.json()["error"]) == (400, word)


def test_one_address_cannot_fill_the_hub(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(registrations.MOST_AN_HOUR):
        register(place)
    assert place.room.post("/oauth/register", json=GOOD).status_code == 429


def test_what_nobody_connects_is_forgotten(place: Place) -> None:
    used, unused = register(place, scope="openid"), register(place)
    place.exchange(used["client_id"], place.consent(place.asked(used["client_id"], scope="openid"))["code"])
    place.device_login()  # the stock client has no owner either
    with place.hub.database.write() as tx:
        tx.execute(update(oauth_apps).values(created_at=oauth_apps.c.created_at - 2 * DAY))
    place.hub.oauth.registrations.tidy()
    with place.hub.database.read() as tx:
        left = set(tx.execute(select(oauth_apps.c.client_id)).scalars())
        assert tx.execute(select(func.count()).select_from(oauth_apps)).scalar_one() == 2
    assert used["client_id"] in left
    assert unused["client_id"] not in left


def test_discovery_names_the_address(place: Place) -> None:
    found = place.room.get("/.well-known/oauth-authorization-server").json()
    assert found["registration_endpoint"].endswith("/oauth/register")
