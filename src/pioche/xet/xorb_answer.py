"""The 206 answer with ranges of a xorb."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pioche.ports.blobs import BlobStore
from pioche.web import local_file
from pioche.xet.types import Xorb


class XorbAnswer(Response):
    """`ranges` have inclusive ends and lie within the xorb."""

    def __init__(self, blobs: BlobStore, xorb: Xorb, ranges: Sequence[tuple[int, int]]) -> None:
        self._blobs = blobs
        self._xorb = xorb
        boundary = secrets.token_hex(16)
        self._parts = [(start, end, b"") for start, end in ranges]
        self._tail = b""
        # The bytes behind a hash never change; the link itself expires.
        headers = {"cache-control": "private, max-age=3600", "accept-ranges": "bytes"}
        if len(ranges) == 1:
            headers["content-range"] = self._range(*ranges[0])
            headers["content-type"] = "application/octet-stream"
        else:
            headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
            self._parts = [(start, end, self._part_head(boundary, start, end)) for start, end in ranges]
            self._tail = f"\r\n--{boundary}--\r\n".encode()
        size = sum(len(head) + end - start + 1 for start, end, head in self._parts) + len(self._tail)
        headers["content-length"] = str(size)
        self.status_code = 206
        self.background = None
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 206, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        file = await asyncio.to_thread(self._blobs.open, self._xorb.key)
        try:
            for start, end, head in self._parts:
                if head:
                    await send({"type": "http.response.body", "body": head, "more_body": True})
                async for piece in local_file.pieces(file, start, end + 1):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            file.close()
        await send({"type": "http.response.body", "body": self._tail})

    def _range(self, start: int, end: int) -> str:
        return f"bytes {start}-{end}/{self._xorb.disk_size}"

    def _part_head(self, boundary: str, start: int, end: int) -> bytes:
        lines = (
            f"\r\n--{boundary}",
            "Content-Type: application/octet-stream",
            f"Content-Range: {self._range(start, end)}",
            "\r\n",
        )
        return "\r\n".join(lines).encode()
