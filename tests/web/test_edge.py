"""The request edge: who may send much, where redirects lead, and what the cache of answers may keep."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request

from pioche.app import build_hub
from pioche.hub import Hub
from pioche.settings import Settings
from pioche.testkit.room import Room
from pioche.web.cache import AnswerCache


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("edge") / "data"))
    yield Room(hub)
    hub.database.close()


@pytest.mark.parametrize("path", ["/%2Fx.example/y.git", "/%5Cx.example/y.git", "/a%0d%0ax/y.git", "/a/..%2Fb.git"])
def test_no_address_of_a_repository_leads_to_another_host(room: Room, path: str):
    answer = room.get(path)
    assert (answer.status_code, "location" in answer.headers) == (401, False)


def test_a_body_for_the_disk_is_not_read_from_strangers(room: Room):
    """The body never ends, so an answer means that nobody waited for it."""
    repo = room.repo(room.cast.alice, "open")
    for path in (f"/api/models/{repo}/commit/main", f"/{repo}/upload/main", "/no/such/upload/main"):
        read = 0

        async def body(path: str = path):
            nonlocal read
            while read < 64:
                read += 1
                yield b"x" * 65536
            pytest.fail(f"{path} was read to its end")

        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = room.post(path, content=body(), headers=headers, follow_redirects=False)
        assert answer.status_code in (401, 404), answer.text


def test_a_form_that_is_too_large_is_refused_while_it_comes(room: Room):
    repo = room.repo(room.cast.alice, "form")
    sent = 0

    async def body():
        nonlocal sent
        yield b'--b\r\ncontent-disposition: form-data; name="files"; filename="f"\r\n\r\n'
        while sent < 300 * 1024 * 1024:
            sent += 4 * 1024 * 1024
            yield b"x" * (4 * 1024 * 1024)
        yield b"\r\n--b--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = room.post(f"/{repo}/upload/main", room.cast.alice, content=body(), headers=headers)
    assert (answer.status_code, sent < 300 * 1024 * 1024) == (413, True)


def _request(path: str) -> Request:
    return Request(
        {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    )


def test_answers_to_very_long_addresses_are_not_kept(hub: Hub):
    """The cache bounds the bytes of its answers, not of what was asked."""
    answers = AnswerCache(hub.database)
    assert answers.key(_request("/a")) is not None
    assert answers.key(_request("/" + "a" * 5000)) is None


@pytest.mark.parametrize("scheme", ["Basic", "Whatever"])
def test_what_a_browser_adds_by_itself_does_not_pass_for_consent(room: Room, scheme: str):
    """A browser that was asked for a password once sends it with every request, also those of other sites."""
    alice = room.cast.alice
    secret = base64.b64encode(f"{alice.name}:{alice.password}".encode()).decode()
    headers = {"authorization": f"{scheme} {secret}", "content-type": "text/plain"}
    for foreign in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = room.post("/api/repos/create", headers={**headers, **foreign}, content=b'{"name": "forged"}')
        assert answer.status_code == 403
    assert room.get(f"/api/models/{alice.name}/forged", alice).status_code == 404


def test_the_address_that_counts_is_the_one_the_proxy_saw(tmp_path: Path):
    """Whoever sends a header of their own must not get as many tries as they like."""
    hub = build_hub(Settings(data=tmp_path / "data", trust_proxy=True))
    room = Room(hub)
    for n in range(12):
        headers = {"x-forwarded-for": f"10.0.0.{n}, 192.0.2.7"}
        last = room.post("/login", data={"name": f"nobody{n}", "password": "guess guess"}, headers=headers)
    assert last.status_code == 429
    hub.database.close()


@pytest.mark.parametrize(
    "path",
    [
        "/a%00b",
        "/alice/z/resolve/main/a%00b",
        "/api/models/alice/a%00b",
        "/api/models?limit=a%00b",
        "/static/a%00b",
        "/static/" + "x" * 3000,
        "/static/%2e%2e/templates.py",
        "/api/models/alice/{repo}/commits/main?cursor=" + "9" * 5000,
    ],
)
def test_odd_addresses_are_refused_in_good_order(room: Room, path: str):
    """The answer can be sent, too: no control character of the address is in a header."""
    repo = room.repo(room.cast.alice, "odd").partition("/")[2]
    answer = room.get(path.replace("{repo}", repo), room.cast.alice)
    assert 400 <= answer.status_code < 500
    assert all(value.isprintable() for value in answer.headers.values())


def test_credentials_that_cannot_be_read_are_refused(room: Room):
    assert room.get("/api/whoami-v2", headers={"authorization": "Basic \u00e9".encode("latin-1")}).status_code == 401


def test_a_compressed_body_that_ends_in_the_middle_is_refused(room):
    body = gzip.compress(b'{"name": "half-sent"}')[:-9]
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = room.post("/api/repos/create", room.cast.alice, content=body, headers=headers)
    assert answer.status_code == 400
    assert "ends in the middle" in answer.json()["error"]


DEEP = "[" * 50_000 + "]" * 50_000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", '{"model": "a/b", "messages": [{"role": "user", "content": [{"x": DEEP}]}]}'),
        ("/v1/chat/completions", '{"model": "a/b", "messages": [{"role": "user", "content": [{"x": SOME}]}]}'),
        ("/api/quicksearch", '{"x": DEEP}'),
        ("/api/validate-yaml", '{"content": "", "x": DEEP}'),
        ("/api/models/REPO/commit/main", '{"key": "header", "value": {"summary": "s", "x": DEEP}}'),
        ("/api/models/REPO/preupload/main", '{"files": [], "x": DEEP}'),
        ("/api/jobs/alice", '{"dockerImage": "python:3.12", "command": [], "environment": DEEP}'),
    ],
)
def test_values_a_thousand_deep_are_refused(room: Room, path: str, body: str):
    repo = room.repo(room.cast.alice, f"deep-{abs(hash((path, body)))}")
    content = body.replace("DEEP", DEEP).replace("SOME", "[" * 300 + '"a"' + "]" * 300)
    headers = {"content-type": "application/json"}
    answer = room.post(path.replace("REPO", repo), room.cast.alice, content=content, headers=headers)
    assert answer.status_code == 400, answer.text


def test_files_a_thousand_deep_spoil_no_list(room: Room):
    repo = room.repo(room.cast.alice, "deep-files")
    names = ("config.json", "tokenizer_config.json", "model.safetensors.index.json", "model_index.json", "x.ipynb")
    room.write(room.cast.alice, repo, dict.fromkeys(names, f'{{"a": {DEEP}}}'))
    for path in (f"/api/models/{repo}", "/api/models?expand[]=safetensors&expand[]=config", f"/{repo}", "/models"):
        assert room.get(path).status_code == 200, path
    for name in names:
        assert room.get(f"/{repo}/blob/main/{name}").status_code == 200, name


def test_a_form_without_its_fields_is_shown_again(room: Room):
    assert room.post("/new", room.cast.alice, content=b"a=b").status_code == 400


def test_nothing_at_an_address_is_told_to_who_is_logged_in(room: Room):
    actor = room.actor(room.cast.alice)
    cookies = {"cookie": f"pioche_session={room.hub.accounts.log_ins.open(actor, 'test')}"}
    for headers, log_in in (({}, True), (cookies, False), ({"cookie": "pioche_session=wrong"}, True)):
        answer = room.get("/alice/x/no/such/page", headers={"accept": "text/html", **headers})
        assert answer.status_code == 404
        assert "There is nothing at this address" in answer.text
        assert ('href="/login' in answer.text) is log_in
