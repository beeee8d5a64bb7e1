"""The forms of a discussion, sent as a browser sends them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from pioche.app import build_app
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.web.auth import SESSION_COOKIE


class Browser:
    """Somebody who is logged in."""

    def __init__(self, room: Room, person: Person) -> None:
        self.client = TestClient(build_app(room.hub), base_url="http://hub.test", follow_redirects=False)
        self.client.cookies.set(SESSION_COOKIE, room.hub.accounts.log_ins.open(room.actor(person), "tests"))
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/settings/profile").text)
        assert found, "the profile page has no form"
        self.token = found[1]

    def send(self, path: str, status: int = 303, **form: str) -> str:
        answer = self.client.post(path, data={"csrf_token": self.token, **form})
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
def carol(room: Room) -> Iterator[Browser]:
    browser = Browser(room, room.cast.carol)
    yield browser
    browser.client.close()


def test_rename_edit_and_hide_by_form(room: Room, carol: Browser) -> None:
    repo = room.repo(room.cast.alice, "buttons")
    carol.send(f"/{repo}/discussions/new", title="First", text="Line one\nline two")
    page = f"/{repo}/discussions/1"
    found = re.search(r'name="comment" value="(\d+)"', carol.client.get(page).text)
    assert found
    carol.send(page, do="rename", title="Second")
    assert "<q>First</q>" in carol.client.get(page).text
    carol.send(page, do="edit", comment=found[1], text="Line one\r\nline two")
    assert "edited by" not in carol.client.get(page).text
    carol.send(page, do="edit", comment=found[1], text="Something else")
    assert "edited by" in carol.client.get(page).text
    carol.send(page, do="hide", comment=found[1])
    shown = carol.client.get(page).text
    assert "This comment is hidden." in shown
    assert "Something else" not in shown


def test_what_was_not_taken_stays_in_its_own_form(room: Room, carol: Browser) -> None:
    repo = room.repo(room.cast.alice, "refused")
    carol.send(f"/{repo}/discussions/new", title="First", text="Text")
    page = f"/{repo}/discussions/1"
    refused = carol.send(page, 400, do="rename", title="y" * 301)
    assert f'value="{"y" * 301}"' in refused
    assert refused.count("A title has 1 to 300 characters.") == 1
    carol.send(page, 404, do="edit", comment="x", text="Other")
    carol.send(page, 404, do="hide", comment="9" * 15)
    assert carol.client.post(page, data={"do": "rename", "title": "No token"}).status_code == 403
