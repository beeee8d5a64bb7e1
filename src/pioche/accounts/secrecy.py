"""Secrets: how tokens and cookies are made and kept, and how passwords are.

Tokens and cookies are random, so a plain SHA-256 hides them well enough and can be looked up. Passwords are not, so
they go through argon2id with the parameters of OWASP's list that need the least memory: many requests run at once.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from pioche.errors import InvalidInput

TOKEN_PREFIX = "hf_"  # noqa: S105 - clients look at the prefix to tell a token from other texts
_TOKEN_LENGTH = 34
_ALPHABET = string.ascii_letters + string.digits
_MEMORY_KIB = 19 * 1024
_AT_ONCE = 2

MIN_PASSWORD = 8  # characters
MAX_PASSWORD = 1024  # bytes: hashing megabytes would be work that anyone can order


def new_token() -> str:
    return TOKEN_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_TOKEN_LENGTH))


def new_cookie() -> str:
    """32 random bytes, as text that needs no quoting."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What the database keeps of a token or cookie: 64 hex digits."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def check_password(text: str) -> str:
    """A password that may be chosen; raises `InvalidInput`."""
    if len(text) < MIN_PASSWORD:
        raise InvalidInput(f"The password is too short: it needs at least {MIN_PASSWORD} characters.", field="password")
    if not _fits(text):
        raise InvalidInput(f"The password is too long: {MAX_PASSWORD} bytes are the limit.", field="password")
    if text.startswith(TOKEN_PREFIX):
        # Git sends either in the same field, and the prefix is how the hub tells them apart.
        raise InvalidInput(f"A password cannot start with '{TOKEN_PREFIX}': that marks tokens.", field="password")
    return text


class Passwords:
    """Hashes and checks passwords, two at once: each takes 19 MiB and some 20 ms of a core."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=_MEMORY_KIB, parallelism=1)
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        # Checked when there is no such person, so that the time of the answer does not tell.
        self._nobody = self.hash(secrets.token_hex(16))

    def hash(self, text: str) -> str:
        with self._turns:
            return self._hasher.hash(text)

    def verify(self, kept: str | None, text: str) -> bool:
        """False for a wrong password, or none to compare with (`kept` None); either takes the same time."""
        fits = _fits(text)
        with self._turns:
            try:
                self._hasher.verify(kept or self._nobody, text if fits else "")
            except (VerificationError, InvalidHashError):
                return False
        return fits and kept is not None


def _fits(text: str) -> bool:
    return len(text.encode(errors="replace")) <= MAX_PASSWORD
