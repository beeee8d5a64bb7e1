"""So many at a time: git takes a processor and much memory for each clone and push, and anyone may ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pioche import cgroups
from pioche.errors import Busy

AT_ONCE = max(8, 2 * cgroups.cpus())
PATIENCE = 60.0
"""Seconds that a request waits for its turn."""
RETRY_AFTER = 30


class Turn:
    """Ends once, however often it is told to."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns: asyncio.Semaphore | None = turns

    def end(self) -> None:
        turns, self._turns = self._turns, None
        if turns is not None:
            turns.release()


class Turns:
    """Used on the event loop only."""

    def __init__(self, at_once: int = AT_ONCE, patience: float = PATIENCE) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._patience = patience

    async def take(self) -> Turn:
        """Waits for a turn. Raises `Busy`."""
        try:
            await asyncio.wait_for(self._free.acquire(), self._patience)
        except TimeoutError as error:
            raise Busy(
                "The hub is busy with other clones and pushes. Try again in a moment.", retry_after=RETRY_AFTER
            ) from error
        return Turn(self._free)

    @asynccontextmanager
    async def until_failure(self) -> AsyncIterator[Turn]:
        """A turn that ends here if the block fails; otherwise whoever it was handed to ends it."""
        turn = await self.take()
        try:
            yield turn
        except BaseException:
            turn.end()
            raise
