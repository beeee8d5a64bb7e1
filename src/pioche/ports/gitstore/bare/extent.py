"""How large a tree is when it is written out. One folder can stand in many places, so a few hundred bytes of git
objects can mean billions of files, or folders ten thousand deep: nobody walks a tree without asking here first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pioche.errors import TooLarge
from pioche.names import MAX_PATH_BYTES
from pioche.ports.gitstore import TreeNode

MAX_ENTRIES = 1_000_000
"""Files and folders of one commit. A list of so many takes some 300 MB of memory."""
MAX_DEPTH = MAX_PATH_BYTES // 2

Extent = tuple[int, int]
"""Entries in a folder with all below it, and how deep its folders lie in each other."""


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


def check_extent(nodes_of: Callable[[str], Sequence[TreeNode]], root: str, known: dict[str, Extent]) -> None:
    """`nodes_of` gives the entries of a tree; `known` keeps what was found, so each tree is looked at once.

    Raises `TooLarge`.
    """
    frames = [] if root in known else [_frame(nodes_of, root)]
    while frames:
        frame = frames[-1]
        folder = next(frame.folders, None)
        if folder is None:
            known[frame.oid] = frame.entries, frame.depth
            frames.pop()
            if frames:
                frames[-1].add(known[frame.oid])
        elif folder in known:
            frame.add(known[folder])
        elif len(frames) >= MAX_DEPTH:
            raise _too_large()
        else:
            frames.append(_frame(nodes_of, folder))


def _frame(nodes_of: Callable[[str], Sequence[TreeNode]], oid: str) -> _Frame:
    nodes = nodes_of(oid)
    if len(nodes) > MAX_ENTRIES:
        raise _too_large()
    return _Frame(oid, (node.oid for node in nodes if node.kind == "directory"), len(nodes))


def _too_large() -> TooLarge:
    return TooLarge(f"A commit may have {MAX_ENTRIES} files, and {MAX_DEPTH} folders inside each other. This has more.")
