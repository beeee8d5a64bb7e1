"""`@name` and `#12` in comments."""

from __future__ import annotations

import time

import pytest

from pioche.community.references import names_in, numbers_in
from pioche.testkit.room import Room


def test_names_and_numbers_are_links_and_what_is_spoken_of_shows_it(room: Room) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    repo = room.repo(alice, "references")
    where = f"/api/models/{repo}/discussions"
    for title, text in (("One", "No words"), ("Two", "As in #1 and #1 and #9, `#1`, @Bob, @lab. @nobody mail@bob")):
        assert room.post(where, carol, json={"title": title, "description": text}).is_success
    html = room.get(f"{where}/2").json()["events"][0]["data"]["latest"]["html"]
    assert html.count(f'href="/{repo}/discussions/1"') == 2
    for link in ('href="/bob"', 'href="/lab"'):
        assert html.count(link) == 1, html
    for none in ("/nobody", "discussions/9"):
        assert none not in html
    spoken = room.get(f"{where}/1").json()["events"][-1]
    assert (spoken["type"], spoken["data"], spoken["author"]) == ("reference", {"num": 2}, {"name": "carol"})
    room.post(f"{where}/2/comment", alice, json={"comment": "#1 again, and #2 itself"})
    assert [event["type"] for event in room.get(f"{where}/1").json()["events"]] == ["comment", "reference"]
    assert "reference" not in [event["type"] for event in room.get(f"{where}/2").json()["events"]]


def test_an_edit_speaks_of_others_too(room: Room) -> None:
    alice = room.cast.alice
    repo = room.repo(alice, "references")
    where = f"/api/models/{repo}/discussions"
    for title in ("One", "Two"):
        room.post(where, alice, json={"title": title, "description": "Text"})
    comment = room.get(f"{where}/2").json()["events"][0]["id"]
    edited = room.post(f"{where}/2/comment/{comment}/edit", alice, json={"content": "See #1"}).json()["updatedComment"]
    assert f'<a href="/{repo}/discussions/1"' in edited["data"]["latest"]["html"]
    assert room.get(f"{where}/1").json()["events"][-1]["data"] == {"num": 2}
    room.post(f"{where}/1/comment", alice, json={"comment": "Back to #2"})
    assert f'href="/{repo}/discussions/1"' in room.get(f"/{repo}/discussions/2").text
    room.ask("DELETE", f"{where}/1", alice)
    page = room.get(f"/{repo}/discussions/2")
    assert (page.status_code, page.text.count("spoke of this in")) == (200, 1)
    assert f'href="/{repo}/discussions/1"' not in page.text
    assert "<a" not in room.get(f"{where}/2").json()["events"][0]["data"]["latest"]["html"]


@pytest.mark.parametrize(
    ("text", "names", "numbers"),
    [
        ("@alice, @Bob. (@carol)", ["alice", "bob", "carol"], []),
        ("a@b.c /@x https://h/@y @@z", [], []),
        ("#1 (#2) x#3 #0 #4a &#5; #12345678901", [], [1, 2]),
        ("```\n@in #1\n``` `@code #2` ```open @too #3", [], []),
        ("", [], []),
    ],
)
def test_what_is_found(text: str, names: list[str], numbers: list[int]) -> None:
    assert (names_in(text), numbers_in(text)) == (names, numbers)


def test_hostile_texts_take_no_time_and_call_few() -> None:
    started = time.process_time()
    for text in ("@" * 65_536, "`" * 65_536, "#1" * 32_768, "@a." * 20_000, "```" * 20_000, "`a\n" * 20_000):
        assert len(names_in(text)) <= 50
        assert len(numbers_in(text)) <= 50
    assert len(names_in(" ".join(f"@user{n}" for n in range(5000)))) == 50
    assert time.process_time() - started < 2
