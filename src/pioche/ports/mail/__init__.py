"""Mail: one message to one person. `console.py` prints, `smtp.py` sends, `off.py` drops.

`send` returns once the server has taken the message, and raises `MailFailed` if it has not: callers are tasks of the
queue, which try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import Protocol


class MailFailed(Exception):
    """The message was not taken. The reason is in the text."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Texts are plain; line ends in `subject` and headers become spaces, so nobody can add headers through them."""

    to: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    @property
    def is_on(self) -> bool:
        """False: nothing is ever sent, so nothing needs to be made."""
        ...

    def send(self, mail: Mail) -> None: ...


def to_message(mail: Mail, sender: str) -> EmailMessage:
    """As it goes over the wire."""
    message = EmailMessage()
    message["From"] = _one_line(sender)
    message["To"] = _one_line(mail.to)
    message["Subject"] = _one_line(mail.subject)
    message["Date"] = formatdate()
    message["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers.items():
        message[name] = _one_line(value)
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    return message


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
