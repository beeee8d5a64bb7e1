"""What a process may take of its machine: control groups (version 1 and 2) and CPU affinity may leave it less.

So it is in containers and in units of systemd with limits. A group may take no more than any group above it. Runs have
groups beside that of the hub or below it, which say nothing about the hub.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath

MEMORY, CPU = "memory", "cpu"
V2 = "cgroup2"


def memory(root: Path = Path("/"), pid: int = 0) -> int:
    """Bytes. `root`: where the system's files are. `pid`: whose; 0 for this process."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = [
        _number(folder / name) for folder, name in _files(root, pid, MEMORY, "memory.max", "memory.limit_in_bytes")
    ]
    return min([total, *filter(None, found)])


def cpus(root: Path = Path("/"), pid: int = 0) -> int:
    """Whole ones, and one at least."""
    quotas = [_quota(folder, name) for folder, name in _files(root, pid, CPU, "cpu.max", "cpu.cfs_quota_us")]
    return max(1, int(min([len(os.sched_getaffinity(pid)), *filter(None, quotas)])))


def _quota(folder: Path, name: str) -> float | None:
    """CPUs: so many microseconds of each period."""
    is_v1 = name == "cpu.cfs_quota_us"
    quota = _number(folder / name)
    period = _number(folder / "cpu.cfs_period_us") if is_v1 else _number(folder / name, 1)
    return quota / period if quota and period else None


def _number(path: Path, at: int = 0) -> int | None:
    """None where there is no limit ("max", -1), or nothing that can be read."""
    try:
        number = int(path.read_text().split()[at])
    except (OSError, ValueError, IndexError):
        return None
    return number if number > 0 else None


def _files(root: Path, pid: int, controller: str, v2: str, v1: str) -> Iterator[tuple[Path, str]]:
    """Folders of the groups that it is in, for one controller, and how the limit is called there."""
    groups = dict(_groups(root / "proc" / str(pid or "self")))
    for kinds, top, place in _mounts(root):
        for kind in kinds & groups.keys() & {V2, controller}:
            for folder in _upwards(groups[kind], top):
                yield root / place.relative_to("/") / folder, v2 if kind == V2 else v1


def _groups(process: Path) -> Iterator[tuple[str, PurePosixPath]]:
    """Controllers of version 1, or `V2`, and its group, as this process sees groups."""
    for line in _lines(process / "cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for kind in controllers.split(",") if number != "0" else [V2]:
            yield kind, PurePosixPath(path)


@lru_cache
def _mounts(root: Path) -> Sequence[tuple[set[str], PurePosixPath, PurePosixPath]]:
    """What is mounted (as `_groups` says it), which group its top is, and where. That stays as it is."""
    found = []
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        words, kind = before.split(), after.split()
        if len(words) > 4 and len(kind) > 2 and kind[0] in ("cgroup", V2) and words[4].startswith("/"):
            kinds = {V2} if kind[0] == V2 else set(kind[2].split(","))
            found.append((kinds, PurePosixPath(_plain(words[3])), PurePosixPath(_plain(words[4]))))
    return found


def _upwards(group: PurePosixPath, top: PurePosixPath) -> Iterator[PurePosixPath]:
    """Below the mount. A container may see its own group as the top, and still be told its name outside."""
    inside = group.relative_to(top) if group.is_relative_to(top) else PurePosixPath()
    if ".." not in inside.parts:
        yield from (inside, *inside.parents)
    else:
        yield PurePosixPath()


def _plain(path: str) -> str:
    """Spaces and the like are written as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []
