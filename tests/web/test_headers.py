"""What every answer carries, and the addresses that browsers and crawlers ask for unbidden."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pioche.app import build_hub
from pioche.hub import Hub
from pioche.settings import Settings
from pioche.testkit.room import Room


@pytest.fixture
def room(hub: Hub) -> Iterator[Room]:
    return Room(hub)


def test_no_answer_lets_a_browser_guess_its_type(room: Room) -> None:
    repo = room.repo(room.cast.alice, "sniffed")
    for path in (
        "/",
        "/healthz",
        "/robots.txt",
        "/favicon.ico",
        "/static/favicon.svg",
        "/nowhere/at/all",
        "/api/nowhere",
        f"/api/models/{repo}",
        f"/{repo}/resolve/main/.gitattributes",
        f"/{repo}.git/info/refs?service=git-upload-pack",
        "/settings/profile",
    ):
        for _ in range(2):  # the second one may come from the cache
            assert room.get(path).headers.get_list("x-content-type-options") == ["nosniff"], path
    assert room.ask("PATCH", "/").headers["x-content-type-options"] == "nosniff"


def test_crawlers_and_browsers_find_what_they_look_for(room: Room) -> None:
    robots = room.get("/robots.txt")
    assert (robots.status_code, robots.text) == (200, "User-agent: *\nAllow: /\n")
    assert robots.headers["content-type"].startswith("text/plain")
    icon = room.get("/favicon.ico")
    assert icon.headers["location"] == "/static/favicon.svg"
    assert room.get(icon.headers["location"]).headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_are_for_https_alone_where_there_is_https(tmp_path: Path, scheme: str) -> None:
    hub = build_hub(Settings(data=tmp_path / "data", trust_proxy=True))
    room = Room(hub)
    alice = room.cast.alice
    headers = {"x-forwarded-proto": scheme, "origin": f"{scheme}://hub.test"}
    form = {"name": alice.name, "password": alice.password}
    answer = room.post("/login", data=form, headers=headers)
    assert answer.status_code == 303
    session = answer.headers["set-cookie"]
    cookie = session.split(";")[0]
    page = room.get("/settings/profile", headers={"cookie": cookie, **headers}).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    saved = room.post(
        "/settings/profile",
        data={"fullname": "Alice", "email": alice.email, "csrf_token": token},
        headers={"cookie": cookie, **headers},
    )
    assert saved.status_code == 303
    for line in (session, saved.headers["set-cookie"]):
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"httponly", "samesite=lax"} <= attributes
        assert ("secure" in attributes) == (scheme == "https")
    hub.database.close()
