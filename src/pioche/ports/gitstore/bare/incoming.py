"""Looking at a push before it is let in: its objects are in a folder of their own, quarantined by git."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pygit2
from pygit2.enums import ObjectType

from pioche.errors import TooLarge
from pioche.names import MAX_PATH_BYTES, CommitOid
from pioche.ports.gitstore import GitFailed, IncomingObject
from pioche.ports.gitstore.bare.handles import Handles
from pioche.ports.gitstore.bare.presence import while_there
from pioche.ports.gitstore.bare.process import git_environment
from pioche.ports.gitstore.bare.raw_tree import read_tree
from pioche.ports.gitstore.bare.tree_cache import TreeCache
from pioche.ports.gitstore.bare.trees import Trees, read_object

_KINDS: dict[ObjectType, Literal["commit", "tree", "blob", "tag"]] = {
    ObjectType.COMMIT: "commit",
    ObjectType.TREE: "tree",
    ObjectType.BLOB: "blob",
    ObjectType.TAG: "tag",
}

_LINE = 40 + 1 + 2 * MAX_PATH_BYTES
"""Bytes of an id and a path that is looked at in full, so that its refusal can tell which one it is."""


class BareIncoming(Trees):
    def __init__(self, path: Path, quarantine: Path, handles: Handles, cache: TreeCache) -> None:
        super().__init__(path, handles, cache)
        self._environment = {
            "GIT_OBJECT_DIRECTORY": str(quarantine),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(path / "objects"),
        }
        # Of its own: what is in quarantine may be refused, and must not be seen by others.
        with while_there(path):
            self._own = pygit2.Repository(str(path))
        self._own.odb.add_disk_alternate(str(quarantine))

    def objects(self, tips: Sequence[str]) -> list[IncomingObject]:
        return [self._object(line) for line in self._listing(tips)]

    def _listing(self, tips: Sequence[str]) -> Iterator[bytes]:
        """Looked at as it comes: folders inside each other make it as long as their number times their depth."""
        command = ("git", "--git-dir", str(self._path), "rev-list", "--objects", "--stdin", "--not", "--all")
        environment = git_environment() | self._environment
        with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as words:
            asked.write("".join(f"{tip}\n" for tip in tips).encode())
            asked.seek(0)
            with subprocess.Popen(
                command, stdin=asked, stdout=subprocess.PIPE, stderr=words, env=environment
            ) as process:
                assert process.stdout is not None
                try:
                    while line := process.stdout.readline(_LINE):
                        if len(line) == _LINE:
                            raise TooLarge(f"It has a path of more than {MAX_PATH_BYTES} bytes.")
                        yield line.rstrip(b"\n")
                except BaseException:  # also a reader that has heard enough
                    process.kill()
                    raise
            words.seek(0)
            said = words.read(2000).decode(errors="replace")
        with while_there(self._path):
            if process.returncode != 0:
                raise GitFailed(f"git rev-list ended with {process.returncode}: {said}")

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
