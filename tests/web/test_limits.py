"""Rate limits: who is counted with whom, what is told, and what a flood costs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pioche.app import ROUTES, build_hub
from pioche.ports.executor import RUNS_ADDRESS
from pioche.settings import Settings
from pioche.testkit.room import Room
from pioche.testkit.server import Server
from pioche.web import limits

SMALL = {
    "limit_api": 8,
    "limit_api_anonymous": 4,
    "limit_resolvers": 6,
    "limit_resolvers_anonymous": 3,
    "limit_pages": 5,
    "limit_pages_anonymous": 2,
    "limit_inference": 3,
    "limit_inference_anonymous": 1,
}
Make = Callable[..., Room]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A room with these settings, whose people have asked nothing yet."""
    rooms: list[Room] = []

    def make(**settings: Any) -> Room:
        full = Room(build_hub(Settings(data=tmp_path / "data")))
        full.write(full.cast.alice, full.repo(full.cast.alice, "r"), {"a.txt": "1"})
        hub = replace(full.hub, settings=replace(full.hub.settings, **{**SMALL, **settings}))
        rooms.append(Room(hub, full.cast))
        return rooms[-1]

    yield make
    for room in rooms:
        room.hub.database.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the limiter's clock on."""
    ahead = [0.0]
    real = limits.time.monotonic

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return real() + ahead[0]

    def move(seconds: float) -> None:
        ahead[0] += seconds

    monkeypatch.setattr(limits, "time", Clock)
    return move


def statuses(ask: Callable[[], httpx.Response], times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


def test_every_answer_tells_what_is_left(make: Make) -> None:
    room = make()
    for path, person, bucket, quota in (
        ("/api/models", None, "api", 4),
        ("/api/models", room.cast.alice, "api", 8),
        ("/alice/r-1/resolve/main/a.txt", None, "resolvers", 3),
        ("/models", None, "pages", 2),
        ("/api/nothing-here", room.cast.bob, "api", 8),
    ):
        answer = room.get(path, person)
        assert answer.headers["ratelimit"] == f'"{bucket}";r={quota - 1};t=300', path
        assert answer.headers["ratelimit-policy"] == f'"fixed window";"{bucket}";q={quota};w=300'


def test_one_too_many_is_refused_in_json(make: Make, clock: Callable[[float], None]) -> None:
    room = make()
    assert statuses(lambda: room.get("/api/models"), 4) == [200] * 4
    clock(10.5)
    answer = room.get("/api/models")
    assert answer.status_code == 429
    assert answer.headers["ratelimit"] == '"api";r=0;t=290'
    assert answer.headers["retry-after"] == "290"
    assert answer.headers["x-error-code"] == "RateLimited"
    assert "Too many calls of the API" in answer.json()["error"]
    clock(289)
    assert room.get("/api/models").status_code == 429
    clock(1)
    assert room.get("/api/models").headers["ratelimit"] == '"api";r=3;t=300'


def test_a_page_is_refused_with_a_page(make: Make) -> None:
    room = make()
    assert statuses(lambda: room.get("/models"), 3) == [200, 200, 429]
    assert "text/html" in room.get("/models").headers["content-type"]
    assert room.get("/api/models").status_code == 200  # another bucket


def test_a_kept_answer_counts_and_keeps_no_numbers(make: Make) -> None:
    room = make()
    left = [room.get("/api/models/alice/r-1").headers["ratelimit"].split(";")[1] for _ in range(4)]
    assert left == ["r=3", "r=2", "r=1", "r=0"]
    assert room.get("/api/models/alice/r-1", room.cast.alice).headers["ratelimit"].split(";")[1] == "r=7"


def test_people_are_counted_apart_from_each_other_and_from_their_address(make: Make) -> None:
    room = make()
    assert statuses(lambda: room.get("/api/models"), 5)[-1] == 429
    for person in (room.cast.alice, room.cast.bob):
        assert statuses(lambda person=person: room.get("/api/whoami-v2", person), 9) == [200] * 8 + [429]
    assert room.get("/api/models", room.cast.carol).status_code == 200


def test_all_tokens_and_sessions_of_a_person_count_together(make: Make) -> None:
    room = make()
    alice = room.cast.alice
    cookie = room.hub.accounts.log_in("alice", alice.password, "")
    basic = httpx.BasicAuth("alice", alice.token)
    for _ in range(2):
        assert room.get("/api/whoami-v2", alice).status_code == 200
        assert room.get("/api/models", headers={"cookie": f"pioche_session={cookie}"}).status_code == 200
        assert room.get("/api/models", auth=basic).status_code == 200
    assert room.get("/api/models", alice).headers["ratelimit"].startswith('"api";r=1;')


def test_wrong_tokens_are_limited_by_address_and_keep_nobody_out_who_is_known(make: Make) -> None:
    room = make()

    numbers = itertools.count()

    def guess() -> httpx.Response:
        return room.get("/api/whoami-v2", headers={"authorization": f"Bearer hf_{next(numbers):034}"})

    assert room.get("/api/models", room.cast.alice).status_code == 200
    assert statuses(guess, 6) == [401] * 4 + [429] * 2
    assert room.get("/api/models").status_code == 200
    assert room.get("/api/models", room.cast.alice).status_code == 200
    # Who is new and cannot be told from one who guesses waits like them.
    assert room.get("/api/models", room.cast.bob).status_code == 429


def test_a_forwarded_address_is_not_believed(make: Make) -> None:
    room = make()

    def ask(address: str) -> int:
        return room.get("/api/models", headers={"x-forwarded-for": f"1.2.3.4, {address}"}).status_code

    assert [ask(f"10.0.0.{n}") for n in range(5)] == [200] * 4 + [429]


def test_behind_a_trusted_proxy_each_address_counts(make: Make) -> None:
    room = make(trust_proxy=True)

    def ask(address: str) -> int:
        return room.get("/api/models", headers={"x-forwarded-for": f"1.2.3.4, {address}"}).status_code

    assert [ask(f"10.0.0.{n}") for n in range(9)] == [200] * 9
    assert [ask("10.1.1.1") for _ in range(5)] == [200] * 4 + [429]
    # All addresses of one IPv6 network are one.
    assert [ask(f"2001:db8::{n}") for n in range(5)] == [200] * 4 + [429]
    assert ask("2001:db8:0:1::1") == 200


def test_what_a_job_says_about_its_address_is_not_believed(tmp_path: Path) -> None:
    """Jobs reach the hub past the proxy, from an address of their own."""
    server = Server(tmp_path / "data", {"PIOCHE_TRUST_PROXY": "yes", "PIOCHE_LIMIT_API_ANONYMOUS": "4"})
    try:
        server.start()
        transport = httpx.HTTPTransport(local_address=RUNS_ADDRESS)
        with httpx.Client(base_url=server.url, transport=transport) as job:
            said = [{"x-forwarded-for": f"10.0.0.{n}"} for n in range(5)]
            assert [job.get("/api/models", headers=one).status_code for one in said] == [200] * 4 + [429]
    finally:
        server.kill9()


def test_zero_is_no_limit(make: Make) -> None:
    room = make(limit_api=0, limit_api_anonymous=0)
    assert statuses(lambda: room.get("/api/models"), 20) == [200] * 20
    answer = room.get("/api/whoami-v2", room.cast.alice)
    assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)
    assert room.get("/api/whoami-v2", headers={"authorization": "Bearer hf_no"}).status_code == 401


def test_questions_to_models_have_their_own(make: Make) -> None:
    room = make()
    addresses = ("/v1/chat/completions", "/models/alice/r", "/v1/embeddings")
    asked = [room.post(path, room.cast.alice, json={}) for path in (*addresses, "/alice/r/try")]
    assert [answer.status_code == 429 for answer in asked] == [False, False, False, True]
    assert "questions to models" in asked[-1].text
    assert asked[0].headers["ratelimit"].startswith('"inference";r=2;t=')
    assert room.get("/api/models", room.cast.alice).status_code == 200


def test_what_has_no_limit(make: Make) -> None:
    room = make()
    for path in ("/healthz", "/static/css/pioche.css", "/robots.txt"):
        assert "ratelimit" not in room.get(path).headers
        assert 429 not in statuses(lambda path=path: room.get(path), 12)


def test_every_route_is_in_a_bucket_or_has_a_reason() -> None:
    free = {route.pattern for group in ROUTES for route in group if limits.bucket_of(route) is None}
    assert all(path.startswith(("/cas/", "/lfs/", "/static/")) or path.count("/") <= 2 for path in free), free
    buckets = {limits.bucket_of(route) for group in ROUTES for route in group}
    assert buckets == {None, "api", "resolvers", "pages", "inference"}


def test_many_addresses_do_not_fill_the_memory(
    make: Make, monkeypatch: pytest.MonkeyPatch, clock: Callable[[float], None]
) -> None:
    monkeypatch.setattr(limits, "MAX_WINDOWS", 50)
    room = make(trust_proxy=True)
    limiter = room._app.limits
    for number in range(200):
        headers = {"x-forwarded-for": f"10.0.{number // 250}.{number % 250}"}
        assert room.get("/api/models", headers=headers).status_code == 200
    assert len(limiter._windows) <= 50
    clock(301)
    assert statuses(lambda: room.get("/api/models", headers={"x-forwarded-for": "10.9.9.9"}), 5)[-1] == 429
    assert len(limiter._windows) < 5
