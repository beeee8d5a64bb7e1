"""Text goes out as gzip to whoever takes it: pages as they are made, files of the face once for all.

Source: RFC 9110 section 12.5.3. Files of repositories and what the API answers are never compressed here: they are
large, mostly compressed already, or read by programs that count bytes.
Forms stay safe beside compression because their token differs on every page, see `web.auth.csrf_token`.
"""

from __future__ import annotations

import zlib

from pioche.web.call import Call

SMALLEST = 1024
"""Bytes below which the gzip frame and the time cost more than they save."""

PAGE_LEVEL = 5
FILE_LEVEL = 9


def takes_gzip(call: Call) -> bool:
    """Whether the client names gzip, or everything, without a weight of zero."""
    weights = {}
    for item in call.header("accept-encoding").lower().split(","):
        name, _, parameters = item.partition(";")
        weights[name.strip()] = parameters.replace(" ", "")
    weight = weights.get("gzip", weights.get("*"))
    return weight is not None and weight.rstrip("0") not in ("q=", "q=0.")


def gzipped(content: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, wbits=31)
    return packer.compress(content) + packer.flush()
