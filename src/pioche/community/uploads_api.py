"""Pictures, films and sounds for comments: `POST /uploads`, and where they are shown."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

from pioche.community.writing import MAX_FILM
from pioche.errors import InvalidInput
from pioche.web.call import Call
from pioche.web.files import file_response
from pioche.web.routing import Route
from pioche.web.safe_files import SAFE_HEADERS, disposition_of


def upload(call: Call) -> Response:
    """The body is the file; the answer is its address as plain text, as the stock client reads it."""
    if call.body_file is None:
        raise InvalidInput("Send the file as the body of the request.")
    attachment = call.hub.writing.attach(call.actor, call.body_file)
    return PlainTextResponse(f"{call.base_url}/uploads/{attachment.name}")


def show(call: Call) -> Response:
    attachment = call.hub.writing.attachment(call.arg("name"))
    headers = {
        **SAFE_HEADERS,
        "content-type": attachment.media_type,
        "content-disposition": disposition_of(attachment.name, download=False),
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": "public, max-age=31536000, immutable",
        "etag": f'"{attachment.key}"',
    }
    return file_response(call, attachment, headers)


routes = [
    Route("POST", "/uploads", upload, body="spool", limit=MAX_FILM),
    Route("GET", "/uploads/{name}", show),
]
