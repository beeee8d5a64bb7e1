"""`Folders`: what jobs mount, on this machine's disk.

In `volumes/`: `files/`, large contents by name, each once, shared between jobs by hard links; `KEY/N/`, a folder of a
job; `KEY/N.json`, how what it may change looked at first. Contents in `files/` are never written again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pioche.errors import HubError, InvalidInput, QuotaExceeded
from pioche.names import check_path
from pioche.ports.executor import remove_tree

UNUSED_SECONDS = 24 * 3600
MAX_CHANGED = 50_000


@dataclass(frozen=True, slots=True)
class Cut:
    """Bytes of a file: in a file of this machine that never changes, or in pieces."""

    local: Path | None
    pieces: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to be. `name` tells its content from others; empty for what is small."""

    path: str
    size: int
    read: Callable[[], Cut]
    name: str = ""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    path: str
    place: Path
    mtime: int


@dataclass(frozen=True, slots=True)
class Changed:
    put: Sequence[ChangedFile]
    gone: Sequence[str]
    refused: Sequence[str]


class Folders:
    """`reserve`: bytes that stay free on the disk."""

    def __init__(self, root: Path, reserve: int) -> None:
        self._root = root
        self._reserve = reserve

    def fill(self, key: str, number: int, files: Sequence[SourceFile], writable: bool) -> tuple[Path, int]:
        """A folder with these files, and their bytes."""
        place = self._root / key / str(number)
        place.mkdir(parents=True)
        place.chmod(0o755)
        size = sum(file.size for file in files)
        self._require_room(sum(f.size for f in files if writable or not (self._root / "files" / f.name).is_file()))
        for file in files:
            try:
                target = place / check_path(file.path)
                _make_folders(target.parent, place)
                if writable or not file.name:
                    _write(target, file.read())
                else:
                    self._link(target, file)
            except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
                raise InvalidInput(
                    f"'{file.path[:200]}' is both a file and a folder, so it cannot be mounted."
                ) from error
            except OSError as error:
                raise InvalidInput(f"'{file.path[:200]}' cannot be mounted: {error.strerror}.") from error
        if writable:
            (self._root / key / f"{number}.json").write_text(json.dumps(dict(_marks(place))))
        return place, size

    def changed(self, key: str, number: int) -> Changed:
        """What a job that has ended did to a folder. Links are not followed; what is no plain file stays behind."""
        place = self._root / key / str(number)
        before: dict[str, list[int]] = json.loads((self._root / key / f"{number}.json").read_text())
        put, refused, there = list[ChangedFile](), list[str](), set[str]()
        for path, mark in _marks(place):
            there.add(path)
            if before.get(path) == mark:
                continue
            try:
                check_path(path)
            except HubError:
                refused.append(ascii(path)[1:101])
                continue
            put.append(ChangedFile(path, place / path, mark[1] // 1_000_000))
            if len(put) > MAX_CHANGED:
                raise QuotaExceeded(f"The job wrote more than {MAX_CHANGED} files.")
        return Changed(put, [path for path in before if path not in there], refused)

    @contextlib.contextmanager
    def opened(self, file: ChangedFile) -> Iterator[tuple[BinaryIO, str]]:
        """The bytes and their SHA-256."""
        with os.fdopen(os.open(file.place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            content.seek(0)
            yield content, digest

    def forget(self, key: str) -> None:
        remove_tree(self._root / key)

    def tidy(self, keys_in_use: Sequence[str]) -> int:
        """Drops folders of jobs that are not, and contents that nobody mounted for a day."""
        dropped = 0
        for entry in self._root.iterdir() if self._root.is_dir() else ():
            if entry.name != "files" and entry.name not in keys_in_use:
                remove_tree(entry)
                dropped += 1
        for path in (self._root / "files").iterdir() if (self._root / "files").is_dir() else ():
            facts = path.stat()
            if facts.st_nlink == 1 and facts.st_mtime < time.time() - UNUSED_SECONDS:
                path.unlink(missing_ok=True)
                dropped += 1
        return dropped

    def _link(self, target: Path, file: SourceFile) -> None:
        """To the blob itself where it is one file, else to a copy that all jobs share."""
        shared = self._root / "files" / file.name
        if not shared.is_file():
            cut = file.read()
            if cut.local is not None and _linked(cut.local, target):
                target.chmod(0o444)
                return
            shared.parent.mkdir(exist_ok=True)
            draft = shared.with_name(f".{uuid.uuid4().hex}")
            _write(draft, cut)
            draft.chmod(0o444)
            draft.replace(shared)
        os.utime(shared)
        if not _linked(shared, target):
            shutil.copyfile(shared, target)
            target.chmod(0o444)

    def _require_room(self, size: int) -> None:
        self._root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._root).free - self._reserve
        if size > free:
            raise QuotaExceeded(f"The volumes need {size:,} bytes of disk; {max(free, 0):,} are free.")


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # another disk, or one that knows no links
        return False
    return True


def _write(target: Path, cut: Cut) -> None:
    with target.open("xb") as file:
        for piece in cut.pieces:
            file.write(piece)
    target.chmod(0o644)


def _make_folders(folder: Path, top: Path) -> None:
    """Open to the user of the run, whatever the mask of the hub."""
    if folder.is_dir():
        return
    _make_folders(folder.parent, top)
    folder.mkdir()
    folder.chmod(0o755)


def _marks(place: Path) -> Iterator[tuple[str, list[int]]]:
    """Each plain file, with what changes when it is written."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = [(entry.name, entry.stat(follow_symlinks=False)) for entry in os.scandir(place / folder)]
        except OSError:  # too deep for a path, so for one in a bucket too, or closed by the run
            continue
        for name, facts in entries:
            path = f"{folder}{name}"
            if stat.S_ISDIR(facts.st_mode):
                waiting.append(f"{path}/")
            elif stat.S_ISREG(facts.st_mode):
                yield path, [facts.st_size, facts.st_mtime_ns, facts.st_ino]
