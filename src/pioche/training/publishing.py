"""From the files that a run left to lines of a commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pioche.errors import InvalidInput
from pioche.lfs.service import Lfs
from pioche.lfs.types import UploadSlot
from pioche.ports.gitstore import PutFile
from pioche.repos.types import PutLargeFile

LARGE_ENDINGS = (".safetensors",)
PUBLISHED = (".safetensors", ".json", ".txt", ".jinja", ".model")
MOST_FILES, REGULAR = 100, 5 * 1024 * 1024
PIECE = 1024 * 1024


def operations_of(lfs: Lfs, repo_id: int, folder: Path) -> Iterator[PutFile | PutLargeFile]:
    """Weights as large files. The run wrote this folder, so nothing in it is followed that leads out of it."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_symlink() and path.is_file())
    if not paths or len(paths) > MOST_FILES:
        raise InvalidInput("The training left no model, or too many files.")
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if any(part.is_symlink() for part in path.parents if part.is_relative_to(folder)) or not name.endswith(
            PUBLISHED
        ):
            continue
        if name.endswith(LARGE_ENDINGS) or path.stat().st_size > REGULAR:
            yield _large(lfs, repo_id, path, name)
        else:
            yield PutFile(name, path.read_bytes())


def _large(lfs: Lfs, repo_id: int, path: Path, name: str) -> PutLargeFile:
    size, hasher = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            hasher.update(piece)
    slot = UploadSlot(repo_id, hasher.hexdigest(), size)
    incoming = lfs.uploads.receive(slot)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            incoming.write(piece)
    lfs.uploads.finish(slot, incoming)
    return PutLargeFile(name, slot.sha256, size)
