"""What changes in a bucket, told as it happens (server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from starlette.responses import Response, StreamingResponse

from pioche.buckets.api.place import bucket_of
from pioche.buckets.service.changes import Position
from pioche.buckets.types import Change
from pioche.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from pioche.protocols.hub import buckets as wire
from pioche.protocols.xet import hashes
from pioche.web.call import Call
from pioche.web.responses import iso
from pioche.web.routing import Route

LOOK_EVERY = 0.25  # seconds; a look is a microsecond unless something was committed
KEEP_ALIVE_EVERY = 25.0  # seconds; clients give up after 90
LIFE = 15 * 60.0  # seconds: then the client comes back, and its token is looked at again

T = TypeVar("T")


async def events(call: Call) -> Response:
    start = await _in_thread(_start, call)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(call, start), 200, headers, "text/event-stream")


async def _stream(call: Call, start: Position) -> AsyncIterator[bytes]:
    if start.lost:
        yield wire.event("reset", {"reason": "The log of changes does not reach back so far."})
        return
    position = start
    try:
        while changes := await _in_thread(_read, call, position):
            position = Position(changes[-1].id, start.since)
            yield _event(changes)
        position = Position(max(position.last, start.newest))
        yield wire.event("ready", {"cursor": str(position.last)})
        async for changes in _follow(call, position):
            yield _event(changes) if changes else wire.KEEP_ALIVE
            position = Position(changes[-1].id) if changes else position
    except (NotFound, Forbidden, Unauthenticated):
        return  # deleted, moved or hidden meanwhile: who comes back is told so
    yield wire.event("reconnect", {"cursor": str(position.last)})


async def _follow(call: Call, position: Position) -> AsyncIterator[Sequence[Change]]:
    """What happens after `position`, in pieces; an empty piece when nothing has happened for a while."""
    clock = asyncio.get_running_loop().time
    end = clock() + LIFE
    told, version = clock(), None
    while clock() < end and not call.request.scope["pioche.is_draining"]():
        now = call.hub.database.version()
        if now is None or now != version:
            version = now
            if changes := await _in_thread(_read, call, position):
                position, told, version = Position(changes[-1].id), clock(), None
                yield changes
                continue
        if clock() - told >= KEEP_ALIVE_EVERY:
            told = clock()
            yield ()
        await asyncio.sleep(LOOK_EVERY)


def _start(call: Call) -> Position:
    return call.hub.buckets.changes.start(call.actor, bucket_of(call), *_resume_point(call))


def _read(call: Call, position: Position) -> Sequence[Change]:
    return call.hub.buckets.changes.after(call.actor, bucket_of(call), position)


def _resume_point(call: Call) -> tuple[int | None, int | None]:
    """(last change seen, Unix milliseconds); both None for what comes from now on."""
    cursor, since = call.query("cursor"), call.query("since")
    if cursor:
        if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
            raise InvalidInput("The cursor is not one that this hub gave.")
        return int(cursor), None
    if not since:
        return None, None
    try:
        return None, int(datetime.fromisoformat(since).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise InvalidInput("'since' must be a date as in 2026-01-31T12:00:00.000Z.") from error


def _event(changes: Sequence[Change]) -> bytes:
    return wire.event("changes", wire.ChangesEvent(str(changes[-1].id), [_change(one) for one in changes]))


def _change(one: Change) -> wire.Change:
    if one.name is None:
        return wire.Change(one.kind, one.path)
    mtime = None if one.mtime is None else iso(one.mtime)
    return wire.Change(one.kind, one.path, one.size, hashes.to_string(one.name), iso(one.at), mtime)


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


routes = [Route("GET", "/api/buckets/{ns}/{name}/events", events, body="none")]
