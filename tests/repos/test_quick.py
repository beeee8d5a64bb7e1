"""Quick search and what trends by API, and small questions about files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pioche.app import build_hub
from pioche.settings import Settings
from pioche.testkit.room import Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("quick")))
    yield Room(hub)
    hub.database.close()


@pytest.fixture(scope="module")
def model(room: Room) -> str:
    model = room.repo(room.cast.alice, "weather")
    room.write(room.cast.alice, model, {"README.md": "# Weather", "a/b.txt": "12345", "a/c/d.txt": "67"})
    room.repo(room.cast.alice, "weather-secret", private=True)
    room.post(f"/api/models/{model}/like", room.cast.bob)
    return model


def test_quick_search_names_what_one_may_see(room: Room, model: str) -> None:
    said = room.get("/api/quicksearch?q=weather").json()
    assert [one["id"] for one in said["models"]] == [model]
    assert said["modelsCount"] == 1
    own = room.get("/api/quicksearch?q=weather", room.cast.alice).json()
    assert own["modelsCount"] == 2
    people = room.post("/api/quicksearch", room.cast.carol, json={"q": "al", "type": ["user", "org"]}).json()
    assert [one["user"] for one in people["users"]] == ["alice"]
    assert "models" not in people
    assert room.get("/api/quicksearch?q=LAB&type=orgs").json()["orgs"][0]["name"] == "lab"


@pytest.mark.parametrize("text", ["", "%", "_", "' OR 1=1 --", "a" * 5000, "\U0010ffff", "%00", "(", "é" * 100])
def test_odd_texts_are_harmless(room: Room, model: str, text: str) -> None:
    answer = room.ask("GET", "/api/quicksearch", params={"q": text})
    assert answer.status_code == 200
    assert all(one["id"] != model for one in answer.json()["models"])


def test_unknown_types_are_refused(room: Room) -> None:
    assert "models" in room.get("/api/quicksearch?q=a&type=planets").json()["error"]
    assert room.get("/api/trending?type=planet").status_code == 400


def test_what_trends(room: Room, model: str) -> None:
    listed = room.get("/api/trending?type=model").json()["recentlyTrending"]
    assert (listed[0]["repoType"], listed[0]["repoData"]["id"]) == ("model", model)
    assert room.get("/api/trending").status_code == 200
    assert "weather-secret" not in room.get("/api/trending").text


def test_sizes_of_folders_and_files(room: Room, model: str) -> None:
    base = f"/api/models/{model}/treesize/main"
    assert room.get(f"{base}/a").json() == {"path": "/a", "size": 7}
    assert room.get(f"{base}/a/b.txt").json()["size"] == 5
    assert room.get(base).json()["size"] > 7
    assert room.get(f"{base}/nothing").status_code == 404


def test_a_scan_says_that_there_is_none(room: Room, model: str) -> None:
    assert room.get(f"/api/models/{model}/scan").json() == {"scansDone": False, "filesWithIssues": []}


def test_the_address_of_the_cache_is_the_file(room: Room, model: str) -> None:
    answer = room.get(f"/api/resolve-cache/models/{model}/main/a/b.txt")
    assert (answer.status_code, answer.text) == (200, "12345")
    head = room.head(f"/api/resolve-cache/models/{model}/main/a/b.txt")
    assert (head.status_code, head.headers["content-length"]) == (200, "5")
    assert len(head.headers["x-repo-commit"]) == 40
