"""Bodies that are too large for memory: handed on in runs, while the next bytes arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pioche.web.call import Call

RUN = 1024 * 1024
"""Bytes that are handed to a thread at a time: a hop costs about as much as hashing 100 KiB."""


async def in_runs(call: Call, take: Callable[[list[bytes]], None]) -> None:
    """Calls `take` with runs of pieces, in a thread, one call at a time; none is under way at the end, however it ends.

    At most two runs are in memory: the one that is taken and the one that arrives.
    """
    loop = asyncio.get_running_loop()
    taking: asyncio.Future[None] | None = None
    run: list[bytes] = []
    size = 0
    try:
        async for piece in call.request.stream():
            if piece:
                run.append(piece)
                size += len(piece)
            if size >= RUN:
                if taking is not None:
                    await taking
                taking = loop.run_in_executor(None, take, run)
                run, size = [], 0
        if taking is not None:
            await taking
        if run:
            taking = loop.run_in_executor(None, take, run)
            await taking
    finally:
        if taking is not None and not taking.done():
            await asyncio.wait([taking])
