"""Editing a tree in memory: only the folders that change are read, only they are written again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pygit2

from pioche.errors import EntryNotFound, InvalidPath
from pioche.names import fold_name
from pioche.ports.gitstore.bare.objects import GitObject
from pioche.ports.gitstore.bare.raw_tree import EXECUTABLE, FILE, TREE, format_tree, read_tree


@dataclass(slots=True)
class _Slot:
    """One entry. `folder` is set once the folder has been opened for editing; then `oid` is out of date."""

    mode: int
    oid: bytes
    folder: Folder | None = None


class Folder:
    """One folder of the tree being made."""

    def __init__(self, handle: pygit2.Repository, oid: bytes | None) -> None:
        self._handle = handle
        self._slots: dict[bytes, _Slot] = {}
        self._folded: dict[str, bytes] = {}
        if oid is not None:
            for name, mode, entry in read_tree(handle.odb.read(oid.hex())[1]):
                self._slots[name] = _Slot(mode, entry)
                self._folded[_fold(name)] = name

    def put(self, path: str, mode: int, oid: bytes) -> None:
        """Raises `InvalidPath` if a folder is in the way, a file is on the way, or only the case differs."""
        *parents, last = path.encode().split(b"/")
        folder = self._descend(parents, path, create=True)
        assert folder is not None
        folder._put(last, mode, oid, path)

    def remove(self, path: str, directory: bool) -> None:
        """Raises `EntryNotFound`; a folder that is left empty goes too."""
        *parents, last = path.encode().split(b"/")
        folder = self._descend(parents, path, create=False)
        slot = folder._slots.get(last) if folder else None
        if folder is None or slot is None or (slot.mode == TREE) != directory or folder._is_empty(slot):
            kind = "folder" if directory else "file"
            raise EntryNotFound(f"A {kind} with this name doesn't exist: '{path[:200]}'.")
        del folder._slots[last]
        folder._folded.pop(_fold(last), None)

    def find(self, path: str) -> tuple[int, bytes] | None:
        """(mode, id) of a file, or None."""
        *parents, last = path.encode().split(b"/")
        folder = self._descend(parents, path, create=False)
        slot = folder._slots.get(last) if folder else None
        return (slot.mode, slot.oid) if slot and slot.mode != TREE else None

    def write(self, keep: Callable[[GitObject], None]) -> bytes | None:
        """The id of this tree, after handing every new tree to `keep`; None if nothing is left in it."""
        entries = []
        for name, slot in self._slots.items():
            oid = slot.oid if slot.folder is None else slot.folder.write(keep)
            if oid is not None:
                entries.append((name, slot.mode, oid))
        if not entries:
            return None
        tree = GitObject.of("tree", format_tree(entries))
        keep(tree)
        return tree.oid

    def _put(self, name: bytes, mode: int, oid: bytes, path: str) -> None:
        slot = self._slots.get(name)
        if slot is None or self._is_empty(slot):
            self._claim(name, path)
        elif slot.mode == TREE:
            raise InvalidPath(f"'{path}' is a folder, so no file can have that name.", path=path)
        elif mode == TREE:
            raise InvalidPath(f"'{path}' is a file, so no folder can have that name.", path=path)
        elif slot.mode == EXECUTABLE and mode == FILE:
            mode = EXECUTABLE
        self._slots[name] = _Slot(mode, oid)

    def _descend(self, parents: list[bytes], path: str, create: bool) -> Folder | None:
        folder = self
        for name in parents:
            slot = folder._slots.get(name)
            if slot is None or (slot.mode != TREE and not create):
                if not create:
                    return None
                folder._claim(name, path)
                slot = folder._slots[name] = _Slot(TREE, b"", Folder(self._handle, None))
            elif slot.mode != TREE:
                raise InvalidPath(f"'{path}' cannot be stored: a part of it is a file.", path=path)
            if slot.folder is None:
                slot.folder = Folder(self._handle, slot.oid)
            folder = slot.folder
        return folder

    def _claim(self, name: bytes, path: str) -> None:
        other = self._folded.setdefault(_fold(name), name)
        if other == name:
            return
        if not self._is_empty(self._slots[other]):
            rival = other.decode(errors="replace")
            raise InvalidPath(
                f"'{path}' differs only in upper and lower case from '{rival}', which is there already. "
                "Many computers cannot keep both.",
                path=path,
            )
        self._folded[_fold(name)] = name

    def _is_empty(self, slot: _Slot) -> bool:
        """An opened folder from which everything was deleted: it will not be written."""
        folder = slot.folder
        return folder is not None and all(folder._is_empty(inner) for inner in folder._slots.values())


def _fold(name: bytes) -> str:
    return fold_name(name.decode(errors="surrogateescape"))
