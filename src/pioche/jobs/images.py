"""Which image means which runtime: this machine pulls no images, so the well-known ones are led to environments."""

from __future__ import annotations

import re
import sys

from pioche.errors import NotSupported

_PYTHON = re.compile(r"(?:docker\.io/)?(?:library/)?python(?::(?P<tag>[\w.-]+))?\Z")
_UV = re.compile(r"(?:ghcr\.io/)?astral-sh/uv(?::(?P<tag>[\w.-]+))?\Z")
_PLAIN = re.compile(r"(?:docker\.io/)?(?:library/)?(?:debian|ubuntu)(?::[\w.-]+)?\Z")
_VERSION = re.compile(r"3\.\d+")


def runtime_of(image: str) -> tuple[str, str]:
    """The runtime, and what is to be said about it. Raises `NotSupported`."""
    found = _PYTHON.match(image) or _UV.match(image)
    if found is None and not _PLAIN.match(image):
        raise NotSupported(
            f"This hub runs jobs without images, so '{image[:100]}' cannot run. 'python' and the image of uv can; "
            "others need an executor with a container engine."
        )
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = _VERSION.search(found["tag"] or "") if found else None
    if asked and asked[0] != here:
        return "base", f"Python {asked[0]} was asked for; this hub has {here}, which is used."
    return "base", ""
