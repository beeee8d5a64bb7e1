"""Downloads: what counts, what counts once, and what is shown."""

from __future__ import annotations

import time

import httpx
import pytest
from sqlalchemy import update

from pioche.hub import Hub
from pioche.names import RepoKind
from pioche.repos.query_files import is_query_file
from pioche.repos.service.downloads import DAY, Downloads, Served
from pioche.repos.tables import download_days
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.room import Room
from pioche.testkit.server import Server


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


@pytest.mark.parametrize(
    ("library", "path", "counts"),
    [
        ("transformers", "config.json", True),
        ("transformers", "model.safetensors", False),
        ("transformers", "onnx/config.json", False),
        (None, "config.json", True),
        ("diffusers", "model_index.json", True),
        ("diffusers", "unet/config.json", False),
        ("peft", "adapter_config.json", True),
        ("peft", "config.json", False),
        ("gguf", "weights/model-q4.gguf", True),
        ("transformers", "README.md", False),
    ],
)
def test_of_a_model_the_query_file_counts(library: str | None, path: str, counts: bool) -> None:
    assert is_query_file(RepoKind.MODEL, library, path) is counts
    assert is_query_file(RepoKind.DATASET, library, path)
    assert not is_query_file(RepoKind.SPACE, library, path)


def test_once_for_an_address_and_a_while(hub: Hub) -> None:
    downloads, what = Downloads(hub.database, hub.queue), Served(1, "1 config.json", 0.2)
    assert downloads.note(what, "10.0.0.1"), "a flush is to be planned"
    assert not downloads.note(what, "10.0.0.1")
    assert not downloads.note(what, "10.0.0.2"), "one is planned already"
    time.sleep(0.25)
    downloads.note(what, "10.0.0.1")
    assert downloads._waiting[1] == 3


def test_what_is_remembered_has_an_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.repos.service.downloads.MAX_REMEMBERED", 10)
    downloads = Downloads(hub.database, hub.queue)
    for number in range(100):
        downloads.note(Served(1, "x", 300), f"10.0.0.{number}")
    assert len(downloads._recent) == 10


def test_what_could_not_be_written_is_written_the_next_time(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    model = room.repo(room.cast.alice, "counted")
    number = room.number(room.cast.alice, model)
    downloads = room.hub.downloads
    downloads.note(Served(number, "a", 1), "x")
    with monkeypatch.context() as patch:
        patch.setattr(room.hub.database, "write", _full)
        with pytest.raises(OSError, match="full"):
            downloads.flush()
    assert downloads.note(Served(number, "b", 1), "x"), "the next one plans a flush"
    assert downloads.flush() == 2
    assert shown(room, model)["downloadsAllTime"] == 2


def _full() -> None:
    raise OSError("the disk is full")


def shown(room: Room, model: str) -> dict[str, int]:
    names = "downloads", "downloadsAllTime", "trendingScore"
    answer = room.get(f"/api/models/{model}?" + "&".join(f"expand={name}" for name in names))
    found: dict[str, int] = answer.json()
    return found


def test_what_is_asked_for_over_http_is_shown(room: Room) -> None:
    alice = room.cast.alice
    model = room.repo(alice, "asked")
    room.write(alice, model, {"config.json": "{}", "other.txt": "1"})
    for path in ("config.json", "other.txt", "missing.json", "config.json"):
        room.get(f"/{model}/resolve/main/{path}")
    room.head(f"/{model}/resolve/main/config.json")
    assert room.hub.downloads.flush() == 1
    assert shown(room, model)["downloads"] == 1
    assert room.hub.downloads.flush() == 0
    (today,) = [count for _, count in room.hub.downloads.days(room.number(alice, model)) if count]
    assert today == 1


def test_after_thirty_days_it_is_of_all_time_only(room: Room) -> None:
    model = room.repo(room.cast.alice, "old")
    number = room.number(room.cast.alice, model)
    room.hub.downloads.note(Served(number, "a", 1), "x")
    room.hub.downloads.flush()
    with room.hub.database.write() as tx:
        tx.execute(update(download_days).values(day=tx.now // DAY - 31))
    room.hub.downloads.age()
    assert (shown(room, model)["downloads"], shown(room, model)["downloadsAllTime"]) == (0, 1)
    assert [count for _, count in room.hub.downloads.days(number)] == [0] * 30


def test_likes_and_downloads_trend(room: Room) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    quiet, liked, fetched = (room.repo(alice, name) for name in ("quiet", "liked", "fetched"))
    room.post(f"/api/models/{liked}/like", bob)
    number = room.number(alice, fetched)
    for address in range(30):
        room.hub.downloads.note(Served(number, "a", 1), str(address))
    room.hub.downloads.flush()
    order = [one["id"] for one in room.get("/api/models?sort=trendingScore&author=alice").json()]
    assert order == [liked, fetched, quiet]
    room.ask("DELETE", f"/api/models/{liked}/like", bob)
    order = [one["id"] for one in room.get("/api/models?sort=trendingScore&author=alice").json()]
    assert order == [fetched, quiet, liked] or order == [fetched, liked, quiet]


def test_kept_answers_count_and_the_count_survives_a_restart(own_server: Server, own_cast: Cast) -> None:
    """Over the wire, where answers of hot routes are kept."""
    server = own_server
    model = Make(server.url).repo(own_cast.alice, {"config.json": "{}"})
    for number in range(5):
        # Five machines behind a proxy that the hub does not believe are one address.
        headers = {"x-forwarded-for": f"10.0.0.{number}"}
        assert httpx.get(f"{server.url}/{model}/resolve/main/config.json", headers=headers).status_code == 200
    server.stop()
    server.start()
    found = httpx.get(f"{server.url}/api/models/{model}?expand=downloadsAllTime").json()
    assert found["downloadsAllTime"] == 1


def test_what_trends_is_read_page_by_page(room: Room) -> None:
    names = [room.repo(room.cast.alice, "paged") for _ in range(5)]
    room.post(f"/api/models/{names[2]}/like", room.cast.bob)
    seen, address = [], "/api/models?author=alice&limit=1"
    while address:
        answer = room.get(address)
        assert answer.status_code == 200, answer.text
        seen += [one["id"] for one in answer.json()]
        address = answer.links.get("next", {}).get("url", "").removeprefix("http://hub.test")
    assert sorted(seen) == sorted(names)
    assert seen[0] == names[2]
