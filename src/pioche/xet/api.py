"""The routes that Xet clients call, under `/cas/<generation>`, the number from the token answer.

Clients send the Xet token as a bearer token. Two addresses carry no token but are signed: the one a xorb is sent to
and the one ranges of it are read from.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
from starlette.responses import Response, StreamingResponse

from pioche.accounts.grants import Grant
from pioche.errors import HubError, InvalidInput, NotFound, RangeNotSatisfiable, TooLarge
from pioche.ports.blobs.spool import write_run
from pioche.protocols.xet import cas, hashes
from pioche.protocols.xet.shard import BODY_MAX as SHARD_MAX
from pioche.protocols.xet.xorb import BODY_MAX as XORB_MAX
from pioche.web.call import Call
from pioche.web.receive import in_runs
from pioche.web.responses import empty, json_response
from pioche.web.routing import Route
from pioche.xet.service.links import parse_ranges
from pioche.xet.types import Progress
from pioche.xet.xorb_answer import XorbAnswer

HEARTBEAT_SECONDS = 10.0
"""The client gives up after 300 s without a byte; proxies in between are less patient."""
TELEMETRY_MAX = 1024 * 1024
# The published name and the one that clients send (hf-xet 1.8.0).
PREFIXES = ("default-merkledb", "default")


# -- xorbs --


def request_upload(call: Call) -> Response:
    """201 with where to send the xorb, or 200 if it is here."""
    _write_grant(call)
    asked = call.json(cas.UploadRequest)
    upload = call.hub.xet.cas.request_upload(_name(call), asked.length, _base(call))
    return json_response({}) if upload is None else json_response(upload, 201)


async def put_xorb(call: Call) -> Response:
    call.hub.xet.cas.links.check_upload(call.query("t"), call.arg("hash"))
    await _receive_xorb(call, hashes.from_string(call.arg("hash")))
    return empty(200)


def commit_upload(call: Call) -> Response:
    """The body was checked when it came, so this only looks: 404 makes the client ask for a new grant."""
    _write_grant(call)
    if call.hub.xet.cas.has_xorb(_name(call)) is None:
        raise NotFound("This xorb has not been uploaded.")
    return empty()


async def post_xorb(call: Call) -> Response:
    """How clients without grants send a xorb."""
    _write_grant(call)
    return json_response(cas.Inserted(await _receive_xorb(call, _name(call))))


def head_xorb(call: Call) -> Response:
    _write_grant(call)
    found = call.hub.xet.cas.has_xorb(_name(call))
    if found is None:
        raise NotFound("This xorb has not been uploaded.")
    return empty(200, {"content-length": str(found.disk_size)})


async def read_xorb(call: Call) -> Response:
    """Ranges that the link was signed for; several at once come as `multipart/byteranges`."""
    service = call.hub.xet.cas
    text = call.arg("hash")
    ranges = parse_ranges(call.header("range"))
    asked = [(start, XORB_MAX if end is None else end) for start, end in ranges]
    service.links.check_read(text, dict(call.query_items), asked)
    found = await asyncio.to_thread(service.shelf.find, hashes.from_string(text))
    if found is None:
        raise NotFound("This xorb is not stored here any more.")
    if any(end < start or end >= found.disk_size for start, end in asked):
        raise RangeNotSatisfiable("The range is outside of the xorb.", size=found.disk_size)
    if sum(end - start + 1 for start, end in asked) > found.disk_size:
        raise InvalidInput("The ranges overlap: together they are longer than the xorb.")
    return XorbAnswer(service.shelf.blobs, found, asked)


# -- shards --


async def post_shard_stream(call: Call) -> Response:
    """200 at once, then a line of JSON per sign of life, then the result or the error."""
    grant = _write_grant(call)
    progress = Progress()
    service = call.hub.xet.cas
    work = service.workers.submit(service.register, grant, call.body, progress)
    return StreamingResponse(_shard_events(work, progress), media_type="application/x-ndjson")


async def post_shard(call: Call) -> Response:
    grant = _write_grant(call)
    service = call.hub.xet.cas
    work = service.workers.submit(service.register, grant, call.body, Progress())
    new = await asyncio.wrap_future(work)
    return json_response(cas.ShardAnswer(int(new)))


async def _shard_events(work: Future[bool], progress: Progress) -> AsyncIterator[bytes]:
    waiting = asyncio.ensure_future(asyncio.wrap_future(work))
    while not waiting.done():
        yield _line(cas.Validating(progress.verified, progress.total))
        await asyncio.wait([waiting], timeout=HEARTBEAT_SECONDS)
    try:
        new = await waiting
    except HubError as error:
        retryable = not isinstance(error, InvalidInput | TooLarge)
        yield _line(cas.ShardError(error.message, retryable))
    else:
        yield _line(cas.Committing("syncing"))
        yield _line(cas.ShardResult(int(new)))


# -- reading --


def known_chunk(call: Call) -> Response:
    """A shard with keyed chunk hashes, or 404."""
    grant = call.hub.xet.cas.grant(call.header("authorization"), "read")
    answer = call.hub.xet.cas.known_chunk(grant, _name(call))
    if answer is None:
        raise NotFound("This chunk is not known.")
    return Response(answer, media_type="application/octet-stream")


def reconstruction(call: Call) -> Response:
    return json_response(_reconstruct(call))


def older_reconstruction(call: Call) -> Response:
    return json_response(_reconstruct(call).older())


def head_file(call: Call) -> Response:
    grant = call.hub.xet.cas.grant(call.header("authorization"), "read")
    found = call.hub.xet.cas.file(grant, hashes.from_string(call.arg("hash")))
    return empty(200, {"content-length": str(found.size)})


def telemetry(_call: Call) -> Response:
    """Thanks, but nothing is kept. Clients send it to the root of the host, whatever the address of the store."""
    return json_response({})


def _reconstruct(call: Call) -> cas.Reconstruction:
    service = call.hub.xet.cas
    grant = service.grant(call.header("authorization"), "read")
    wanted = parse_ranges(call.header("range") or "bytes=0-")
    if len(wanted) != 1:
        raise InvalidInput("Ask for one range of a file at a time.")
    return service.reconstruct(grant, hashes.from_string(call.arg("hash")), wanted[0], _base(call))


async def _receive_xorb(call: Call, name: bytes) -> bool:
    """Body -> spool -> check -> store; True if it was not here. Never holds more than a block of it in memory."""
    service = call.hub.xet.cas
    spool = service.shelf.blobs.new_spool()
    try:
        await _spool(call, spool)
    except BaseException:  # also a client that left; once it has it, `store_xorb` removes the spool itself
        spool.unlink(missing_ok=True)
        raise
    return await asyncio.wrap_future(service.workers.submit(service.store_xorb, name, spool))


async def _spool(call: Call, spool: Path) -> None:
    size = 0

    def take(run: list[bytes]) -> None:
        nonlocal size
        size += sum(map(len, run))
        if size > XORB_MAX:  # counted here, because Content-Length is only a claim
            raise TooLarge(f"A xorb may have {XORB_MAX} bytes at most.")
        write_run(file, run)

    with await asyncio.to_thread(spool.open, "wb", 0) as file:
        await in_runs(call, take)


def _write_grant(call: Call) -> Grant:
    return call.hub.xet.cas.grant(call.header("authorization"), "write")


def _name(call: Call) -> bytes:
    if call.arg("prefix") not in PREFIXES:
        raise NotFound("There is no such prefix here.")
    return hashes.from_string(call.arg("hash"))


def _base(call: Call) -> str:
    """The address of the store as the client knows it, so that its cache stays the same."""
    generation = call.arg("generation")
    if not generation.isascii() or not generation.isdigit():
        raise NotFound("There is no content store at this address.")
    return f"{call.base_url}/cas/{generation}"


def _line(event: cas.ShardEvent) -> bytes:
    return msgspec.json.encode(event) + b"\n"


def _routes() -> list[Route]:
    root = "/cas/{generation}"
    one = "{prefix}/{hash}"
    return [
        Route("POST", f"{root}/v1/xorb-grants/{one}", request_upload, "cas", safe=True),
        Route("PUT", f"{root}/uploads/{{hash}}", put_xorb, "cas", "stream", XORB_MAX, safe=True),
        Route("POST", f"{root}/v1/xorb-commits/{one}/grant/{{id}}", commit_upload, "cas", safe=True),
        Route("POST", f"{root}/v1/xorbs/{one}", post_xorb, "cas", "stream", XORB_MAX, safe=True),
        Route("HEAD", f"{root}/v1/xorbs/{one}", head_xorb, "cas"),
        Route("GET", f"{root}/xorbs/{{hash}}", read_xorb, "cas"),
        Route("POST", f"{root}/v2/shards", post_shard_stream, "cas", limit=SHARD_MAX, safe=True),
        Route("POST", f"{root}/v1/shards", post_shard, "cas", limit=SHARD_MAX, safe=True),
        Route("GET", f"{root}/v1/chunks/{one}", known_chunk, "cas"),
        Route("GET", f"{root}/v2/reconstructions/{{hash}}", reconstruction, "cas"),
        Route("GET", f"{root}/v1/reconstructions/{{hash}}", older_reconstruction, "cas"),
        Route("HEAD", f"{root}/v1/files/{{hash}}", head_file, "cas"),
        Route("POST", f"{root}/v1/telemetry", telemetry, "cas", limit=TELEMETRY_MAX, safe=True),
        Route("POST", "/v1/telemetry", telemetry, "cas", limit=TELEMETRY_MAX, safe=True),
    ]


routes = _routes()
