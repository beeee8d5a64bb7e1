"""Markers: small files that say which refs are about to move, so that a crash in between can be settled.

A ref is in git and its record is in the database, and no transaction spans both. So a marker is on disk before the
ref moves and is removed after the commit; whatever marker is left at start-up tells what was under way.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from pioche.repos.types import RefMove

Owner = Literal["hub", "git"]


class Marker(msgspec.Struct, frozen=True):
    """`owner` "hub": the ref moves inside our transaction. "git": a push moves it, and we record it afterwards."""

    repo_id: int
    actor_id: int | None
    owner: Owner
    moves: tuple[RefMove, ...]


class Markers:
    """The folder of markers. Their names are random: two moves of one repository may be under way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def make(self, marker: Marker) -> str:
        """On disk when this returns; the name of the marker."""
        name = f"{marker.repo_id}-{secrets.token_hex(8)}"
        fresh = self._folder / f".{name}"
        with fresh.open("xb") as file:
            file.write(msgspec.json.encode(marker))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(self._folder / name)
        self._sync()
        return name

    def remove(self, name: str) -> None:
        # Not synced: a marker that comes back after a power cut is settled once more, to the same end.
        (self._folder / name).unlink(missing_ok=True)

    def left_over(self) -> Iterator[tuple[str, Marker]]:
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith("."):
                path.unlink(missing_ok=True)
                continue
            yield path.name, msgspec.json.decode(path.read_bytes(), type=Marker)

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
