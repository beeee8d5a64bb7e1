"""`/healthz`: the process answers. `/readyz`: it can also do its work."""

from __future__ import annotations

from sqlalchemy import text
from starlette.responses import PlainTextResponse, Response

from pioche.errors import Busy
from pioche.web.call import Call
from pioche.web.routing import Route


async def healthz(_call: Call) -> Response:
    return PlainTextResponse("ok\n")


def readyz(call: Call) -> Response:
    """503 while the hub stops, without a database, or without room on the disk."""
    hub = call.hub
    if call.request.scope["pioche.is_draining"]():
        raise Busy("The hub is stopping.")
    with hub.database.read() as tx:
        tx.execute(text("SELECT 1"))
    if hub.blobs.free_bytes() < hub.settings.free_disk_reserve:
        raise Busy("The disk is full: less than `free_disk_reserve` bytes are left.")
    return PlainTextResponse("ready\n")


routes = [
    Route("GET", "/healthz", healthz, body="none", hot=True),
    Route("GET", "/readyz", readyz, body="none"),
]
