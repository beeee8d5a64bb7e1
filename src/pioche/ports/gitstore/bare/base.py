"""What every group of verbs starts from: the path, a handle for this thread, commits by id."""

from __future__ import annotations

from pathlib import Path

import pygit2

from pioche.errors import RevisionNotFound
from pioche.names import is_oid
from pioche.ports.gitstore.bare.handles import Handles
from pioche.ports.gitstore.bare.tree_cache import TreeCache

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""Git knows this tree without storing it."""


class RepoBase:
    def __init__(self, path: Path, handles: Handles, cache: TreeCache) -> None:
        self._path = path
        self._handles = handles
        self._cache = cache

    def _handle(self) -> pygit2.Repository:
        return self._handles.get(self._path)

    def _commit(self, oid: str) -> pygit2.Commit:
        """Raises `RevisionNotFound` for an id that names no commit."""
        found = self._handle().get(oid) if is_oid(oid) else None
        if not isinstance(found, pygit2.Commit):
            raise RevisionNotFound(f"There is no commit '{oid[:100]}' in this repository.")
        return found
