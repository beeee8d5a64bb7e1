"""Applications that people register, and addresses that they may send people to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from pioche.errors import InvalidInput
from pioche.oauth.redirects import check_redirect, matches, with_query

if TYPE_CHECKING:
    from tests.oauth.conftest import Place

LIST = "/settings/applications"
FORM = {
    "name": "Notebook",
    "website": "https://app.example.org",
    "redirects": "https://app.example.org/callback\nhttp://127.0.0.1/done",
    "kind": "confidential",
    "scope-openid": "on",
    "scope-read-repos": "on",
}


def test_an_application_from_first_to_last(place: Place, app_number: Callable[[str], int]) -> None:
    assert "You have registered no application" in place.alice.get(LIST).text
    page = place.alice.post(LIST, FORM).text
    secret = re.search(r"hf_app_[\w-]{43}", page)
    client_id = re.search(r"<code>([0-9a-f-]{36})</code>", page)
    assert secret
    assert client_id
    where = f"{LIST}/{app_number(client_id[1])}"
    assert secret[0] not in place.alice.get(where).text  # shown once
    assert "Notebook" in place.alice.get(LIST).text
    changed = {**FORM, "name": "Notebook 2", "redirects": "https://app.example.org/callback"}
    assert place.alice.post(where, changed).status_code == 303
    assert "Notebook 2" in place.alice.get("/oauth/authorize", params=place.asked(client_id[1])).text
    code = place.consent(place.asked(client_id[1]))["code"]
    got = place.exchange(client_id[1], code, client_secret=secret[0]).json()
    assert "1 person" in place.alice.get(where).text
    renewed = re.search(r"hf_app_[\w-]{43}", place.alice.post(f"{where}/secret", {}).text)
    assert renewed
    refresh = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"], "client_id": client_id[1]}
    assert place.token(**refresh, client_secret=secret[0]).status_code == 401
    got = place.token(**refresh, client_secret=renewed[0]).json()
    assert place.alice.post(f"{where}/delete", {}).status_code == 303
    assert place.with_token("/oauth/userinfo", got["access_token"]).status_code == 401
    assert place.alice.get(where).status_code == 404


def test_only_the_owner_sees_and_changes_it(place: Place, app_number: Callable[[str], int]) -> None:
    where = f"{LIST}/{app_number(place.app()[0])}"  # bob's
    root = place.browser(place.cast.root)
    assert place.alice.get(where).status_code == 404
    for path in (where, f"{where}/secret", f"{where}/delete"):
        assert place.alice.post(path, FORM).status_code == 404
        assert root.post(path, FORM).status_code == 404
        assert place.browser(None).post(path, FORM).status_code == 401


def test_a_public_application_has_no_secret(place: Place, app_number: Callable[[str], int]) -> None:
    page = place.alice.post(LIST, {**FORM, "kind": "public"})
    assert page.status_code == 200
    assert "hf_app_" not in page.text
    client_id = re.search(r"<code>([0-9a-f-]{36})</code>", page.text)
    assert client_id
    assert place.alice.post(f"{LIST}/{app_number(client_id[1])}/secret", {}).status_code == 409


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "a\u202eb"}, "needs a name"),
        ({"website": "javascript:alert(1)"}, "A website starts with"),
        ({"redirects": "http:///x"}, "it has no host"),
        ({"redirects": "\n".join(f"https://a.example/{n}" for n in range(11))}, "10 redirect addresses"),
        ({"scope-openid": "", "scope-read-repos": ""}, "Choose at least one thing"),
    ],
)
def test_what_cannot_be_registered(place: Place, change: dict[str, str], said: str) -> None:
    answer = place.alice.post(LIST, {**FORM, **change})
    assert answer.status_code == 400
    assert said in answer.text
    assert place.hub.oauth.apps.list(_actor(place)) == ()


def _actor(place: Place):  # type: ignore[no-untyped-def]
    session = place.hub.accounts.log_ins.open(place.room.actor(place.cast.alice), "tests")
    return place.hub.accounts.actor_of_session(session)


def test_there_is_a_limit(place: Place) -> None:
    for _ in range(50):
        assert place.alice.post(LIST, {**FORM, "kind": "public"}).status_code == 200
    assert place.alice.post(LIST, FORM).status_code == 409


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example.org/callback",
        "https://app.example.org:8443/a?b=c",
        "http://127.0.0.1/done",
        "http://[::1]:8080/done",
        "http://localhost",
        "org.example.app:/done",
    ],
)
def test_addresses_that_may_be_registered(address: str) -> None:
    assert check_redirect(address, https=True) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/callback",
        "app.example.org/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://app.example.org/callback",
        "https://app.example.org/#there",
        "https://*.example.org/",
        "https://user@app.example.org/",
        "https://app.example.org/a;b",
        "https://app.example.org/\u202e",
        "https://app.example.org:port/",
        "https://app.example.org/" + "a" * 500,
        "https://[::1/",
    ],
)
def test_addresses_that_may_not(address: str) -> None:
    with pytest.raises(InvalidInput):
        check_redirect(address, https=True)


def test_a_hub_without_tls_takes_addresses_without_tls() -> None:
    assert check_redirect("http://app.example.org/", https=False)


@pytest.mark.parametrize(
    ("registered", "asked", "same"),
    [
        ("https://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "https://a.example:443/x", False),
        ("https://a.example/x", "https://A.example/x", False),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:2/x", True),
        ("http://127.0.0.1/x", "https://127.0.0.1:2/x", False),
        ("http://[::1]/x", "http://[::1]:2/x", True),
        ("http://127.0.0.1/x", "http://127.0.0.1:2/x?y", False),
        ("http://127.0.0.1/x", "http://127.0.0.1:2/x#y", False),
        ("http://127.0.0.1/x", "http://127.0.0.1@evil.example/x", False),
        ("http://127.0.0.1/x", "http://evil@127.0.0.1:2/x", False),
        ("http://127.0.0.1/x", "http://127.0.0.1:99999/x", False),
        ("http://127.0.0.1/x", "http://127.0.0.1:2/\r\nx", False),
        ("http://127.0.0.1/x", "\thttp://127.0.0.1:2/x", False),
        ("http://a.example/x", "http://a.example:2/x", False),
    ],
)
def test_which_addresses_are_the_same(registered: str, asked: str, same: bool) -> None:
    assert matches(registered, asked) is same


def test_the_answer_is_added_to_the_query() -> None:
    assert with_query("https://a.example/x?y=1", {"state": "a&b"}) == "https://a.example/x?y=1&state=a%26b"
    assert with_query("org.example.app:/done", {"code": "c"}) == "org.example.app:/done?code=c"
