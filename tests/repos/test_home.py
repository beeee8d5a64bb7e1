"""The home page shows what trends among what its reader may see."""

from __future__ import annotations

import re

from pioche.hub import Hub
from pioche.testkit.people import Person
from pioche.testkit.room import Room


def trending(room: Room, person: Person | None = None) -> list[str]:
    """The models, in the order of the page."""
    page = room.get("/", person)
    assert page.status_code == 200
    models = page.text.partition("Trending models")[2].partition("Trending datasets")[0]
    return [name.rpartition("/")[2].rpartition("-")[0] for name in re.findall(r'<a href="/([^"]+)" data-item>', models)]


def test_liked_comes_first_and_private_is_not_there(room: Room) -> None:
    alice, cast = room.cast.alice, room.cast
    repos = {name: room.repo(alice, name, private=name == "hidden") for name in ("loved", "hidden", "plain")}
    for person in (cast.alice, cast.bob, cast.carol):
        assert room.post(f"/api/models/{repos['loved']}/like", person).is_success
    assert room.post(f"/api/models/{repos['hidden']}/like", alice).is_success
    assert trending(room) == ["loved", "plain"]
    assert trending(room, alice) == ["loved", "hidden", "plain"]
    assert trending(room, cast.carol) == ["loved", "plain"]
    for number in range(10):
        room.repo(alice, f"more{number}")
    assert len(trending(room)) == 8
    assert trending(room)[0] == "loved"
    assert repos["hidden"] not in room.get("/").text


def test_who_has_nothing_yet_is_told_where_the_client_comes_from(room: Room) -> None:
    page = room.get("/", room.cast.carol).text
    assert page.index("pip install huggingface_hub") < page.index("hf auth login") < page.index("hf upload carol/")


def test_an_empty_list_shows_a_command_with_an_owner_and_a_name(hub: Hub) -> None:
    room = Room(hub)
    assert "hf upload carol/my-space ./my-folder --repo-type space" in room.get("/spaces", room.cast.carol).text
    assert "hf upload my-name/my-model ./my-folder" in room.get("/models").text
