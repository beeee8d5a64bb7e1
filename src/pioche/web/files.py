"""Files as answers: whole or one range, conditions, and what happens when the client leaves.

Source: RFC 9110 sections 13 and 14. Several ranges in one request are answered with the whole file, as it allows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pioche.errors import RangeNotSatisfiable
from pioche.web import local_file
from pioche.web.call import Call

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z")


SMALL = 256 * 1024
"""Bytes that go out as one piece: more hops between threads would cost more than the bytes."""


class FileSource(Protocol):
    """Bytes of a known size. `local_path` is set if they are exactly one file on this machine."""

    @property
    def size(self) -> int: ...

    @property
    def local_path(self) -> Path | None: ...

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes `start` to `end` (not included), in pieces of about 1 MiB."""
        ...


def file_response(call: Call, source: FileSource, headers: Mapping[str, str]) -> Response:
    """The file, the range of it that was asked for, or 304. `headers` has `etag` (quoted) and `content-type`.

    Raises `RangeNotSatisfiable`.
    """
    lower = {key.lower(): value for key, value in headers.items()}
    etag = lower.get("etag", "")
    if is_unchanged(call, etag):
        return not_modified(lower)
    lower["accept-ranges"] = "bytes"
    wanted = _wanted_range(call, source.size, etag)
    if wanted is None:
        return _answer(call, source, (0, source.size), 200, lower)
    start, end = wanted
    lower["content-range"] = f"bytes {start}-{end - 1}/{source.size}"
    return _answer(call, source, wanted, 206, lower)


def is_unchanged(call: Call, etag: str) -> bool:
    """The client has this very file already."""
    return bool(etag) and _matches(call.header("if-none-match"), etag)


def not_modified(headers: Mapping[str, str]) -> Response:
    return Response(b"", 304, {key: headers[key] for key in headers if key not in ("content-type", "content-length")})


@dataclass(frozen=True, slots=True)
class BytesSource:
    """A file that is in memory."""

    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def local_path(self) -> Path | None:
        return None

    def read(self, start: int, end: int) -> Iterator[bytes]:
        return iter((self.content[start:end],))


def _answer(call: Call, source: FileSource, span: tuple[int, int], status: int, headers: Mapping[str, str]) -> Response:
    """What is small is read at once, in the thread that we are in, and may be kept by `web.cache`."""
    start, end = span
    if end - start <= SMALL and call.request.method == "GET":
        return Response(b"".join(source.read(start, end)) if end > start else b"", status, dict(headers))
    return FileResponse(source, start, end, status, headers)


class FileResponse(Response):
    """Streams `start` to `end` (not included) of a source."""

    def __init__(self, source: FileSource, start: int, end: int, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(b"", status, {**headers, "content-length": str(end - start)})
        self._source = source
        self._start, self._end = start, end
        self._pieces: Iterator[bytes] | None = None
        self._reading: asyncio.Future[bytes] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] == "HEAD" or self._start == self._end:
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._stream(receive, send)

    async def aclose_source(self) -> None:
        """Lets go of the file. The edge calls it whether or not the answer was sent to its end."""
        if self._reading is not None:
            # A generator that runs in another thread cannot be closed.
            await asyncio.wait([self._reading])
        close = getattr(self._pieces, "close", None)
        if close is not None:
            await asyncio.get_running_loop().run_in_executor(None, close)

    async def _stream(self, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        try:
            async with aclosing(self._read()) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    if gone.done():
                        return
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()

    async def _read(self) -> AsyncGenerator[bytes | bytearray, None]:
        path = self._source.local_path
        if path is not None:
            with await asyncio.to_thread(path.open, "rb", buffering=0) as file:
                async for piece in local_file.pieces(file, self._start, self._end):
                    yield piece
            return
        self._pieces = self._source.read(self._start, self._end)
        self._read_next()
        while self._reading is not None and (block := await self._reading):
            # The next block is read while this one is on its way.
            self._read_next()
            yield block

    def _read_next(self) -> None:
        self._reading = asyncio.get_running_loop().run_in_executor(None, next, self._pieces, b"")  # type: ignore[arg-type]


async def _disconnected(receive: Receive) -> None:
    """Returns when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _wanted_range(call: Call, size: int, etag: str) -> tuple[int, int] | None:
    """Start and end (not included), or None for all of it."""
    match = _RANGE.match(call.header("range"))
    if match is None or match.groups() == ("", ""):
        return None
    condition = call.header("if-range")
    if condition and condition != etag:
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size:
        raise RangeNotSatisfiable(f"The file has {size} bytes; none of it lies in the range asked for.", size=size)
    return start, end


def _matches(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    return etag.removeprefix("W/") in (part.strip().removeprefix("W/") for part in header.split(","))
