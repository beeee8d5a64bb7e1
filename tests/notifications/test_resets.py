"""A lost password, through the mail server."""

from __future__ import annotations

import re

import pytest
from tests.notifications.conftest import NoticeRoom

from pioche.errors import InvalidCredentials


def link_in(room: NoticeRoom) -> str:
    (mail,) = room.mails()
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://hub.test(/password/reset/\S+)", body.get_content())
    assert found
    return found[1]


def ask(room: NoticeRoom, who: str) -> str:
    answer = room.post("/password/forgot", data={"name": who})
    assert answer.status_code == 200
    return re.sub(r'csrf-token" content="[^"]*"', "", answer.text)


def test_a_link_changes_the_password_once_and_ends_log_ins(room: NoticeRoom) -> None:
    bob = room.cast.bob
    session = room.hub.accounts.log_ins.open(room.actor(bob), "tests")
    room.mails()
    ask(room, bob.email.upper())
    link = link_in(room)
    assert room.get(link).status_code == 200
    assert room.post(link, data={"new": "a new long passphrase", "again": "another"}).status_code == 400
    assert room.post(link, data={"new": "x", "again": "x"}).status_code == 400
    form = {"new": "a new long passphrase", "again": "a new long passphrase"}
    assert room.post(link, data=form).status_code == 303
    assert room.post(link, data=form).status_code == 404
    assert room.get(link).status_code == 404
    assert room.hub.accounts.actor_of_session(session) is None
    assert room.hub.accounts.actor_of_password("bob", "a new long passphrase", "1.1.1.1").name == "bob"
    with pytest.raises(InvalidCredentials):
        room.hub.accounts.actor_of_password("bob", bob.password, "1.1.1.1")


def test_nobody_learns_who_has_an_account(room: NoticeRoom) -> None:
    room.mails()
    assert ask(room, "carol") == ask(room, "there-is-nobody")
    (mail,) = room.mails()
    assert mail["To"] == room.cast.carol.email


def test_a_person_is_not_flooded(room: NoticeRoom) -> None:
    room.mails()
    for _ in range(3):
        ask(room, "root")
    assert room.post("/password/forgot", data={"name": "ROOT "}).status_code == 429
    assert len(room.mails()) == 1


def test_links_for_something_else_open_nothing(room: NoticeRoom) -> None:
    user = room.actor(room.cast.alice).user_id
    for text in (
        "x",
        room.hub.signer.link("mail", f"{user}:1", 100),
        room.hub.signer.link("password", f"{user}:x", 100),
    ):
        assert room.get(f"/password/reset/{text}").status_code == 404
        assert room.post(f"/password/reset/{text}", data={"new": "n" * 20, "again": "n" * 20}).status_code == 404
