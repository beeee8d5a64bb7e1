"""Environments that nothing uses any more: of a set that has changed since, or of another version of Pioche.

Several hubs may share a folder, and another version has other sets. So an environment goes only when nobody took it for
days: whoever starts something in one touches its stamp, a file beside it, and each hub does so daily while that runs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

UNUSED_DAYS, LEAST_DAYS = 7, 2
CACHE, CACHE_SECONDS = "cache", 600
_NAME = re.compile(r".+-[0-9a-f]{12}\Z")


@dataclass(frozen=True, slots=True)
class Installed:
    """One that lies there, or the cache of downloads. `used`: Unix seconds, about."""

    place: Path
    size: int
    used: float


def touch(place: Path) -> None:
    """Somebody takes it now."""
    with contextlib.suppress(OSError):  # where the folder is for reading, nothing is pruned either
        _stamp(place).touch()


def installed(folder: Path) -> list[Installed]:
    found = [*_environments(folder), *([folder / CACHE] if (folder / CACHE).is_dir() else [])]
    return [Installed(place, _size(place), _used(place)) for place in found]


def prune(folder: Path, current: Collection[Path], days: int = UNUSED_DAYS) -> list[Installed]:
    """Removes those that are not among `current` and that nobody took for so many days, and the cache likewise."""
    unused_before = time.time() - max(days, LEAST_DAYS) * 24 * 3600
    gone = []
    for place in _environments(folder):
        if not _stamp(place).exists() or _is_mounted(place):
            touch(place)  # its days begin now
        elif place not in current and _used(place) < unused_before:
            found = Installed(place, _size(place), _used(place))
            gone += [found] if _remove(place, unused_before) else []
    cache = folder / CACHE
    if cache.is_dir() and not _stamp(cache).exists():
        touch(cache)
    elif cache.is_dir() and _used(cache) < unused_before:
        found = Installed(cache, _size(cache), _used(cache))
        gone += [found] if _clean(cache) else []
    return gone


def unfinished(place: Path) -> Path:
    """The mark of one that is not whole."""
    return place.with_name(f"{place.name}.unfinished")


def locked(place: Path, how: int = fcntl.LOCK_EX) -> contextlib.AbstractContextManager[None]:
    """Between processes; it goes with the one that has it. Raises `BlockingIOError` where `how` says not to wait."""
    return _locked(place.with_name(f"{place.name}.lock"), how)


@contextlib.contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, how)
        yield


def _remove(place: Path, unused_before: float) -> bool:
    """False if somebody takes it, or makes it, at this moment."""
    try:
        with locked(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
            # First the mark, then a look at the stamp; who takes it does the opposite. So one sees the other.
            unfinished(place).touch()
            if _used(place) >= unused_before:
                unfinished(place).unlink()
                return False
            shutil.rmtree(place, ignore_errors=True)
            _stamp(place).unlink(missing_ok=True)
            unfinished(place).unlink()
    except OSError:
        return False
    return True


def _clean(cache: Path) -> bool:
    """By its own program, which waits for others that use it."""
    command = [sys.executable, "-m", "uv", "--quiet", "cache", "clean", "--cache-dir", str(cache)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=CACHE_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    _stamp(cache).unlink(missing_ok=True)
    return True


def _environments(folder: Path) -> list[Path]:
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(place for place in found if _NAME.match(place.name) and _is_environment(place))


def _is_environment(place: Path) -> bool:
    """A folder of ours, whole or broken off; whatever else somebody keeps here stays."""
    made = (place / "pyvenv.cfg").is_file() or unfinished(place).exists()
    return made and place.is_dir() and not place.is_symlink()


def _is_mounted(place: Path) -> bool:
    """By a sandbox of this machine: what is mounted is in its command."""
    word = os.fsencode(place)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if word in (entry / "cmdline").read_bytes().split(b"\0"):
                    return True
    return False


def _stamp(place: Path) -> Path:
    return place.with_name(f"{place.name}.used")


def _used(place: Path) -> float:
    for path in (_stamp(place), place):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return time.time()


def _size(place: Path) -> int:
    """Bytes on the disk; what lies in the cache too counts in both."""
    size = 0
    for folder, _, files in os.walk(place):
        for name in files:
            with contextlib.suppress(OSError):
                size += os.lstat(f"{folder}/{name}").st_blocks * 512
    return size
