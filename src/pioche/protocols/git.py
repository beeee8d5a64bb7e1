"""Git's smart HTTP protocol: the frame around what the git program itself says.

Source: git's own documentation, "HTTP transfer protocols" and "packet line format"; checked against git 2.39.
Shape:  packet: 4 hex digits of length (itself included), content; `0000` ends a section (flush).
Units:  bytes; a packet is at most 65,520.
Errors: none of its own; the git program checks what it reads.
"""

from __future__ import annotations

import re
from typing import Literal

Service = Literal["git-upload-pack", "git-receive-pack"]

FLUSH = b"0000"

_PROTOCOL = re.compile(r"[a-z0-9=:.-]{1,200}\Z")


def packet(content: bytes) -> bytes:
    return b"%04x%s" % (len(content) + 4, content)


def advertisement_head(service: Service, protocol: str) -> bytes:
    """What comes before the list of refs. Protocol version 2 of reading has no list and no head."""
    if service == "git-upload-pack" and "version=2" in protocol.split(":"):
        return b""
    return packet(b"# service=%s\n" % service.encode()) + FLUSH


def clean_protocol(header: str) -> str:
    """The `Git-Protocol` header, fit for an environment variable; empty if it is not what git sends."""
    return header if _PROTOCOL.match(header) else ""
