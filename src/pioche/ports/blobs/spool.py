"""Writing to spool files: runs of received pieces, as they are."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from io import FileIO

from pioche.errors import QuotaExceeded

# What one call of the system takes (IOV_MAX of Linux).
PIECES_MAX = 1024


def write_run(file: FileIO, run: Sequence[bytes]) -> None:
    """Appends all pieces without copying them together first. Raises `QuotaExceeded` on a full disk."""
    pieces: Sequence[bytes] = run if len(run) <= PIECES_MAX else [b"".join(run)]
    left = sum(map(len, pieces))
    try:
        written = os.writev(file.fileno(), pieces)
        if written < left:
            _write_rest(file, memoryview(b"".join(pieces))[written:])
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise QuotaExceeded("The disk of this hub is full. Tell its admin.") from error


def _write_rest(file: FileIO, rest: memoryview) -> None:
    while rest:
        rest = rest[file.write(rest) :]
