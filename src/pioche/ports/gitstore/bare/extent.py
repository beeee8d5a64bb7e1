"""How large a tree is when it is written out. One folder can stand in many places, so a few hundred bytes of git
objects can mean billions of files, or folders ten thousand deep: nobody walks a tree without asking here first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from pioche.errors import TooLarge
from pioche.names import MAX_PATH_BYTES

MAX_ENTRIES = 1_000_000
"""Files and folders of one commit. A list of so many takes some 300 MB of memory."""
MAX_DEPTH = MAX_PATH_BYTES // 2

Shape = tuple[int, Sequence[str]]
"""How many entries a tree has, and the ids of the folders among them."""
Extent = tuple[int, int]
"""Entries in a folder with all below it, and how deep its folders lie in each other."""


class Known(Protocol):
    def get(self, key: str, /) -> Extent | None: ...

    def put(self, key: str, value: Extent, /) -> None: ...


@dataclass(slots=True)
class _Frame:
    oid: str
    folders: Iterator[str]
    entries: int
    depth: int = 1

    def add(self, extent: Extent) -> None:
        """One folder in it. Raises `TooLarge`."""
        self.entries += extent[0]
        self.depth = max(self.depth, extent[1] + 1)
        if self.entries > MAX_ENTRIES or self.depth > MAX_DEPTH:
            raise _too_large()


def check_extent(shape_of: Callable[[str], Shape], root: str, known: Known) -> None:
    """`shape_of` looks at one tree; `known` keeps what was found, so each tree is looked at once.

    Raises `TooLarge`.
    """
    frames = [] if known.get(root) else [_frame(shape_of, root)]
    while frames:
        frame = frames[-1]
        folder = next(frame.folders, None)
        if folder is None:
            extent = frame.entries, frame.depth
            known.put(frame.oid, extent)
            frames.pop()
            if frames:
                frames[-1].add(extent)
        elif (found := known.get(folder)) is not None:
            frame.add(found)
        elif len(frames) >= MAX_DEPTH:
            raise _too_large()
        else:
            frames.append(_frame(shape_of, folder))


def _frame(shape_of: Callable[[str], Shape], oid: str) -> _Frame:
    entries, folders = shape_of(oid)
    if entries > MAX_ENTRIES:
        raise _too_large()
    return _Frame(oid, iter(folders), entries)


def _too_large() -> TooLarge:
    return TooLarge(f"A commit may have {MAX_ENTRIES} files, and {MAX_DEPTH} folders inside each other. This has more.")
