"""Counting of failures, so that passwords cannot be tried out. Kept in this process and forgotten with it."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pioche.errors import InvalidCredentials, RateLimited

LIMIT = 10
WINDOW = 600.0  # seconds
_MAX_KEYS = 20_000


class Attempts:
    """At most `limit` failures per key and `window` seconds."""

    def __init__(self, limit: int = LIMIT, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._times: OrderedDict[str, list[float]] = OrderedDict()

    @contextmanager
    def guard(self, keys: Sequence[str]) -> Iterator[None]:
        """One try. It counts from the start, so that many at once do not slip through; success takes it back.

        Raises `RateLimited` before the block runs.
        """
        now = self._clock()
        self.count(keys, now)
        try:
            yield
        except InvalidCredentials:
            raise
        except BaseException:
            self._forget(keys, now)
            raise
        self._forget(keys, now)

    def count(self, keys: Sequence[str], now: float | None = None) -> None:
        """Counts one try against each key, or none if any is used up: then raises `RateLimited`."""
        at = self._clock() if now is None else now
        with self._lock:
            wait = max(self._wait(key, at) for key in keys)
            if wait > 0:
                seconds = math.ceil(wait)
                raise RateLimited(
                    f"Too many tries. Wait {math.ceil(seconds / 60)} min and try again.", retry_after=seconds
                )
            for key in keys:
                self._times.setdefault(key, []).append(at)
                self._times.move_to_end(key)
            while len(self._times) > _MAX_KEYS:
                self._times.popitem(last=False)

    def _wait(self, key: str, now: float) -> float:
        """Seconds until one more try is allowed."""
        times = [t for t in self._times.get(key, ()) if now - t < self._window]
        if times:
            self._times[key] = times
        else:
            self._times.pop(key, None)
        return 0.0 if len(times) < self._limit else times[-self._limit] + self._window - now

    def _forget(self, keys: Sequence[str], at: float) -> None:
        with self._lock:
            for key in keys:
                times = self._times.get(key, [])
                if at in times:
                    times.remove(at)


def address_key(address: str) -> str:
    """One key for one customer of a provider: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address {address[:100]}"
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return f"address {ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address {parsed}"
