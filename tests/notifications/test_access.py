"""Requests to be let in to a gated repository: its people are told, and whoever asked; in the inbox and by mail."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from tests.notifications.conftest import NoticeRoom
from tests.notifications.test_mail import text, to

from pioche.testkit.people import Person


@pytest.fixture(autouse=True)
def _quiet(room: NoticeRoom) -> None:
    room.mails()


def gated(room: NoticeRoom, owner: Person, how: str = "manual", organization: str = "") -> str:
    if organization:
        body = {"name": f"gated-{len(room.get('/api/models').json())}", "organization": organization}
        assert room.post("/api/repos/create", owner, json=body).status_code == 200
        model = f"{organization}/{body['name']}"
    else:
        model = room.model(owner)
    answer = room.ask("PUT", f"/api/models/{model}/settings", owner, json={"gated": how})
    assert answer.status_code == 200, answer.text
    return model


def ask(room: NoticeRoom, person: Person, model: str) -> None:
    assert room.post(f"/{model}/ask-access", person).status_code == 303


def decide(room: NoticeRoom, owner: Person, model: str, status: str, reason: str = "") -> None:
    body = {"user": "carol", "status": status, **({"rejectionReason": reason} if reason else {})}
    answer = room.post(f"/api/models/{model}/user-access-request/handle", owner, json=body)
    assert answer.status_code == 200, answer.text


def words(mail: EmailMessage) -> str:
    return str(mail["Subject"])


def test_the_owner_is_told_who_asks_and_the_asker_what_became_of_it(room: NoticeRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    model = gated(room, alice)
    ask(room, carol, model)
    assert room.about(alice, model) == [("owner", "requested", False)]
    assert room.about(carol, model) == []
    mails = room.mails()
    (mail,) = to(alice, mails)
    assert words(mail) == f"[{model}] carol asked for access to {model}."
    assert f"http://hub.test/{model}/settings/access" in text(mail)
    assert mail["List-Unsubscribe"].endswith("?all=1>")
    notice = next(one for one in room.inbox(alice) if one.get("repo", {}).get("name") == model)
    opened = room.get(f"/notifications/{int(notice['id'], 16)}", alice)
    assert opened.headers["location"] == f"/{model}/settings/access"
    decide(room, alice, model, "accepted")
    assert room.about(carol, model) == [("asked", "accepted", False)]
    (mail,) = to(carol, room.mails())
    assert words(mail) == f"[{model}] alice let you in to {model}: you may read its files now."
    decide(room, alice, model, "rejected", "Not for robots")
    assert room.about(carol, model) == [("asked", "rejected", False)]
    (mail,) = to(carol, room.mails())
    assert "turned down" in words(mail)
    assert "Reason: Not for robots" in text(mail)
    assert not [one for one in room.inbox(bob) if one.get("repo", {}).get("name") == model]
    assert "asks for access" in room.get("/notifications", alice).text
    assert "turned down your request" in room.get("/notifications", carol).text


def test_of_an_organisation_its_admins_are_told(room: NoticeRoom) -> None:
    """Alice is one; bob may only write."""
    model = gated(room, room.cast.alice, organization="lab")
    ask(room, room.cast.carol, model)
    assert room.about(room.cast.alice, model) == [("owner", "requested", False)]
    assert room.about(room.cast.bob, model) == []
    assert to(room.cast.bob, room.mails()) == []


def test_who_is_let_in_at_once_troubles_nobody(room: NoticeRoom) -> None:
    model = gated(room, room.cast.alice, "auto")
    ask(room, room.cast.carol, model)
    assert room.about(room.cast.alice, model) == []
    assert room.mails() == []


def test_who_was_given_access_is_told(room: NoticeRoom) -> None:
    model = gated(room, room.cast.alice)
    body = {"user": "bob"}
    assert room.post(f"/api/models/{model}/user-access-request/grant", room.cast.alice, json=body).is_success
    assert room.about(room.cast.bob, model) == [("asked", "accepted", False)]


def test_what_was_taken_back_or_became_private_is_not_told(room: NoticeRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    model = gated(room, alice)
    ask(room, carol, model)
    assert room.post(f"/api/models/{model}/user-access-request/cancel", carol).is_success
    assert room.about(alice, model) == []
    ask(room, carol, model)
    decide(room, alice, model, "accepted")
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    assert room.about(carol, model) == []
    assert to(carol, room.mails()) == []


def test_wishes_and_mutes_hold(room: NoticeRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    model, other = gated(room, alice), gated(room, alice)
    mute = {"mute": [{"id": model, "type": "model"}]}
    assert room.ask("PATCH", "/api/settings/watch", alice, json=mute).status_code == 200
    off = {"notifications": {"discussions_watched": False}}
    assert room.ask("PATCH", "/api/settings/notifications", alice, json=off).status_code == 200
    try:
        ask(room, carol, model)
        ask(room, carol, other)
        assert room.about(alice, model) == []
        assert room.about(alice, other) == [("owner", "requested", False)]
        assert to(alice, room.mails()) == []
    finally:
        on = {"notifications": {"discussions_watched": True}}
        room.ask("PATCH", "/api/settings/notifications", alice, json=on)
