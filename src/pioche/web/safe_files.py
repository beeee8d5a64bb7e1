"""Files of people on the hub's own origin: shown only as what cannot run there."""

from __future__ import annotations

import mimetypes
import re
from urllib.parse import quote

# What a browser may show as it is. Anything that could run a script on the hub's origin is shown as text.
_SHOWN = ("image/", "audio/", "video/", "font/", "application/pdf", "application/json")
_ACTIVE = re.compile(r"html|xml|svg|script|css|flash|wasm")
_TEXT = "text/plain; charset=utf-8"
_BINARY = "application/octet-stream"

SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
}


def media_type_of(path: str, is_text: bool) -> str:
    """A type that is safe. `is_text`: take what has no known type for text."""
    # A path is no address: of `data:image/x,y` the library would take the type from the name, whatever it says.
    guess = mimetypes.guess_type(f"/{path}")[0] or ""
    if guess.startswith("text/") or _ACTIVE.search(guess):
        return _TEXT
    if guess.startswith(_SHOWN):
        return guess
    return _TEXT if is_text and not guess else _BINARY


def disposition_of(path: str, download: bool) -> str:
    """`Content-Disposition`, with the name twice: for all clients, and with every character for those of today."""
    name = path.rpartition("/")[2]
    plain = re.sub(r"[^ !#-\[\]-~]", "_", name)
    kind = "attachment" if download else "inline"
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\""
