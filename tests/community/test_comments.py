"""Comments that are edited and hidden, titles that change: who may, and what is told afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from pioche.community.types import CommentEdit
from pioche.names import RepoId, RepoKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room


class Thread:
    """A discussion of carol's about a model of alice's, with a comment of carol's."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.repo = room.repo(room.cast.alice, "talk")
        self.base = f"/api/models/{self.repo}/discussions/1"
        opened = {"title": "First title", "description": "The question"}
        assert room.post(self.base[:-2], room.cast.carol, json=opened).json()["num"] == 1
        said = room.post(f"{self.base}/comment", room.cast.carol, json={"comment": "One"})
        self.comment: str = said.json()["newMessage"]["id"]

    def edit(self, person: Person | None, text: str, comment: str = "") -> Any:
        where = f"{self.base}/comment/{comment or self.comment}/edit"
        return self.room.post(where, person, json={"content": text})

    def hide(self, person: Person | None) -> Any:
        return self.room.post(f"{self.base}/comment/{self.comment}/hide", person)

    def rename(self, person: Person | None, title: str) -> Any:
        return self.room.post(f"{self.base}/title", person, json={"title": title})

    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.room.get(self.base).json()["events"]
        return found


@pytest.fixture
def thread(room: Room) -> Thread:
    return Thread(room)


def test_an_edited_comment_keeps_what_it_said(thread: Thread) -> None:
    cast = thread.room.cast
    fresh = thread.events()[1]["data"]
    assert (fresh["edited"], fresh["hidden"], fresh["history"]) == (False, False, [])
    assert thread.edit(cast.carol, "Two").status_code == 200
    answer = thread.edit(cast.alice, "*Three*").json()["updatedComment"]
    data = answer["data"]
    assert (answer["id"], answer["type"], answer["author"]) == (thread.comment, "comment", {"name": "carol"})
    assert (data["edited"], data["hidden"]) == (True, False)
    assert (data["latest"]["raw"], data["latest"]["author"]) == ("*Three*", {"name": "alice"})
    assert "<em>Three</em>" in data["latest"]["html"]
    assert [(old["raw"], old["author"]["name"]) for old in data["history"]] == [("One", "carol"), ("Two", "carol")]
    assert data["history"][0]["updatedAt"] == answer["createdAt"] == fresh["latest"]["updatedAt"]
    assert thread.events()[1] == answer


def test_the_same_text_is_no_edit(thread: Thread) -> None:
    data = thread.edit(thread.room.cast.carol, "One").json()["updatedComment"]["data"]
    assert (data["edited"], data["history"]) == (False, [])


def test_a_hidden_comment_tells_nothing_more(thread: Thread) -> None:
    carol = thread.room.cast.carol
    thread.edit(carol, "My secret")
    data = thread.hide(carol).json()["updatedComment"]["data"]
    assert (data["hidden"], data["history"], data["latest"]["html"]) == (True, [], "")
    for path in (thread.base, f"/{thread.repo}/discussions/1"):
        text = thread.room.get(path, carol).text
        assert "hidden" in text
        assert "My secret" not in text
    assert thread.hide(carol).status_code == 200
    assert thread.edit(carol, "Back").status_code == 409


def test_others_may_not(thread: Thread) -> None:
    cast = thread.room.cast
    for person, status in ((None, 401), (cast.bob, 403)):
        assert thread.edit(person, "Mine").status_code == status
        assert thread.hide(person).status_code == status
        assert thread.rename(person, "Mine").status_code == status
    assert [event["type"] for event in thread.events()] == ["comment", "comment"]
    assert thread.events()[1]["data"]["latest"]["raw"] == "One"


def test_ids_are_of_comments_of_this_discussion(thread: Thread) -> None:
    carol = thread.room.cast.carol
    assert thread.edit(carol, "Two", thread.comment.upper()).status_code == 200
    renamed = thread.rename(carol, "Second title").json()["newTitle"]["id"]
    elsewhere = Thread(thread.room).comment
    for wrong in (renamed, elsewhere, "f" * 24, "1", "0" * 23 + "٣"):
        assert thread.edit(carol, "Three", wrong).status_code == 404, wrong
    assert thread.events()[1]["data"]["latest"]["raw"] == "Two"


@pytest.mark.parametrize("text", ["", "  \n", "x" * (64 * 1024 + 1)])
def test_a_comment_has_text_within_bounds(thread: Thread, text: str) -> None:
    assert thread.edit(thread.room.cast.carol, text).status_code == 400


def test_a_comment_is_not_edited_for_ever(thread: Thread) -> None:
    community, actor = thread.room.hub.community, thread.room.actor(thread.room.cast.carol)
    repo_id = RepoId.parse(RepoKind.MODEL, thread.repo)
    for number in range(100):
        community.edit_comment(actor, repo_id, 1, CommentEdit(int(thread.comment, 16), f"Text {number}"))
    assert thread.edit(thread.room.cast.carol, "Once more").status_code == 409


def test_a_title_changes_and_both_are_told(thread: Thread) -> None:
    answer = thread.rename(thread.room.cast.carol, " Second title ").json()["newTitle"]
    assert (answer["type"], answer["author"]) == ("title-change", {"name": "carol"})
    assert answer["data"] == {"from": "First title", "to": "Second title"}
    assert thread.events()[-1] == answer
    assert thread.room.get(thread.base).json()["title"] == "Second title"
    assert thread.rename(thread.room.cast.alice, "Third title").status_code == 200
    for wrong in ("Third title", "", "x" * 301):
        assert thread.rename(thread.room.cast.carol, wrong).status_code == 400


def test_the_page_shows_what_changed_and_who_may_change_it(thread: Thread) -> None:
    cast = thread.room.cast
    thread.edit(cast.carol, "Two")
    thread.rename(cast.carol, "<b>Second</b>")
    page = thread.room.get(f"/{thread.repo}/discussions/1", cast.carol).text
    assert "<q>First title</q>" in page
    assert "<q>&lt;b&gt;Second&lt;/b&gt;</q>" in page
    assert '<pre class="break">One</pre>' in page
    assert page.count('value="edit"') == 2
    assert page.count('value="rename"') == 1
    assert 'value="edit"' in thread.room.get(f"/{thread.repo}/discussions/1", cast.alice).text
    for person in (cast.bob, None):
        page = thread.room.get(f"/{thread.repo}/discussions/1", person).text
        assert 'value="edit"' not in page
        assert 'value="rename"' not in page
