"""Text goes out compressed to whoever takes it, and means the same."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest
from starlette.testclient import TestClient

from pioche.accounts.types import OPERATOR, NewUser
from pioche.app import build_app
from pioche.hub import Hub
from pioche.web.assets import ROOT


@pytest.fixture
def client(hub: Hub) -> TestClient:
    return TestClient(build_app(hub), base_url="http://hub.test", follow_redirects=False)


def raw(client: TestClient, path: str, accept: str = "gzip") -> tuple[httpx.Response, bytes]:
    """The answer and its bytes as they came over the wire."""
    with client.stream("GET", path, headers={"accept-encoding": accept}) as answer:
        return answer, b"".join(answer.iter_raw())


def test_pages_are_compressed(client: TestClient) -> None:
    answer, packed = raw(client, "/docs")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(packed)
    assert "accept-encoding" in answer.headers["vary"]
    plain = raw(client, "/docs", "identity")[1]
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 2


@pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "*;q=0", "gzip;q=0, *"])
def test_nobody_gets_what_they_do_not_take(client: TestClient, accept: str) -> None:
    for path in ("/docs", "/static/css/pioche.css"):
        assert "content-encoding" not in raw(client, path, accept)[0].headers


@pytest.mark.parametrize("accept", ["gzip, deflate, br, zstd", "GZIP", "*", "br;q=1.0, gzip;q=0.05"])
def test_who_takes_gzip_gets_it(client: TestClient, accept: str) -> None:
    for path in ("/docs", "/static/css/pioche.css"):
        assert raw(client, path, accept)[0].headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("path", ["css/pioche.css", "js/upload.js", "icons.svg"])
def test_files_of_the_face_are_the_same(client: TestClient, path: str) -> None:
    answer, packed = raw(client, f"/static/{path}?v=1")
    assert answer.headers["vary"] == "accept-encoding"
    assert gzip.decompress(packed) == (ROOT / path).read_bytes()


def test_fonts_and_api_answers_stay_as_they_are(client: TestClient) -> None:
    font = next(ROOT.rglob("inter*normal.woff2")).relative_to(ROOT)
    assert "content-encoding" not in raw(client, f"/static/{font}")[0].headers
    assert "content-encoding" not in raw(client, "/api/models")[0].headers


@pytest.fixture
def member(hub: Hub, client: TestClient) -> TestClient:
    hub.accounts.sign_up(OPERATOR, NewUser("dora", "dora@example.test", "correct horse"))
    client.post("/login", data={"name": "dora", "password": "correct horse"})
    return client


def test_the_token_of_forms_differs_on_every_page_and_goes_on_working(member: TestClient) -> None:
    """Else it could be guessed from the length of compressed pages."""
    field = re.compile(r'name="csrf_token" value="([^"]+)"')
    first, second = (field.findall(member.get("/settings/profile").text)[0] for _ in range(2))
    assert first != second
    assert first.partition(".")[2] != second.partition(".")[2]
    form = {"fullname": "Dora", "email": "dora@example.test"}
    for token in (first, second, first):
        assert member.post("/settings/profile", data={**form, "csrf_token": token}).status_code == 303
    mixed = f"{first.partition('.')[0]}.{second.partition('.')[2]}"
    for token in (mixed, first[:-1], "", "."):
        assert member.post("/settings/profile", data={**form, "csrf_token": token}).status_code == 403
