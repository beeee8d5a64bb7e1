"""A hub with its people and a mail server, and what they do in discussions."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import update

from pioche.app import build_hub
from pioche.queue.tables import tasks
from pioche.settings import Settings
from pioche.testkit.people import Person
from pioche.testkit.room import Room


class Post:
    """What a real mail server took."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"

    def take(self) -> list[EmailMessage]:
        taken, self.messages = self.messages, []
        return taken


class NoticeRoom(Room):
    _names = itertools.count(1)
    post_office: Post

    def model(self, owner: Person, private: bool = False) -> str:
        return self.repo(owner, f"told-{next(self._names)}", private)

    def settle(self) -> None:
        """Works off everything that waits, also what would wait for a while."""
        for _ in range(5):
            with self.hub.database.write() as tx:
                tx.execute(update(tasks).where(tasks.c.state == "waiting").values(run_at=tx.now - 1))
            if not self.hub.queue.run_due(self.hub):
                return

    def open(self, person: Person, model: str, title: str = "A question", text: str = "Why?") -> int:
        body = {"title": title, "description": text}
        answer = self.post(f"/api/models/{model}/discussions", person, json=body)
        assert answer.status_code == 200, answer.text
        number: int = answer.json()["num"]
        return number

    def comment(self, person: Person, model: str, num: int, text: str = "So.") -> None:
        where = f"/api/models/{model}/discussions/{num}/comment"
        assert self.post(where, person, json={"comment": text}).status_code == 200

    def close(self, person: Person, model: str, num: int) -> None:
        where = f"/api/models/{model}/discussions/{num}/status"
        assert self.post(where, person, json={"status": "closed"}).status_code == 200

    def inbox(self, person: Person, query: str = "") -> list[dict[str, Any]]:
        self.settle()
        answer = self.get(f"/api/notifications?{query}", person)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["notifications"]
        return found

    def about(self, person: Person, model: str) -> list[tuple[str, str, bool]]:
        """(reason, newest event, read) of what the inbox has of this repository."""
        found = [one for one in self.inbox(person) if one.get("repo", {}).get("name") == model]
        return [(one["reason"], one["event"], one["read"]) for one in found]

    def mails(self) -> list[EmailMessage]:
        self.settle()
        return self.post_office.take()


@pytest.fixture(scope="module")
def post_office() -> Iterator[tuple[Post, int]]:
    handler = Post()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, post_office: tuple[Post, int]) -> Iterator[NoticeRoom]:
    settings = Settings(
        data=tmp_path_factory.mktemp("room") / "data",
        public_url="http://hub.test",
        mail="smtp",
        mail_from="Hub <hub@hub.test>",
        smtp_host="127.0.0.1",
        smtp_port=post_office[1],
        smtp_security="none",
    )
    hub = build_hub(settings)
    room = NoticeRoom(hub)
    room.post_office = post_office[0]
    yield room
    hub.database.close()
