"""The inbox by API and as a page; settings; watching by buttons."""

from __future__ import annotations

import re

import pytest
from tests.notifications.conftest import NoticeRoom

from pioche.accounts.types import NewToken
from pioche.testkit.people import Person
from pioche.web.auth import SESSION_COOKIE


class Browser:
    """A log-in of a person."""

    def __init__(self, room: NoticeRoom, person: Person) -> None:
        self._room = room
        self._cookie = {"cookie": f"{SESSION_COOKIE}={room.hub.accounts.log_ins.open(room.actor(person), 'tests')}"}

    def get(self, path: str, status: int = 200) -> str:
        answer = self._room.get(path, headers=self._cookie)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text if status == 200 else answer.headers.get("location", "")

    def post(self, path: str, form: dict[str, str | list[str]]) -> int:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/settings/profile"))
        assert found
        return self._room.post(path, headers=self._cookie, data={"csrf_token": found[1], **form}).status_code


@pytest.fixture(scope="module")
def alice(room: NoticeRoom) -> Browser:
    return Browser(room, room.cast.alice)


def test_the_list_is_counted_filtered_and_paged(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    for number in range(30):
        room.open(bob, model, f"Question {number}")
    room.open(bob, room.model(alice), "Elsewhere", "@alice")
    room.settle()
    query = f"repoType=model&repoName={model}"
    body = room.get(f"/api/notifications?{query}", alice).json()
    assert (body["count"]["view"], body["start"], len(body["notifications"])) == (30, 0, 25)
    assert body["notifications"][0]["discussion"]["title"] == "Question 29"
    assert len(room.get(f"/api/notifications?{query}&p=1", alice).json()["notifications"]) == 5
    mentions = room.get("/api/notifications?mention=mentions", alice).json()
    assert {one["reason"] for one in mentions["notifications"]} == {"mention"}
    first = body["notifications"][0]["discussion"]["id"]
    room.post("/api/notifications/mark-as-read", alice, json={"discussionIds": [first]})
    assert room.get(f"/api/notifications?{query}&readStatus=unread", alice).json()["count"]["view"] == 29
    room.post("/api/notifications/mark-as-read", alice, json={"discussionIds": [first], "read": False})
    assert room.get(f"/api/notifications?{query}&readStatus=unread", alice).json()["count"]["view"] == 30
    assert room.ask("DELETE", "/api/notifications", alice, json={"discussionIds": [first]}).status_code == 200
    assert room.get(f"/api/notifications?{query}", alice).json()["count"]["view"] == 29
    room.ask("DELETE", f"/api/notifications?{query}&applyToAll=true", alice)
    assert room.get(f"/api/notifications?{query}", alice).json()["count"]["view"] == 0
    room.comment(bob, model, 30)
    assert room.about(alice, model) == [("owner", "commented", False)]


def test_bad_input(room: NoticeRoom) -> None:
    alice = room.cast.alice
    for query in ("readStatus=x", "mention=x", "repoType=x", "repoType=model&repoName=%20", "lastUpdated=x", "p=x"):
        assert room.get(f"/api/notifications?{query}", alice).status_code == 400, query
    for body in ({"discussionIds": ["xyz"]}, {"ids": ["f" * 40]}, {"ids": "x"}, {"ids": ["1"] * 501}):
        assert room.post("/api/notifications/mark-as-read", alice, json=body).status_code == 400, body
    settings = {"notifications": {"no_such_thing": True}}
    assert room.ask("PATCH", "/api/settings/notifications", alice, json=settings).status_code == 400
    assert room.get("/api/notifications").status_code == 401


def test_nobody_changes_what_is_anothers(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    room.open(bob, model)
    one = next(one for one in room.inbox(alice) if one["repo"]["name"] == model)
    room.ask("DELETE", "/api/notifications", bob, json={"ids": [one["id"]]})
    assert room.about(alice, model) == [("owner", "opened", False)]
    assert Browser(room, bob).get(f"/notifications/{int(one['id'], 16)}", 404) == ""


def test_tokens_that_are_narrowed_see_none(room: NoticeRoom) -> None:
    actor = room.hub.accounts.actor_of_session(room.hub.accounts.log_ins.open(room.actor(room.cast.alice), "tests"))
    assert actor is not None
    _, secret = room.hub.accounts.tokens.create(actor, NewToken("reader", "read"))
    headers = {"authorization": f"Bearer {secret}"}
    assert room.get("/api/notifications", headers=headers).status_code == 200
    assert room.ask("DELETE", "/api/notifications", headers=headers, json={}).status_code == 403


def test_what_one_wants_to_be_told(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    off = {"notifications": {"web_discussions_watched": False, "web_user_follows": False}}
    answer = room.ask("PATCH", "/api/settings/notifications", alice, json=off).json()["notifications"]
    assert (answer["web_discussions_watched"], answer["discussions_watched"]) == (False, True)
    model = room.model(alice)
    num = room.open(bob, model)
    assert room.about(alice, model) == []
    room.comment(bob, model, num, "@alice please")
    assert room.about(alice, model) == [("mention", "commented", False)]
    on = {"notifications": {"web_discussions_watched": True, "web_user_follows": True}}
    room.ask("PATCH", "/api/settings/notifications", alice, json=on)


def test_the_page_and_the_bell(room: NoticeRoom, alice: Browser) -> None:
    room.post("/api/notifications/mark-as-read?applyToAll=true", room.cast.alice, json={})
    assert "bell-count" not in alice.get("/")
    assert "btn-icon bell" not in room.get("/").text
    model = room.model(room.cast.alice)
    num = room.open(room.cast.bob, model, "On <the> page")
    room.settle()
    assert '<span class="bell-count" aria-hidden="true">1</span>' in alice.get("/")
    text = alice.get("/notifications?view=unread")
    assert "On &lt;the&gt; page" in text
    found = re.search(r'name="id" value="(\d+)"', text)
    assert found
    where = alice.get(f"/notifications/{found[1]}", 303)
    assert where.startswith(f"/{model}/discussions/{num}?comment=")
    assert "On &lt;the&gt; page" not in alice.get("/notifications?view=unread")
    assert alice.post("/notifications", {"do": "unread", "id": [found[1]]}) == 303
    assert "bell-count" in alice.get("/")
    assert alice.post(f"/notifications?repo=models/{model}", {"do": "all-done", "until": "9999999999999"}) == 303
    assert "On &lt;the&gt; page" not in alice.get("/notifications")
    assert "On &lt;the&gt; page" in alice.get("/notifications?view=done")
    assert alice.post("/notifications", {"one": f"mute:{found[1]}"}) == 303
    room.comment(room.cast.bob, model, num)
    assert room.about(room.cast.alice, model) == []
    assert "On &lt;the&gt; page" in alice.get("/settings/notifications")
    assert alice.post("/notifications", {"do": "dance"}) == 400
    assert alice.post("/notifications", {"do": "all-mute", "until": "1"}) == 400
    assert alice.post("/notifications", {"one": "read:x"}) == 400
    assert room.get("/notifications").status_code == 303


def test_buttons_watch_and_mute(room: NoticeRoom, alice: Browser) -> None:
    model = room.model(room.cast.bob)
    num = room.open(room.cast.bob, model)
    assert alice.post(f"/{model}/watch", {"do": "watch"}) == 303
    assert "Watching" in alice.get(f"/{model}")
    assert alice.post(f"/{model}/discussions/{num}/watch", {"do": "mute"}) == 303
    assert "You are told of nothing here." in alice.get(f"/{model}/discussions/{num}")
    room.comment(room.cast.carol, model, num)
    assert room.about(room.cast.alice, model) == []
    other = room.open(room.cast.carol, model)
    assert room.about(room.cast.alice, model) == [("watching", "opened", False)]
    assert alice.post(f"/{model}/watch", {"do": "nonsense"}) == 400
    assert alice.post(f"/{model}/discussions/{other + 7}/watch", {"do": "mute"}) == 404
    assert alice.post("/bob/-/watch", {"do": "watch"}) == 303
    text = alice.get("/settings/notifications")
    for number in re.findall(r"/settings/notifications/(\d+)/remove", text):
        assert alice.post(f"/settings/notifications/{number}/remove", {}) == 303
    assert "/remove" not in alice.get("/settings/notifications")
    assert alice.post("/settings/notifications", {"web": ["mention"], "mail": []}) == 303
    assert alice.get("/settings/notifications").count("checked") == 1
    assert alice.post("/settings/notifications", {"web": ["everything"]}) == 400
    everything: dict[str, str | list[str]] = {
        "web": ["mention", "participating", "watching", "follow"],
        "mail": ["mention", "participating", "watching"],
    }
    assert alice.post("/settings/notifications", everything) == 303
