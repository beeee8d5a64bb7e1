"""Which image means which runtime: this machine pulls no images, so the well-known ones are led to environments."""

from __future__ import annotations

import re
import sys

from pioche.errors import NotSupported

_PYTHON = re.compile(r"(?:docker\.io/)?(?:library/)?python(?::(?P<tag>[\w.-]+))?\Z")
_UV = re.compile(r"(?:ghcr\.io/)?astral-sh/uv(?::(?P<tag>[\w.-]+))?\Z")
_PLAIN = re.compile(r"(?:docker\.io/)?(?:library/)?(?:debian|ubuntu)(?::[\w.-]+)?\Z")
# What people run trainings in.
_LEARNING = re.compile(
    r"(?:docker\.io/)?(?:pytorch/pytorch|huggingface/(?:transformers|trl|accelerate|peft)[\w-]*)(?::[\w.-]+)?\Z"
)
OWN = ("base", "ml")
"""Environments of the hub, by their own names."""
_VERSION = re.compile(r"3\.\d+")


def runtime_of(image: str) -> tuple[str, str]:
    """The runtime, and what is to be said about it. Raises `NotSupported`."""
    if image.removeprefix("pioche/") in OWN:
        return image.removeprefix("pioche/"), ""
    if _LEARNING.match(image):
        return "ml", "This hub has no images: its own environment 'ml' (torch, transformers, trl, diffusers) is used."
    found = _PYTHON.match(image) or _UV.match(image)
    if found is None and not _PLAIN.match(image):
        raise NotSupported(
            f"This hub runs jobs without images, so '{image[:100]}' cannot run. 'python', the image of uv, "
            "'pytorch/pytorch' and the hub's own 'ml' can; others need an executor with a container engine."
        )
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = _VERSION.search(found["tag"] or "") if found else None
    if asked and asked[0] != here:
        return "base", f"Python {asked[0]} was asked for; this hub has {here}, which is used."
    return "base", ""
