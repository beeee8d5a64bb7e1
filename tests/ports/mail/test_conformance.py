"""What every mailer does, and what the one over SMTP does with a real server."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from pioche.ports.mail import Mail, Mailer, MailFailed, to_message
from pioche.ports.mail.console import ConsoleMailer
from pioche.ports.mail.off import NoMailer
from pioche.ports.mail.smtp import Security, SmtpMailer, SmtpServer

MAIL = Mail("bob@example.test", "Grüße", "Hello – Bob", "<p>Hello</p>", {"List-Id": "<a.b>"})


class Taken:
    def __init__(self) -> None:
        self.content: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.content.append(envelope.content)
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def allow(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data.login == b"hub" and data.password == b"secret")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's certificate for localhost, and who trusts it."""
    folder: Path = tmp_path_factory.mktemp("keys")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem -subj /CN=localhost"
    command += " -addext subjectAltName=DNS:localhost"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, ssl.create_default_context(cafile=str(folder / "cert.pem"))


@pytest.fixture(params=["none", "starttls", "tls"])
def smtp(
    request: pytest.FixtureRequest, keys: tuple[ssl.SSLContext, ssl.SSLContext]
) -> Iterator[tuple[SmtpServer, Taken]]:
    security: Security = request.param
    handler, port = Taken(), free_port()
    if security == "tls":
        controller = Controller(handler, hostname="localhost", port=port, ssl_context=keys[0])
    elif security == "starttls":
        controller = Controller(
            handler, hostname="localhost", port=port, tls_context=keys[0], authenticator=allow, auth_required=True
        )
    else:
        controller = Controller(handler, hostname="localhost", port=port)
    controller.start()
    user = ("hub", "secret") if security == "starttls" else ("", "")
    yield SmtpServer("localhost", port, security, *user), handler
    controller.stop()


def test_a_message_arrives_whole(smtp: tuple[SmtpServer, Taken], keys: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    mailer: Mailer = SmtpMailer(smtp[0], "Hub <hub@example.test>", keys[1])
    assert mailer.is_on
    mailer.send(MAIL)
    (content,) = smtp[1].content
    assert b"List-Id: <a.b>" in content
    assert b"multipart/alternative" in content


def test_a_certificate_that_nobody_vouches_for_is_refused(smtp: tuple[SmtpServer, Taken]) -> None:
    if smtp[0].security == "none":
        return
    with pytest.raises(MailFailed):
        SmtpMailer(smtp[0], "hub@example.test").send(MAIL)
    assert smtp[1].content == []


def test_a_server_that_is_not_there_is_not_waited_for_again() -> None:
    mailer = SmtpMailer(SmtpServer("127.0.0.1", free_port(), "none"), "hub@example.test")
    with pytest.raises(MailFailed):
        mailer.send(MAIL)
    with pytest.raises(MailFailed, match="a moment ago"):
        mailer.send(MAIL)


def test_a_server_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.ports.mail.smtp.SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        mailer = SmtpMailer(SmtpServer("127.0.0.1", silent.getsockname()[1], "none"), "hub@example.test")
        with pytest.raises(MailFailed):
            mailer.send(MAIL)


def test_the_console_prints_and_off_is_off(capsys: pytest.CaptureFixture[str]) -> None:
    printing: Mailer = ConsoleMailer("hub@example.test")
    printing.send(MAIL)
    assert "To: bob@example.test" in capsys.readouterr().out
    nothing: Mailer = NoMailer()
    nothing.send(MAIL)
    assert not nothing.is_on
    assert capsys.readouterr().out == ""


def test_no_header_is_added_through_a_text() -> None:
    bad = Mail("a@b.test\r\nBcc: x@y.test", "s\r\nBcc: x@y.test", "t", headers={"List-Id": "<a>\r\nBcc: x@y.test"})
    message = to_message(bad, "hub@b.test")
    assert message["Bcc"] is None
