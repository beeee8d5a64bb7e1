"""Blobs as files: write beside, fsync, rename, fsync the folder."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pioche.errors import BlobNotFound
from pioche.ports.blobs import BlobStore


class LocalBlobStore(BlobStore):
    def __init__(self, root: Path) -> None:
        self.root = root
        self.spool = root / "spool"
        self.spool.mkdir(parents=True, exist_ok=True)

    def new_spool(self) -> Path:
        return self.spool / secrets.token_hex(16)

    def drop_stale_spools(self, seconds: float) -> int:
        limit = time.time() - seconds
        stale = [path for path in self.spool.iterdir() if _last_written(path) < limit]
        for path in stale:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return len(stale)

    def drop_abandoned_spools(self) -> int:
        files = [path for path in self.spool.iterdir() if not path.is_dir()]
        for path in files:
            path.unlink(missing_ok=True)
        return len(files)

    def put_file(self, key: str, source: Path) -> None:
        target = self.root / key
        if target.exists():
            source.unlink()
            return
        _fsync(source)
        _make_folders(target.parent, self.root)
        source.replace(target)
        _fsync(target.parent)

    def size(self, key: str) -> int | None:
        try:
            return (self.root / key).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, key: str) -> BinaryIO:
        try:
            return (self.root / key).open("rb", buffering=0)
        except FileNotFoundError as error:
            raise BlobNotFound(f"There is no blob '{key}'.") from error

    def local_path(self, key: str) -> Path | None:
        path = self.root / key
        return path if path.exists() else None

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        for folder, _, names in os.walk(self.root / prefix):
            for name in names:
                yield str((Path(folder) / name).relative_to(self.root))

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free


def _last_written(path: Path) -> float:
    """Of a file, or of what is in a folder. What vanishes meanwhile is not stale."""
    try:
        inside = list(path.iterdir()) if path.is_dir() else []
        return max(entry.stat().st_mtime for entry in [path, *inside])
    except FileNotFoundError:
        return time.time()


def _make_folders(folder: Path, root: Path) -> None:
    """Makes `folder` and writes each new one into its parent, down from `root`."""
    if folder.exists():
        return
    if folder != root:
        _make_folders(folder.parent, root)
    folder.mkdir(exist_ok=True)
    _fsync(folder.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
