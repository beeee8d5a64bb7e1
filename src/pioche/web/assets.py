"""The files of the face: `/static/<path>?v=<version>`, cached for good because the version is in the address."""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response

from pioche.errors import NotFound
from pioche.web.call import Call
from pioche.web.compression import FILE_LEVEL, SMALLEST, gzipped, takes_gzip
from pioche.web.responses import moved
from pioche.web.routing import Route

ROOT = Path(__file__).parent / "static"
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("text/javascript", ".js")
# Fonts and images are compressed already.
TEXT = frozenset(["text/css", "text/javascript", "image/svg+xml", "text/plain"])


def static_file(call: Call) -> Response:
    missing = NotFound("There is no such file.")
    try:
        path = (ROOT / call.params["path"]).resolve()
        if not path.is_relative_to(ROOT) or not path.is_file():
            raise missing
    except (OSError, ValueError) as error:  # no file system has such a name
        raise missing from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if call.query("v") else "public, max-age=3600",
        "x-content-type-options": "nosniff",
    }
    status = path.stat()
    if media_type not in TEXT or status.st_size < SMALLEST:
        return FileResponse(path, media_type=media_type, headers=headers)
    headers["vary"] = "accept-encoding"
    if not takes_gzip(call):
        return FileResponse(path, media_type=media_type, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(_packed(path, status.st_mtime_ns), media_type=media_type, headers=headers)


@lru_cache(maxsize=256)
def _packed(path: Path, _mtime_ns: int) -> bytes:
    """Compressed once; all of the face is about 1 MB."""
    return gzipped(path.read_bytes(), FILE_LEVEL)


async def robots(_call: Call) -> Response:
    """Everyone may look at what anyone may see; what is private answers them as it answers every stranger."""
    return PlainTextResponse("User-agent: *\nAllow: /\n", headers={"cache-control": "public, max-age=3600"})


async def favicon(_call: Call) -> Response:
    """Where browsers look that were told nothing else."""
    return moved("/static/favicon.svg")


routes = [
    Route("GET", "/static/{path*}", static_file, dialect="html", body="none"),
    Route("GET", "/robots.txt", robots, body="none"),
    Route("GET", "/favicon.ico", favicon, body="none"),
]
