"""Reading a file of this machine for an answer: at once what is in memory, in a thread what is on the disk."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import BinaryIO

PIECE = 256 * 1024
"""Small enough to stay in the cache of the processor until it is sent, and for others not to wait long."""


async def pieces(file: BinaryIO, start: int, end: int) -> AsyncIterator[bytearray]:
    """Bytes `start` to `end` (not included). A piece is gone when the next one is asked for: servers copy what is sent.

    Raises `EOFError` if the file is shorter. The file stays open.
    """
    loop = asyncio.get_running_loop()
    descriptor = file.fileno()
    buffer = bytearray(PIECE)
    while start < end:
        if end - start < PIECE:
            buffer = bytearray(end - start)
        count = _read_cached(descriptor, buffer, start)
        if not count:
            count = await loop.run_in_executor(None, os.preadv, descriptor, [buffer], start)
        if not count:
            raise EOFError("a file is shorter than its record")
        start += count
        yield buffer if count == len(buffer) else buffer[:count]


def _read_cached(descriptor: int, buffer: bytearray, start: int) -> int:
    """How many bytes were in memory; 0 if the first of them is not, or if the file system cannot tell."""
    try:
        return os.preadv(descriptor, [buffer], start, os.RWF_NOWAIT)
    except OSError:  # EAGAIN, EOPNOTSUPP; a real fault shows again in the thread
        return 0
