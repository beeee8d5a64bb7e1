"""BlobStore: named, immutable bytes. Local files in `local.py`.

`put_file` is atomic and durable when it returns: a key is either absent or whole. Keys are relative paths made by
the hub (`xorbs/ab/cd/<hash>`), never by a client. Reading a key that is not there raises `BlobNotFound`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol


class BlobStore(Protocol):
    def new_spool(self) -> Path:
        """A fresh path for a temporary file that `put_file` can take over without a copy."""
        ...

    def drop_stale_spools(self, seconds: float) -> int:
        """Deletes spools (files, or folders of them) that nothing was written to for so long. Returns the count."""
        ...

    def drop_abandoned_spools(self) -> int:
        """At start-up, when nobody else uses the store: deletes all spool files. Returns the count.

        Folders stay: what was sent in parts goes on after a restart, until `drop_stale_spools` gives it up.
        """
        ...

    def put_file(self, key: str, source: Path) -> None:
        """Takes `source` over (it is gone afterwards). A key that exists already stays as it is."""
        ...

    def size(self, key: str) -> int | None:
        """Bytes, or None if there is no such key."""
        ...

    def open(self, key: str) -> BinaryIO:
        """An unbuffered, seekable file; the caller closes it."""
        ...

    def local_path(self, key: str) -> Path | None:
        """Where the bytes lie as one file on this machine, or None if they do not; for sendfile."""
        ...

    def delete(self, key: str) -> None:
        """Deleting what is not there is no error."""
        ...

    def keys(self, prefix: str) -> Iterator[str]: ...

    def free_bytes(self) -> int:
        """Room left on the disk."""
        ...
