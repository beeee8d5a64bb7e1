"""Mails, as a real mail server got them."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest
from sqlalchemy import func, select
from tests.notifications.conftest import NoticeRoom

from pioche.notifications.tables import mail_items
from pioche.testkit.people import Person


def to(person: Person, mails: list[EmailMessage]) -> list[EmailMessage]:
    return [mail for mail in mails if mail["To"] == person.email]


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def stop_link(mail: EmailMessage) -> str:
    found = re.fullmatch(r"<http://hub.test(/notifications/unsubscribe/[^>]+)>", mail["List-Unsubscribe"])
    assert found
    return found[1]


@pytest.fixture(autouse=True)
def _quiet(room: NoticeRoom) -> None:
    room.mails()


def test_a_thread_is_a_thread(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    num = room.open(bob, model, "Is it <warm>?", "In the *sun*.")
    (first,) = to(alice, room.mails())
    assert first["Subject"] == f"[{model}] Is it <warm>? (#{num})"
    assert "bob opened this:" in text(first)
    assert "In the *sun*." in text(first)
    html = first.get_body(("html",))
    assert html is not None
    assert "&lt;warm&gt;" not in first["Subject"]
    assert f"http://hub.test/{model}/discussions/{num}" in html.get_content()
    room.comment(bob, model, num, "<script>alert(1)</script>")
    (second,) = to(alice, room.mails())
    assert second["Subject"] == f"Re: {first['Subject']}"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert second["Message-ID"] != first["Message-ID"]
    assert second["List-Id"].startswith(f"{model} <")
    assert second["From"] == "Hub <hub@hub.test>"
    shown = second.get_body(("html",))
    assert shown is not None
    assert "<script>" not in shown.get_content()


def test_many_comments_are_one_mail(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    num = room.open(bob, model)
    for number in range(50):
        room.comment(bob, model, num, f"comment {number}")
    (mail,) = to(alice, room.mails())
    assert "comment 0" in text(mail)
    assert "comment 49" in text(mail)


def test_news_in_many_discussions_are_one_mail(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    for number in range(6):
        room.open(bob, model, f"Matter {number}")
    (mail,) = to(alice, room.mails())
    assert mail["Subject"] == "[Pioche] News in 6 discussions"
    assert all(f"Matter {number}" in text(mail) for number in range(6))


def test_one_click_ends_them_without_a_log_in(room: NoticeRoom) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    num = room.open(bob, model)
    (mail,) = to(alice, room.mails())
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = stop_link(mail)
    assert room.get(link).status_code == 200
    room.comment(bob, model, num)
    assert len(to(alice, room.mails())) == 1
    assert room.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    room.comment(bob, model, num)
    assert to(alice, room.mails()) == []
    room.open(bob, model)
    (again,) = to(alice, room.mails())
    assert room.post(stop_link(again), data={"do": "all"}).status_code == 200
    room.open(bob, model)
    assert to(alice, room.mails()) == []
    on = {"notifications": {"discussions_watched": True, "discussions_participating": True}}
    room.ask("PATCH", "/api/settings/notifications", alice, json=on)


def test_a_link_that_was_changed_opens_nothing(room: NoticeRoom) -> None:
    for link in ("x", "x.y", "%00.%00", "a" * 2000):
        assert room.get(f"/notifications/unsubscribe/{link}").status_code == 404, link
        assert room.post(f"/notifications/unsubscribe/{link}").status_code == 404, link
    other = room.hub.signer.link("setup", "1:1", 100)
    assert room.post(f"/notifications/unsubscribe/{other}").status_code == 404


def test_nobody_adds_headers_by_a_title(room: NoticeRoom) -> None:
    model = room.model(room.cast.alice)
    room.open(room.cast.bob, model, "Good\r\nBcc: carol@example.test\x00")
    (mail,) = to(room.cast.alice, room.mails())
    assert mail["Bcc"] is None
    assert "Good Bcc: carol@example.test" in mail["Subject"]


def test_what_became_private_or_lost_its_reader_is_not_mailed(room: NoticeRoom) -> None:
    alice, bob, carol = room.cast.alice, room.cast.bob, room.cast.carol
    model = room.model(alice)
    room.open(bob, model, "secret-title", "@carol")
    room.hub.queue.run_due(room.hub)
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    mails = room.mails()
    assert to(carol, mails) == []
    assert to(bob, mails) == []
    assert len(to(alice, mails)) == 1
    with room.hub.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(mail_items)).scalar_one() == 0


def test_many_readers_get_theirs_too(room: NoticeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one transaction should wake."""
    monkeypatch.setattr("pioche.notifications.service.telling.CHUNK", 1)
    model = room.model(room.cast.alice)
    room.open(room.cast.bob, model, text="@carol @root")
    mails = room.mails()
    assert sorted(mail["To"] for mail in mails) == sorted(
        person.email for person in (room.cast.alice, room.cast.carol, room.cast.root)
    )


def test_a_mail_server_that_is_down_loses_nothing(room: NoticeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    model = room.model(room.cast.alice)
    with monkeypatch.context() as down:
        down.setattr("pioche.ports.mail.smtp.REST_SECONDS", 0.0)
        down.setattr("smtplib.SMTP.connect", _refuse)
        num = room.open(room.cast.bob, model)
        assert room.mails() == []
        assert room.about(room.cast.alice, model) == [("owner", "opened", False)]
    room.comment(room.cast.bob, model, num)
    (mail,) = to(room.cast.alice, room.mails())
    assert "opened this" in text(mail)


def _refuse(*_: object, **__: object) -> None:
    raise ConnectionRefusedError("nobody there")
