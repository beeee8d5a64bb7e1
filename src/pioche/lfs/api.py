"""The bytes of large files, at signed addresses: no credentials, and no names of repositories.

The routes that know repositories (batch, locks) are in `git.lfs_api`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.responses import Response

from pioche.errors import InvalidInput, NotFound
from pioche.lfs.service.incoming import Incoming
from pioche.lfs.service.links import Step
from pioche.lfs.types import UploadSlot
from pioche.names import check_sha256
from pioche.protocols.lfs import CompleteRequest, ObjectSpec
from pioche.web.call import Call
from pioche.web.files import file_response
from pioche.web.receive import in_runs
from pioche.web.responses import empty
from pioche.web.routing import Route

T = TypeVar("T")


async def put_object(call: Call) -> Response:
    slot = _slot(call, "upload")
    uploads = call.hub.lfs.uploads
    if slot.sha256 != call.arg("sha256"):
        raise InvalidInput("The oid of the address is not the one of its signature.")
    incoming = await _in_thread(uploads.receive, slot)
    await _receive(call, incoming, lambda: uploads.finish(slot, incoming))
    return empty(200)


async def put_part(call: Call) -> Response:
    slot = _slot(call, "part", call.arg("upload"), call.arg("part"))
    uploads = call.hub.lfs.uploads
    incoming = await _in_thread(uploads.receive_part, slot)
    digest = await _receive(call, incoming, lambda: uploads.finish_part(slot, incoming))
    return empty(200, {"etag": f'"{digest}"'})


def complete(call: Call) -> Response:
    slot = _slot(call, "complete", call.arg("upload"))
    if call.json(CompleteRequest).oid != slot.sha256:
        raise InvalidInput("The oid is not the one that this upload was started for.")
    call.hub.lfs.uploads.complete(slot)
    return empty(200)


def verify(call: Call) -> Response:
    slot = _slot(call, "verify")
    asked = call.json(ObjectSpec)
    if (asked.oid, asked.size) != (slot.sha256, slot.size) or not call.hub.lfs.uploads.is_held(slot):
        raise NotFound(f"The file {asked.oid[:64]} of {asked.size} bytes did not arrive. Send it again.")
    return empty(200)


def get_object(call: Call) -> Response:
    sha256 = check_sha256(call.arg("sha256"))
    call.hub.lfs.links.check_download(sha256, call.query("sig"))
    with call.hub.database.read() as tx:
        source = call.hub.lfs.open_file(tx, sha256)
    return file_response(
        call,
        source,
        {
            "etag": f'"{sha256}"',
            "content-type": "application/octet-stream",
            "content-disposition": "attachment",
            "x-content-type-options": "nosniff",
            "cache-control": "private, max-age=31536000, immutable",
        },
    )


def _slot(call: Call, step: Step, upload_id: str = "", part: str = "0") -> UploadSlot:
    """What the signed address is about. Raises `InvalidCredentials` if it was not signed here."""
    numbers = (call.query("repo"), call.query("size"), part)
    if not all(number.isascii() and number.isdigit() and len(number) < 19 for number in numbers):
        raise InvalidInput("This address is not complete. Ask for a new one.")
    slot = UploadSlot(int(numbers[0]), call.query("oid"), int(numbers[1]), upload_id, int(part))
    call.hub.lfs.links.check_upload(step, slot, call.query("sig"))
    return slot


async def _receive(call: Call, incoming: Incoming, finish: Callable[[], T]) -> T:
    """Writes the body to `incoming`, then runs `finish`. Whatever goes wrong, nothing stays."""
    try:
        await in_runs(call, lambda run: incoming.write(*run))
        return await _in_thread(finish)
    finally:
        await _in_thread(incoming.discard)


def _in_thread(function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(None, function, *arguments)


_SIGNED: dict[str, Any] = {"dialect": "lfs", "safe": True}

routes = [
    Route("PUT", "/lfs/objects/{sha256}", put_object, body="stream", **_SIGNED),
    Route("GET", "/lfs/objects/{sha256}", get_object, **_SIGNED),
    Route("PUT", "/lfs/uploads/{upload}/{part}", put_part, body="stream", **_SIGNED),
    Route("POST", "/lfs/uploads/{upload}", complete, **_SIGNED),
    Route("POST", "/lfs/verify", verify, **_SIGNED),
]
