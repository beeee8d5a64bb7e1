"""`Kept`: what was read of a database, as long as nobody commits anything."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from pioche.ports.database import Database

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Only for what depends on nothing but the database: not on the clock, and not on files.

    Where the engine cannot tell whether anyone has committed, nothing is kept.
    """

    def __init__(self, database: Database, most: int) -> None:
        self._database = database
        self._most = most
        self._lock = threading.Lock()
        self._version: int | None = None
        self._values: dict[K, V] = {}

    def find(self, key: K) -> V | None:
        """Costs microseconds, so it may be asked on the event loop."""
        version = self._database.version()
        with self._lock:
            return self._values.get(key) if version is not None and version == self._version else None

    def read(self, key: K, read: Callable[[], V]) -> V:
        """What is kept, or else what `read` finds; its errors are not kept."""
        # From before the reading: whatever is committed meanwhile makes it worthless.
        version = self._database.version()
        with self._lock:
            if version is not None and version == self._version and key in self._values:
                return self._values[key]
        value = read()
        if version is not None:
            with self._lock:
                if version != self._version or len(self._values) >= self._most:
                    self._version, self._values = version, {}
                self._values[key] = value
        return value
