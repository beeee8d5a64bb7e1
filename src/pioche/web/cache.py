"""Answers of hot routes, kept until anyone commits anything.

Every change of what a person may see is a commit in the database (a ref moves inside one, see `repos`), and the
database has a number that changes with each commit. So an answer may be given again as long as the number is the
same, the request is the same to the letter (path, query, credentials, conditional headers, host), and it is young
(what depends on the clock, such as the end of a token, is late by `MAX_AGE` at most).
"""

from __future__ import annotations

import time
from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response

from pioche.ports.database import Database

MAX_AGE = 5.0  # seconds
MAX_BODY = 1024 * 1024  # bytes of one answer
MAX_KEY = 4096  # bytes of a request; the keys count for nothing below
MAX_TOTAL = 32 * 1024 * 1024  # bytes of all answers

Key = tuple[str, bytes, bytes, bytes]
_VARY = (b"authorization", b"host", b"if-none-match", b"if-range", b"range", b"x-forwarded-host", b"x-forwarded-proto")


class AnswerCache:
    """Used on the event loop only, so it needs no lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answers: OrderedDict[Key, tuple[float, Response]] = OrderedDict()
        self._version: int | None = None
        self._total = 0

    def key(self, request: Request) -> Key | None:
        """None if the answer must not be kept: a page session, no version number, or a very long address."""
        headers = request.scope["headers"]
        vary = b""
        for name, value in headers:
            if name == b"cookie":
                return None
            if name in _VARY:
                vary += name + b"\0" + value + b"\n"
        path, query = request.scope["raw_path"], request.scope["query_string"]
        if len(path) + len(query) + len(vary) > MAX_KEY:
            return None
        return request.method, path, query, vary

    def get(self, key: Key) -> Response | None:
        if not self._is_current():
            return None
        found = self._answers.get(key)
        if found is None or time.monotonic() - found[0] > MAX_AGE:
            return None
        return found[1]

    def put(self, key: Key, response: Response, version: int | None) -> None:
        """`version` is the database's from before the answer was made; a later commit makes it worthless."""
        size = len(response.body)
        if type(response) is not Response or response.status_code >= 500 or size > MAX_BODY:
            return
        if not self._is_current() or version != self._version:
            return
        if (old := self._answers.pop(key, None)) is not None:
            self._total -= len(old[1].body)
        self._answers[key] = (time.monotonic(), response)
        self._total += size
        while self._total > MAX_TOTAL or len(self._answers) > 10_000:
            self._total -= len(self._answers.popitem(last=False)[1][1].body)

    def version(self) -> int | None:
        return self._database.version()

    def _is_current(self) -> bool:
        version = self._database.version()
        if version is None:
            return False
        if version != self._version:
            self._answers.clear()
            self._total, self._version = 0, version
        return True
