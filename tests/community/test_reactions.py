"""Reactions to comments: who may, what is counted, and what nobody learns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from pioche.community.types import EMOJIS
from pioche.names import RepoId, RepoKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room


class Thread:
    """A discussion of carol's about a model of alice's, with one comment."""

    def __init__(self, room: Room, private: bool = False) -> None:
        self.room = room
        self.owner = room.cast.alice
        self.repo = room.repo(self.owner, "reactions", private=private)
        self.base = f"/api/models/{self.repo}/discussions/1"
        by = self.owner if private else room.cast.carol
        assert room.post(self.base[:-2], by, json={"title": "Title", "description": "The question"}).is_success
        self.comment: str = room.get(self.base, by).json()["events"][0]["id"]

    def give(self, person: Person | None, emoji: str, comment: str = "") -> Any:
        path = f"{self.base}/comment/{comment or self.comment}/reaction"
        return self.room.post(path, person, json={"reaction": emoji})

    def take(self, person: Person | None, emoji: str) -> Any:
        return self.room.ask("DELETE", f"{self.base}/comment/{self.comment}/reaction/{quote(emoji)}", person)

    def reactions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.room.get(self.base).json()["events"][0]["data"]["reactions"]
        return found


@pytest.fixture
def thread(room: Room) -> Thread:
    return Thread(room)


def test_each_person_gives_each_sign_once_and_takes_it_back(thread: Thread) -> None:
    cast = thread.room.cast
    for _ in range(2):
        assert thread.give(cast.bob, "👍").status_code == 200
    thread.give(cast.alice, "👍")
    data = thread.give(cast.alice, "🔥").json()["updatedComment"]["data"]
    assert data["reactions"] == thread.reactions()
    assert thread.reactions() == [
        {"reaction": "🔥", "users": ["alice"], "count": 1},
        {"reaction": "👍", "users": ["bob", "alice"], "count": 2},
    ]
    listed = thread.room.get(thread.base[:-2]).json()["discussions"][0]
    assert (listed["numReactionUsers"], listed["topReactions"][0]) == (2, {"reaction": "👍", "count": 2})
    assert listed["numComments"] == 1
    for _ in range(2):
        assert thread.take(cast.bob, "👍").status_code == 200
    assert [(one["reaction"], one["users"]) for one in thread.reactions()] == [("🔥", ["alice"]), ("👍", ["alice"])]


def test_only_the_twelve(thread: Thread) -> None:
    bob = thread.room.cast.bob
    for wrong in ("💩", "👍👍", "", "x", "<b>", "👍" * 5000):
        assert thread.give(bob, wrong).status_code == 400, wrong
    assert (
        thread.room.post(f"{thread.base}/comment/{thread.comment}/reaction", bob, json={"reaction": 3}).status_code
        == 400
    )
    for emoji in EMOJIS:
        assert thread.give(bob, emoji).status_code == 200
    assert [one["reaction"] for one in thread.reactions()] == list(EMOJIS)


def test_nobody_reacts_to_what_is_hidden_locked_or_not_there(thread: Thread) -> None:
    cast = thread.room.cast
    assert thread.give(None, "👍").status_code == 401
    assert thread.give(cast.bob, "👍", "0" * 22 + "ff").status_code == 404
    assert thread.give(cast.bob, "👍", "nonsense").status_code == 404
    thread.room.post(f"{thread.base}/lock", cast.alice, json={})
    answer = thread.give(cast.bob, "👍")
    assert (answer.status_code, answer.headers["x-error-code"]) == (403, "DiscussionLocked")
    assert thread.give(cast.alice, "👍").status_code == 200
    thread.room.post(f"{thread.base}/comment/{thread.comment}/hide", cast.alice)
    assert thread.give(cast.alice, "🔥").status_code == 409
    assert thread.reactions() == []


def test_of_what_is_private_strangers_learn_nothing(room: Room) -> None:
    thread = Thread(room, private=True)
    assert thread.give(room.cast.alice, "👍").status_code == 200
    assert thread.give(room.cast.carol, "👍").status_code == 404
    assert thread.take(room.cast.carol, "👍").status_code == 404


def test_a_hundred_at_once_are_all_counted_once(thread: Thread) -> None:
    """The same person from many tabs, with others in between."""
    cast, hub = thread.room.cast, thread.room.hub
    repo_id = RepoId.parse(RepoKind.MODEL, thread.repo)
    actors = [thread.room.actor(person) for person in (cast.alice, cast.bob, cast.carol)]

    def react(number: int) -> None:
        hub.reactions.give(actors[number % 3], repo_id, 1, int(thread.comment, 16), "🚀")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(react, range(99)))
    found = thread.reactions()
    assert [one["count"] for one in found] == [3]
    assert sorted(found[0]["users"]) == ["alice", "bob", "carol"]
