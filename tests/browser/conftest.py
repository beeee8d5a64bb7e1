"""What the manual in the browser shares: people who open pages, and files worth looking at."""

from __future__ import annotations

import io
import json
import math
import struct
import wave
import zlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from pioche.testkit.browser import Logins, Visits
from pioche.testkit.people import Cast
from pioche.testkit.server import Server


@pytest.fixture(scope="session")
def logins() -> Logins:
    """Cookies of who has logged in on `server`: the log-in itself is tested once, in test_accounts.py."""
    return {}


@pytest.fixture
def visit(browser: Browser, server: Server, cast: Cast, logins: Logins) -> Iterator[Visits]:
    visits = Visits(browser, server.url, logins)
    yield visits
    visits.close()


# -- files --


@pytest.fixture(scope="session")
def png() -> bytes:
    """A picture of 64 x 32 pixels."""
    rows = b"".join(b"\0" + bytes(value for x in range(64) for value in (4 * x, 8 * y, 120)) for y in range(32))
    head = struct.pack(">IIBBBBB", 64, 32, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture(scope="session")
def wav() -> bytes:
    """A quarter of a second of a tone."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(n / 5))) for n in range(2000)))
    return out.getvalue()


@pytest.fixture(scope="session")
def safetensors() -> bytes:
    """Two tensors: 12 x 10 of F16 and 80 of F32; 200 parameters."""
    header = {
        "__metadata__": {"format": "pt"},
        "layer.weight": {"dtype": "F16", "shape": [12, 10], "data_offsets": [0, 240]},
        "layer.bias": {"dtype": "F32", "shape": [80], "data_offsets": [240, 560]},
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(560)
