"""Mail on the standard output, to look at while one sets up a hub."""

from __future__ import annotations

import sys

from pioche.ports.mail import Mail, to_message


class ConsoleMailer:
    is_on = True

    def __init__(self, sender: str) -> None:
        self._sender = sender

    def send(self, mail: Mail) -> None:
        sys.stdout.write(f"{to_message(mail, self._sender).as_string()}\n")
        sys.stdout.flush()
