"""Words in cards: found at once after a change, by those who may see them, with the place where they stand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pioche.app import build_hub
from pioche.names import RepoKind
from pioche.settings import Settings
from pioche.testkit.people import Person
from pioche.testkit.room import Room

CARD = """---
license: mit
tags: [pangolin]
pretty_name: Windy Hills
---
# Weather of the mountains

A model that tells **föhn** from bora. It was trained on 天気予報のデータ of ten years.

| station | height |
| --- | --- |
| Zugspitze | 2962 |
"""


FOUND = ["föhn", "FÖHN bora", "zugspitze 2962", "天気", "予報", "pangolin", "weather mit", "bora", "windy"]
NOT_FOUND = ["föhnig", "zugspitze nothing", "気天", "hidden", "", "   ", "#*|", "' OR 1=1 --", "\\", "%"]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("texts")))
    yield Room(hub)
    hub.database.close()


@pytest.fixture(scope="module")
def model(room: Room) -> str:
    model = room.repo(room.cast.alice, "bora")
    room.write(room.cast.alice, model, {"README.md": CARD})
    hidden = room.repo(room.cast.alice, "hidden", private=True)
    room.write(room.cast.alice, hidden, {"README.md": "# Hidden\n\nThe secret föhn of Zugspitze.\n"})
    settle(room)
    return model


def settle(room: Room) -> None:
    room.hub.queue.run_due(room.hub)


def hits(room: Room, query: str, person: Person | None = None) -> list[str]:
    answer = room.get(f"/api/search/full-text?q={query}", person)
    assert answer.status_code == 200, answer.text
    return [hit["repoId"]["name"] for hit in answer.json()["hits"]]


@pytest.mark.parametrize("words", FOUND)
def test_words_of_the_card_the_tags_and_the_name_are_found(room: Room, model: str, words: str) -> None:
    assert hits(room, words) == [model]


@pytest.mark.parametrize("words", NOT_FOUND)
def test_what_does_not_stand_there_is_not(room: Room, model: str, words: str) -> None:
    assert hits(room, words) == []


def test_private_cards_are_their_owner_s(room: Room, model: str) -> None:
    mine = hits(room, "zugspitze", room.cast.alice)
    assert len(mine) == 2
    assert model in mine
    answer = room.get("/api/search/full-text?q=zugspitze", room.cast.bob).json()
    assert answer["estimatedTotalHits"] == {kind.plural: int(kind is RepoKind.MODEL) for kind in RepoKind}
    assert "secret" not in room.get("/search/full-text?q=zugspitze").text


def test_the_page_shows_the_place(room: Room, model: str) -> None:
    page = room.get("/search/full-text?q=bora+föhn").text
    assert "A model that tells **<mark>föhn</mark>** from <mark>bora</mark>." in page
    assert f'href="/{model}"' in page


def test_a_card_shows_no_markup_of_its_own(room: Room) -> None:
    model = room.repo(room.cast.alice, "script")
    room.write(room.cast.alice, model, {"README.md": "# X\n\n<script>alert('wombat')</script>\n"})
    settle(room)
    page = room.get("/search/full-text?q=wombat").text
    assert "<mark>wombat</mark>" in page
    assert "<script>alert" not in page


def test_changes_are_found_and_what_was_is_not(room: Room) -> None:
    model = room.repo(room.cast.alice, "moving")
    room.write(room.cast.alice, model, {"README.md": "# Moving\n\nkingfisher\n"})
    settle(room)
    assert hits(room, "kingfisher") == [model]
    room.write(room.cast.alice, model, {"README.md": "# Moving\n\nnightingale\n"})
    settle(room)
    assert (hits(room, "kingfisher"), hits(room, "nightingale")) == ([], [model])
    answer = room.ask("DELETE", "/api/repos/delete", room.cast.alice, json={"name": model.split("/")[1]})
    assert answer.status_code == 200
    assert hits(room, "nightingale") == []
    settle(room)
    assert hits(room, "nightingale") == []


def test_what_is_called_so_comes_first(room: Room) -> None:
    for name, text in (("plain", "A heron."), ("heron", "A bird.")):
        model = room.repo(room.cast.alice, name)
        room.write(room.cast.alice, model, {"README.md": f"# {name}\n\n{text}\n"})
    settle(room)
    assert [name.split("/")[1].split("-")[0] for name in hits(room, "heron")] == ["heron", "plain"]


def test_a_space_is_found_by_its_program(room: Room) -> None:
    body = {"name": "painter", "type": "space", "sdk": "gradio"}
    assert room.post("/api/repos/create", room.cast.alice, json=body).status_code == 200
    lines = [
        {"key": "header", "value": {"summary": "App"}},
        {"key": "file", "value": {"path": "app.py", "content": "cHJpbnQoJ29yYW5ndXRhbicp", "encoding": "base64"}},
    ]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    headers = {"content-type": "application/x-ndjson"}
    answer = room.post("/api/spaces/alice/painter/commit/main", room.cast.alice, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    settle(room)
    assert hits(room, "orangutan") == ["alice/painter"]
    assert hits(room, "orangutan&type=model") == []


def test_what_cannot_be_answered_is_said(room: Room) -> None:
    answer = room.get("/api/search/full-text?q=a&type=nothing")
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_long_questions_are_cut(room: Room) -> None:
    assert hits(room, "x" * 5_000) == []
    assert room.get("/search/full-text?q=" + "word+" * 900).status_code == 200
