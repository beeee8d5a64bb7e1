"""Ten thousand comments, and comments that are built to be slow."""

from __future__ import annotations

import re
import time

import pytest
from sqlalchemy import insert, update

from pioche.community.tables import discussion_events, discussions
from pioche.testkit.room import Room

MANY = 10_000
SECONDS = 2
"""For a page that takes a tenth of one: machines that run tests are busy."""


@pytest.fixture(scope="module")
def where(room: Room) -> str:
    """A discussion with a question and `MANY` answers, which say their number."""
    repo = room.repo(room.cast.alice, "many")
    opened = {"title": "Many", "description": "The question"}
    assert room.post(f"/api/models/{repo}/discussions", room.cast.carol, json=opened).is_success
    number = room.number(room.cast.alice, repo)
    with room.hub.database.write() as tx:
        row = discussions.c
        found = tx.execute(update(discussions).where(row.repo_id == number).values(comments=MANY + 1).returning(row.id))
        common = {"discussion_id": found.scalar_one(), "kind": "comment", "author_id": None, "created_at": tx.now}
        rows = [{**common, "text": f"Answer {n}: *so* it is, `{n}`."} for n in range(1, MANY + 1)]
        tx.execute(insert(discussion_events), rows)
    return repo


def numbers(html: str) -> list[int]:
    return [int(one) for one in re.findall(r"Answer (\d+): <em>", html)]


def test_pages_are_quick_and_each_comment_is_on_one(room: Room, where: str) -> None:
    for page in range(0, 101, 9):
        started = time.monotonic()
        answer = room.get(f"/{where}/discussions/1?p={page}", room.cast.alice)
        assert time.monotonic() - started < SECONDS
        # The question is the first of a hundred on the first page.
        assert numbers(answer.text) == list(range(max(1, page * 100), page * 100 + 100))
    assert numbers(room.get(f"/{where}/discussions/1?p=100000").text) == [MANY]


def test_a_link_leads_to_the_page_of_its_comment(room: Room, where: str) -> None:
    first = numbers(room.get(f"/{where}/discussions/1").text)[0]
    said = room.post(f"/api/models/{where}/discussions/1/comment", room.cast.carol, json={"comment": "The newest"})
    comment = int(said.json()["newMessage"]["id"], 16)
    page = room.get(f"/{where}/discussions/1?comment={comment}").text
    assert f'id="comment-{comment}"' in page
    assert first not in numbers(page)
    for wrong in ("0", "x", "9" * 40, "-1", "٣"):
        assert room.get(f"/{where}/discussions/1?comment={wrong}").status_code == 200


def test_clients_get_all_of_them(room: Room, where: str) -> None:
    started = time.monotonic()
    events = room.get(f"/api/models/{where}/discussions/1").json()["events"]
    assert time.monotonic() - started < 30
    assert len(events) >= MANY + 1
    assert events[MANY]["data"]["latest"]["raw"].startswith(f"Answer {MANY}")
    assert all(event["data"]["latest"]["html"] for event in events if event["type"] == "comment")


def test_slow_texts_do_not_add_up(room: Room) -> None:
    """Each may take a second of the processor; the page takes little more than three for all."""
    repo = room.repo(room.cast.alice, "slow")
    base = f"/api/models/{repo}/discussions"
    slow = "*a_" * 20_000
    for _ in range(2):
        room.post(base, room.cast.carol, json={"title": "Slow", "description": slow})
    for _ in range(4):
        assert room.post(f"{base}/1/comment", room.cast.carol, json={"comment": slow}).is_success
    started = time.process_time()
    page = room.get(f"/{repo}/discussions/1")
    assert page.status_code == 200
    assert page.text.count("<article") == 5
    assert time.process_time() - started < 6
