"""Looking at a push before it is let in: its objects are in a folder of their own, quarantined by git."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pygit2
from pygit2.enums import ObjectType

from pioche.names import CommitOid
from pioche.ports.gitstore import IncomingObject
from pioche.ports.gitstore.bare.handles import Handles
from pioche.ports.gitstore.bare.process import run_git
from pioche.ports.gitstore.bare.raw_tree import read_tree
from pioche.ports.gitstore.bare.tree_cache import TreeCache
from pioche.ports.gitstore.bare.trees import Trees, read_object

_KINDS: dict[ObjectType, Literal["commit", "tree", "blob", "tag"]] = {
    ObjectType.COMMIT: "commit",
    ObjectType.TREE: "tree",
    ObjectType.BLOB: "blob",
    ObjectType.TAG: "tag",
}


class BareIncoming(Trees):
    def __init__(self, path: Path, quarantine: Path, handles: Handles, cache: TreeCache) -> None:
        super().__init__(path, handles, cache)
        self._environment = {
            "GIT_OBJECT_DIRECTORY": str(quarantine),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(path / "objects"),
        }
        # Of its own: what is in quarantine may be refused, and must not be seen by others.
        self._own = pygit2.Repository(str(path))
        self._own.odb.add_disk_alternate(str(quarantine))

    def objects(self, tips: Sequence[str]) -> list[IncomingObject]:
        stdin = "".join(f"{tip}\n" for tip in tips)
        listing = run_git(
            self._path,
            "rev-list",
            "--objects",
            "--stdin",
            "--not",
            "--all",
            stdin=stdin.encode(),
            extra=self._environment,
        )
        return [self._object(line) for line in listing.splitlines()]

    def names(self, tree: str) -> list[bytes]:
        return [name for name, _, _ in read_tree(read_object(self._own, tree)[1])]

    def commit_of(self, oid: str) -> CommitOid | None:
        found = self._own.get(oid)
        if not isinstance(found, (pygit2.Commit, pygit2.Tag)):
            return None
        try:
            return CommitOid(str(found.peel(pygit2.Commit).id))
        except (pygit2.InvalidSpecError, pygit2.GitError):
            return None  # a tag of a file

    def _handle(self) -> pygit2.Repository:
        return self._own

    def _object(self, line: bytes) -> IncomingObject:
        oid, _, path = line.partition(b" ")
        name = oid.decode()
        kind, size = self._own.odb.read_header(name)
        return IncomingObject(name, _KINDS[kind], size, path.decode(errors="replace"))
