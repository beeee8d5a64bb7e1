"""What people say about papers: by API and by page, and what nobody learns who may not see the paper."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from pioche.papers import comments
from pioche.testkit.room import Room

_keys = itertools.count(10000)


@pytest.fixture
def key(room: Room) -> str:
    """A paper that alice told of."""
    key = f"2401.{next(_keys)}"
    answer = room.post("/api/papers/index", room.cast.alice, json={"arxivId": key, "title": "On caves"})
    assert answer.status_code == 200, answer.text
    return key


def say(room: Room, key: str, text: str = "Well said", parent: str = "") -> str:
    path = f"/api/papers/{key}/comment" + (f"/{parent}/reply" if parent else "")
    answer = room.post(path, room.cast.carol, json={"comment": text})
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["newMessage"]["id"]
    return number


def test_comments_and_replies(room: Room, key: str) -> None:
    first, second = say(room, key, "*One*"), say(room, key, "Two")
    answer = say(room, key, "To one", first)
    again = say(room, key, "To the answer", answer)
    found = room.get(f"/api/papers/{key}/comments").json()
    assert (found["count"], found["numPages"]) == (4, 1)
    assert [one["id"] for one in found["comments"]] == [second, first]
    root = found["comments"][1]
    assert [(one["id"], one["replyTo"]) for one in root["replies"]] == [(answer, first), (again, first)]
    assert (root["author"], root["data"]["latest"]["raw"]) == ({"name": "carol"}, "*One*")
    assert "<em>One</em>" in root["data"]["latest"]["html"]
    assert room.get(f"/api/papers/{key}").json()["numComments"] == 4
    page = room.get(f"/papers/{key}", room.cast.bob).text
    assert page.index("<em>One</em>") < page.index("To one") < page.index("To the answer")


def test_the_page_takes_them_without_scripts(room: Room, key: str) -> None:
    bob = room.cast.bob
    assert room.post(f"/papers/{key}", bob, data={"text": "By hand <script>alert(1)</script>"}).status_code == 303
    number = int(room.get(f"/api/papers/{key}/comments").json()["comments"][0]["id"], 16)
    assert room.post(f"/papers/{key}", bob, data={"text": "An answer", "comment": str(number)}).status_code == 303
    page = room.get(f"/papers/{key}").text
    assert "An answer" in page
    assert "<script>alert" not in page
    empty = room.post(f"/papers/{key}", bob, data={"text": " "})
    assert empty.status_code == 400
    assert "A comment has 1 to" in empty.text
    assert room.post(f"/papers/{key}", bob, data={"text": "x", "comment": "x"}).status_code == 404


def test_what_is_hidden_tells_nothing_more(room: Room, key: str) -> None:
    number = say(room, key, "My secret")
    answer = say(room, key, "An answer", number)
    hide = f"/api/papers/{key}/comment/{number}/hide"
    assert room.post(hide).status_code == 401
    assert room.post(hide, room.cast.bob).status_code == 403
    assert room.post(hide, room.cast.carol).status_code == 204
    for path in (f"/api/papers/{key}/comments", f"/papers/{key}"):
        shown = room.get(path).text
        assert "My secret" not in shown
        assert "This comment is hidden." in shown
        assert "An answer" in shown
    assert room.post(f"/papers/{key}", room.cast.root, data={"do": "hide", "comment": str(int(answer, 16))}).is_redirect
    assert "An answer" not in room.get(f"/papers/{key}").text


def test_of_papers_that_only_private_cards_name_strangers_learn_nothing(room: Room) -> None:
    key = f"2402.{next(_keys)}"
    model = room.repo(room.cast.alice, "private", private=True)
    room.write(room.cast.alice, model, {"README.md": f'---\ntags: ["arxiv:{key}"]\n---\n'})
    path = f"/api/papers/{key}/comment"
    assert room.post(path, room.cast.alice, json={"comment": "Among us"}).status_code == 201
    unknown = f"/api/papers/2402.{next(_keys)}/comment"
    for person in (room.cast.carol, None):
        answer, other = (room.post(one, person, json={"comment": "?"}) for one in (path, unknown))
        assert answer.status_code == other.status_code
        assert room.get(f"{path}s", person).status_code == 404
        assert room.get(f"/papers/{key}", person).status_code == 404
    assert room.get(f"{path}s", room.cast.alice).json()["count"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"comment": ""}, 400),
        ({"comment": "x" * 65_537}, 400),
        ({}, 400),
        ({"comment": 3}, 400),
        ({"comment": "x"}, 201),
    ],
)
def test_what_a_comment_may_be(room: Room, key: str, body: dict[str, object], status: int) -> None:
    path = f"/api/papers/{key}/comment"
    if "comment" in body and body["comment"] != 3:
        assert room.post(path, json=body).status_code == 401
    assert room.post(path, room.cast.bob, json=body).status_code == status


def test_comments_belong_to_their_paper(room: Room, key: str) -> None:
    number = say(room, key)
    other = f"2403.{next(_keys)}"
    room.post("/api/papers/index", room.cast.alice, json={"arxivId": other, "title": "Another"})
    for wrong in (
        f"/api/papers/{other}/comment/{number}",
        f"/api/papers/{key}/comment/{'f' * 24}",
        f"/api/papers/{key}/comment/x",
    ):
        assert room.post(f"{wrong}/reply", room.cast.carol, json={"comment": "x"}).status_code == 404
        assert room.post(f"{wrong}/hide", room.cast.carol).status_code == 404


def test_many_have_pages_and_one_has_an_end(room: Room, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = room.actor(room.cast.bob)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: room.hub.paper_comments.add(actor, key, f"Comment {n}"), range(45)))
    sizes = [len(room.get(f"/api/papers/{key}/comments?p={page}").json()["comments"]) for page in range(3)]
    assert sizes == [20, 20, 5]
    assert "?p=2" in room.get(f"/papers/{key}").text
    monkeypatch.setattr(comments, "MAX_REPLIES", 2)
    number = say(room, key)
    for _ in range(2):
        say(room, key, "Answer", number)
    path = f"/api/papers/{key}/comment/{number}/reply"
    assert room.post(path, room.cast.carol, json={"comment": "One more"}).status_code == 409
