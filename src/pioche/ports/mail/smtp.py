"""Mail through an SMTP server. One connection for each message: tasks are few, and servers close idle ones."""

from __future__ import annotations

import smtplib
import ssl
import time
from dataclasses import dataclass
from typing import Literal

from pioche.ports.mail import Mail, MailFailed, to_message

Security = Literal["none", "starttls", "tls"]
SECONDS = 20.0
"""That a server may stay silent."""
REST_SECONDS = 60.0
"""For which a server that was not reached is not asked again: workers have other things to do than to wait for it."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""


class SmtpMailer:
    is_on = True

    def __init__(self, server: SmtpServer, sender: str, context: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._sender = sender
        self._context = context or ssl.create_default_context()
        self._rests_until = 0.0

    def send(self, mail: Mail) -> None:
        if time.monotonic() < self._rests_until:
            raise MailFailed(f"{self._server.host}:{self._server.port} was not reached a moment ago.")
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise MailFailed(f"{self._server.host}:{self._server.port}: {error}") from error
        try:
            with connection:
                connection.send_message(to_message(mail, self._sender))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailFailed(f"{self._server.host}:{self._server.port}: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=SECONDS, context=self._context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        try:
            if server.security == "starttls":
                connection.starttls(context=self._context)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection
