"""Bytes on their way in: written to a spool file and hashed as they arrive."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pioche.errors import InvalidInput
from pioche.ports.blobs.spool import write_run


class Incoming:
    """One spool. Not for two threads at a time. Ends with `check` or `discard`."""

    def __init__(self, path: Path, size: int) -> None:
        """`size` is how many bytes are announced."""
        self.path = path
        self._announced = size
        self._received = 0
        self._hasher = hashlib.sha256()
        self._file = path.open("xb", buffering=0)

    def write(self, *run: bytes) -> None:
        """Raises `InvalidInput` as soon as there is more than announced, and `QuotaExceeded` on a full disk."""
        self._received += sum(map(len, run))
        if self._received > self._announced:
            raise InvalidInput(f"More bytes came than the {self._announced:,} that were announced.")
        write_run(self._file, run)
        for piece in run:
            self._hasher.update(piece)

    def check(self, sha256: str = "") -> str:
        """Closes the file; returns the digest. Raises `InvalidInput` if something is missing or not `sha256`."""
        self._file.close()
        if self._received != self._announced:
            raise InvalidInput(f"{self._received:,} bytes came, and {self._announced:,} were announced.")
        digest = self._hasher.hexdigest()
        if sha256 and digest != sha256:
            raise InvalidInput(f"The bytes that came have the SHA-256 {digest}, not {sha256}. Send the file again.")
        return digest

    def discard(self) -> None:
        """Closes and deletes what came; nothing happens if it was taken over."""
        self._file.close()
        self.path.unlink(missing_ok=True)
