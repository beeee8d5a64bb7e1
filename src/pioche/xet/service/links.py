"""Addresses that open without a token: put one xorb, or read exactly these ranges of one.

A xorb may hold chunks of several private repositories, so a link to all of it would leak them.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence

from pioche.accounts.grants import Signer
from pioche.errors import Forbidden, InvalidCredentials, InvalidInput

RANGES_PER_LINK = 64
"""Keeps an address under 1.5 kB."""

_UPLOAD = "xet-upload"
_READ = "xet-read"


class Links:
    def __init__(self, signer: Signer, seconds: int) -> None:
        self._signer = signer
        self._seconds = seconds

    def upload(self, name: str) -> str:
        return self._signer.link(_UPLOAD, name, self._seconds)

    def check_upload(self, text: str, name: str) -> None:
        """`Forbidden`, which makes the client ask for a new grant; a 401 would end its work."""
        try:
            self._signer.check_link(text, _UPLOAD, name)
        except InvalidCredentials as error:
            raise Forbidden(error.message) from error

    def read(self, name: str, ranges: Sequence[tuple[int, int]]) -> str:
        """The query of a link to these byte ranges, ends inclusive."""
        text = ",".join(f"{start}-{end}" for start, end in ranges)
        expires = int(time.time()) + self._seconds
        return f"r={text}&e={expires}&s={self._mac(name, text, str(expires))}"

    def check_read(self, name: str, query: dict[str, str], asked: Sequence[tuple[int, int]]) -> None:
        """Every range asked for must lie in a signed one. `Forbidden` makes the client look for a new link."""
        text, expires = query.get("r", ""), query.get("e", "")
        mac = self._mac(name, text, expires)
        if not hmac.compare_digest(mac.encode(), query.get("s", "").encode()):
            raise Forbidden("This link was not issued by this hub.")
        if int(expires) < time.time():
            raise Forbidden("This link has expired. Ask for a new one.")
        allowed = [_bounds(part) for part in text.split(",")]
        for start, end in asked:
            if not any(low <= start and end <= high for low, high in allowed):
                raise Forbidden("This link is for other ranges.")

    def _mac(self, name: str, ranges: str, expires: str) -> str:
        return self._signer.mac(_READ, f"{name}?{ranges}&{expires}".encode())


def parse_ranges(header: str) -> list[tuple[int, int | None]]:
    """`bytes=a-b,c-d` with inclusive ends, None for an open one. Nothing that is cut from the end (`-n`)."""
    unit, _, text = header.partition("=")
    ranges: list[tuple[int, int | None]] = []
    for part in text.split(","):
        start, dash, end = part.strip().partition("-")
        if unit.strip() != "bytes" or not dash or not _is_number(start) or not (_is_number(end) or not end):
            raise InvalidInput("The Range header cannot be read.")
        ranges.append((int(start), int(end) if end else None))
    return ranges


def _bounds(part: str) -> tuple[int, int]:
    start, _, end = part.partition("-")
    return int(start), int(end)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
