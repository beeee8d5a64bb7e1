"""Files to send, and whether what came back is the same."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

MIB = 1024 * 1024


def write_random(path: Path, size: int, seed: int = 0) -> Path:
    """Incompressible bytes, the same for the same seed: neither deduplication nor compression can flatter them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = random.Random(seed)
    with path.open("wb") as file:
        left = size
        while left:
            piece = min(left, 4 * MIB)
            file.write(source.randbytes(piece))
            left -= piece
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tree(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of all files below a folder, without what clients keep there for themselves."""
    return {
        str(path.relative_to(folder)): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {".cache", ".git"} & set(path.relative_to(folder).parts)
    }
