"""Waiting for what the hub does in the background."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP = 0.05


def eventually(is_so: Callable[[], bool], seconds: float = 15) -> None:
    """Asks again and again until it is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds} seconds"
        time.sleep(STEP)
