"""The files of the face: `/static/<path>?v=<version>`, cached for good because the version is in the address."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from urllib.parse import unquote

from starlette.responses import FileResponse, Response

from pioche.errors import NotFound
from pioche.web.call import Call
from pioche.web.routing import Route

ROOT = Path(__file__).parent / "static"
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")


async def static_file(call: Call) -> Response:
    path = (ROOT / unquote(call.params["path"])).resolve()
    if not path.is_relative_to(ROOT) or not path.is_file():
        raise NotFound("There is no such file.")
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(
        path,
        media_type=media_type,
        headers={
            "cache-control": "public, max-age=31536000, immutable" if call.query("v") else "public, max-age=3600",
            "x-content-type-options": "nosniff",
        },
    )


routes = [Route("GET", "/static/{path*}", static_file, dialect="html", body="none")]
