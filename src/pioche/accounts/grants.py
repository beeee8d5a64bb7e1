"""Signed, short-lived permissions that travel in links and tokens instead of a look-up.

Shape of the text: `base64url(JSON).base64url(HMAC-SHA256)`. The key is `secret.key` in the data folder; whoever
changes it makes every link and Xet token that is under way invalid.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from pioche.errors import InvalidCredentials


class Grant(msgspec.Struct, frozen=True, rename={"repo_id": "r", "scope": "s", "expires": "e", "user_id": "u"}):
    """This repo, this scope, until then. `user_id` is None for an anonymous reader. `write` includes reading."""

    repo_id: int
    scope: Literal["read", "write"]
    expires: int  # Unix seconds
    user_id: int | None = None


class Link(msgspec.Struct, frozen=True, rename={"purpose": "p", "subject": "s", "expires": "e"}):
    """One thing that may be done without credentials: `purpose` names the route, `subject` what it is about."""

    purpose: str
    subject: str
    expires: int  # Unix seconds


T = TypeVar("T", Grant, Link)


class Signer:
    """Makes and checks signed texts. One per hub."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def from_file(cls, path: Path) -> Signer:
        """The key in `path`, made on first use, readable by the owner alone."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
        return cls(path.read_bytes())

    def sign(self, value: Grant | Link) -> str:
        body = base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=")
        return f"{body.decode()}.{self.mac(type(value).__name__, body)}"

    def read(self, kind: type[T], text: str) -> T:
        """The value, if it was signed here and has not expired; else raises `InvalidCredentials`."""
        body, _, mac = text.partition(".")
        if not hmac.compare_digest(mac.encode(), self.mac(kind.__name__, body.encode()).encode()):
            raise InvalidCredentials("This link or token was not issued by this hub.")
        value = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=kind)
        if value.expires < time.time():
            raise InvalidCredentials("This link or token has expired. Ask for a new one.")
        return value

    def link(self, purpose: str, subject: str, seconds: int) -> str:
        return self.sign(Link(purpose, subject, int(time.time()) + seconds))

    def check_link(self, text: str, purpose: str, subject: str) -> None:
        link = self.read(Link, text)
        if (link.purpose, link.subject) != (purpose, subject):
            raise InvalidCredentials("This link is for something else.")

    def mac(self, purpose: str, body: bytes) -> str:
        """HMAC-SHA256 over purpose and body, base64url without padding."""
        digest = hmac.new(self._key, purpose.encode() + b"\0" + body, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
