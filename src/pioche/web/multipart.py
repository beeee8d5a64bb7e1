"""Forms that carry a file: read as they come, and no more of them than is allowed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from pioche.errors import InvalidInput, TooLarge
from pioche.web.call import Call
from pioche.web.text import _

SLACK = 64 * 1024
"""Bytes of a form beside its file."""


async def read_file(call: Call, name: str, limit: int) -> tuple[str, bytes]:
    """(name, content) of the file in that field; two empty ones if there is none. `limit` in bytes."""
    try:
        body = _bounded(call.request.stream(), limit)
        form = await MultiPartParser(call.request.headers, body, max_files=1, max_part_size=limit).parse()
    except MultiPartException as error:
        raise InvalidInput(_("The form cannot be read: %(why)s") % {"why": error.message}) from error
    except KeyError as error:  # no boundary
        raise InvalidInput(_("The form cannot be read: %(why)s") % {"why": str(error)}) from error
    try:
        file = form.get(name)
        if not isinstance(file, UploadFile):
            return "", b""
        return file.filename or "", await file.read()
    finally:
        await form.close()


async def _bounded(stream: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes, None]:
    left = limit + SLACK
    async for chunk in stream:
        left -= len(chunk)
        if left < 0:
            raise TooLarge(_("Files of up to %(n)s MiB can be sent here.") % {"n": limit // 1024**2})
        yield chunk
