"""What `pioche doctor` looks at."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator

from sqlalchemy import text

from pioche.errors import HubError
from pioche.hub import Hub


def faults_of(hub: Hub, deep: bool) -> Iterator[str]:
    """One sentence for each fault found."""
    yield from _database(hub)
    for number in hub.repos.numbers():
        yield from _repository(hub, number, deep)


def _database(hub: Hub) -> Iterator[str]:
    with hub.database.read() as tx:
        for row in tx.execute(text("PRAGMA integrity_check")):
            if row[0] != "ok":
                yield f"database: {row[0]}"


def _repository(hub: Hub, number: int, deep: bool) -> Iterator[str]:
    path = hub.gitstore.path(number)
    if not path.is_dir():
        yield f"repository {number}: its git folder {path} is missing"
        return
    command = ["git", "-C", str(path), "fsck", "--connectivity-only", "--no-dangling", "--no-progress"]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    if check.returncode != 0:
        yield f"repository {number}: git fsck says: {check.stderr.strip()[:500]}"
        return
    for pointer in hub.gitstore.open(number).pointers():
        yield from _large_file(hub, number, pointer.sha256, pointer.size, deep)


def _large_file(hub: Hub, number: int, sha256: str, size: int, deep: bool) -> Iterator[str]:
    try:
        with hub.database.read() as tx:
            source = hub.lfs.open_file(tx, sha256)
    except HubError:
        yield f"repository {number}: the large file {sha256} is missing"
        return
    if source.size != size:
        yield f"repository {number}: the large file {sha256} has {source.size} bytes, not {size}"
    elif deep and _digest(source.read()) != sha256:
        yield f"repository {number}: the bytes of the large file {sha256} are damaged"


def _digest(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
