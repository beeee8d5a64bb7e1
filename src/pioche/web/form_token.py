"""The token of a form that carries files: its first field, read before the rest, which is left as it comes.

Such forms are read by their handlers, after it is known who asks. The token is not in their address, for addresses are
written into the logs of proxies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.types import Message, Receive

HEAD = 2048
_FIRST_FIELD = re.compile(
    rb'\A(?:\r\n)?--[^\r\n]{1,200}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n([^\r\n]{1,200})\r\n',
    re.IGNORECASE,
)


def is_form_with_files(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == "multipart/form-data"


async def read_first(request: Request) -> tuple[str, Request]:
    """The token, empty if the first field is none; and the request once more, from its beginning."""
    taken: list[Message] = []
    head, found = b"", None
    while found is None and len(head) < HEAD:
        message = await request.receive()
        taken.append(message)
        head += message.get("body", b"")
        found = _FIRST_FIELD.match(head)
        if not message.get("more_body"):  # all of it, or the client left
            break
    token = "" if found is None else found[1].decode("latin-1")
    return token, Request(request.scope, _again(taken, request.receive))


def _again(taken: Sequence[Message], receive: Receive) -> Receive:
    left = list(taken)

    async def again() -> Message:
        return left.pop(0) if left else await receive()

    return again
