"""What another site can make a browser do here: nothing that changes anything, and no way to lead people away."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pioche.app import ROUTES
from pioche.hub import Hub
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.web.auth import UNSAFE
from pioche.web.routing import Route
from pioche.web.safe_files import media_type_of

# A browser sends cookies to these, and who is asked is told by them.
CHANGING = [
    route
    for routes in ROUTES
    for route in routes
    if route.method in UNSAFE and not route.safe and route.dialect not in ("cas", "oauth")
]
# No cookie says who asks here: a signature does, or it changes nothing.
WITHOUT_COOKIES = {
    "/api/quicksearch",
    "/api/telemetry/{topic*}",
    "/api/jobs/{ns}/auth-check/{perms}",
    "/api/jobs/{ns}/{job}/auth-check/{perms}",
    "/lfs/objects/{sha256}",
    "/lfs/uploads/{upload}/{part}",
    "/lfs/uploads/{upload}",
    "/lfs/verify",
}
FOREIGN = ("https://evil.example", "http://hub.test.evil.example", "http://hub.test:81", "null", "http://[", "file://")


@pytest.fixture
def room(hub: Hub) -> Iterator[Room]:
    return Room(hub)


def session(room: Room, person: Person) -> dict[str, str]:
    answer = room.post("/login", data={"name": person.name, "password": person.password})
    assert answer.status_code == 303
    return {"cookie": answer.headers["set-cookie"].split(";")[0]}


def address(route: Route) -> str:
    return re.sub(r"\{[^}]*\}", lambda part: "x.git" if part.group().endswith(".git}") else "x", route.pattern)


def test_no_form_or_call_of_another_site_is_taken(room: Room) -> None:
    """Every address that changes something, as alice's browser would send it: from elsewhere, and without a token."""
    cookie = session(room, room.cast.alice)
    taken = []
    for route in CHANGING:
        for extra in ({"origin": FOREIGN[0]}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {}):
            answer = room.ask(route.method, address(route), headers={**cookie, **extra}, content=b"")
            if answer.status_code != 403:
                taken.append((route.method, route.pattern, extra, answer.status_code))
    assert taken == []
    assert len(CHANGING) > 300
    safe = {route.pattern for routes in ROUTES for route in routes if route.method in UNSAFE and route.safe}
    assert {pattern for pattern in safe if not pattern.startswith(("/cas/", "/v1/telemetry"))} == WITHOUT_COOKIES


@pytest.mark.parametrize("origin", FOREIGN)
def test_nobody_is_logged_in_by_another_site(room: Room, origin: str) -> None:
    alice = room.cast.alice
    form = {"name": alice.name, "password": alice.password}
    answer = room.post("/login", data=form, headers={"origin": origin})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    # Browsers remember passwords of Basic, and send them from anywhere.
    answer = room.ask("DELETE", "/api/notifications", headers={"origin": origin}, auth=(alice.name, alice.password))
    assert answer.status_code == 403


def test_the_token_of_one_log_in_is_not_that_of_another(room: Room) -> None:
    alice, carol = session(room, room.cast.alice), session(room, room.cast.carol)
    page = room.get("/settings/profile", headers=carol).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    form = {"csrf_token": found[1]}
    assert room.post("/logout", data=form, headers=alice).status_code == 403
    assert room.get("/settings/profile", headers=alice).status_code == 200
    assert room.post("/logout", data=form, headers=carol).status_code == 303
    assert room.get("/settings/profile", headers=carol).status_code == 303


def test_forms_with_files_carry_their_token_as_their_first_field(room: Room) -> None:
    """Not in their address, which proxies write into their logs. Before it is there, nothing of the form is read."""
    cookie, repo = session(room, room.cast.alice), room.repo(room.cast.alice, "taken")
    page = room.get(f"/{repo}/upload/main", headers=cookie).text
    form = re.search(r'<form method="post" enctype="multipart/form-data" action="([^"]*)"[^>]*><input ([^>]*)>', page)
    assert form
    token = re.search(r'name="csrf_token" value="([^"]+)"', form[2])
    assert (token is not None, "csrf" in form[1]) == (True, False)
    assert token
    file = {"files": ("a.txt", b"hello")}
    for number, (fields, query, status) in enumerate(
        [
            ({}, "", 403),
            ({}, f"?csrf_token={token[1]}", 403),
            ({"csrf_token": token[1][:-1] + "x"}, "", 403),
            ({"summary": "first", "csrf_token": token[1]}, "", 403),
            ({"csrf_token": token[1], "summary": "Put it there"}, "", 303),
        ]
    ):
        answer = room.post(f"{form[1]}{query}", data=fields, files=file, headers=cookie)
        assert answer.status_code == status, (number, answer.text)
    commits = room.get(f"/api/models/{repo}/commits/main", room.cast.alice).json()
    assert [one["title"] for one in commits] == ["Put it there", "Initial commit"]
    assert room.get(f"/{repo}/raw/main/a.txt", room.cast.alice).text == "hello"


@pytest.mark.parametrize(
    "place",
    ["//evil.example", "///evil.example", "/\\evil.example", "/\t/evil.example", "\\\\evil.example", "https://evil.example",
     "javascript:alert(1)", " //evil.example", "/\n/evil.example"],
)  # fmt: skip
def test_a_log_in_leads_nowhere_else(room: Room, place: str) -> None:
    alice = room.cast.alice
    form = {"name": alice.name, "password": alice.password, "next": place}
    assert room.post("/login", data=form).headers["location"] == "/"
    assert room.get("/login", params={"next": place}, headers=session(room, alice)).headers["location"] == "/"


def test_every_page_refuses_to_be_framed(room: Room) -> None:
    repo = room.repo(room.cast.alice, "framed")
    cookie = session(room, room.cast.alice)
    for path in (
        "/",
        f"/{repo}",
        f"/{repo}/settings",
        "/settings/tokens",
        "/oauth/device",
        "/nowhere/at/all",
    ):
        answer = room.get(path, headers=cookie)
        assert answer.status_code in (200, 404), path
        policy = answer.headers["content-security-policy"]
        for rule in ("frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "script-src 'self'"):
            assert rule in policy, (path, rule)


@pytest.mark.parametrize(
    "path", ["data:text/html,x", "data:image/svg+xml,x", "data:image/\u2603,x", "data:image/png;x,y"]
)
def test_a_name_does_not_say_what_type_a_file_has(path: str) -> None:
    assert media_type_of(path, is_text=True) == "text/plain; charset=utf-8"
    assert media_type_of(path, is_text=False) == "application/octet-stream"
