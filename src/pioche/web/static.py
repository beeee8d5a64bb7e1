"""The files of the face: `/static/<version>/<path>`, cached for good because the version is in the address."""

from __future__ import annotations

import hashlib
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


def fingerprint() -> str:
    """Changes when any file does: names, sizes and times of change."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(ROOT.rglob("*")):
        if path.is_file():
            stat = path.stat()
            digest.update(f"{path.relative_to(ROOT)}|{stat.st_size}|{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


async def static_file(call: Call) -> Response:
    """The version in the address is not checked: an old page still finds its files."""
    path = (ROOT / unquote(call.params["path"])).resolve()
    if not path.is_relative_to(ROOT) or not path.is_file():
        raise NotFound("There is no such file.")
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return FileResponse(
        path,
        media_type=media_type,
        headers={"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"},
    )


routes = [Route("GET", "/static/{version}/{path*}", static_file, dialect="html", body="none")]
