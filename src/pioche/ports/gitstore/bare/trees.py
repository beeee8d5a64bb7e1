"""Reading trees and blobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pygit2
from pygit2.enums import ObjectType

from pioche.errors import BlobNotFound, EntryNotFound
from pioche.names import is_oid
from pioche.ports.gitstore import TreeNode
from pioche.ports.gitstore.bare.base import RepoBase
from pioche.ports.gitstore.bare.extent import Extent, check_extent
from pioche.ports.gitstore.bare.process import run_git
from pioche.ports.gitstore.bare.raw_tree import EXECUTABLE, SUBMODULE, SYMLINK, TREE, read_tree
from pioche.protocols.lfs import MAX_POINTER_SIZE, MIN_POINTER_SIZE, Pointer, parse_pointer


class Trees(RepoBase):
    def entry(self, commit: str, path: str) -> TreeNode:
        root = self._commit(commit).tree
        if not path:
            return TreeNode("", str(root.id), "directory", 0)
        if "\0" in path or "" in path.split("/"):
            raise _missing(commit, path)  # libgit2 would stop reading there
        try:
            found = root[path]
        except (KeyError, ValueError) as error:
            raise _missing(commit, path) from error
        return make_node(self._handle(), path, int(found.filemode), str(found.id))

    def tree(self, commit: str, path: str = "", recursive: bool = False) -> list[TreeNode]:
        node = self.entry(commit, path)
        if node.kind != "directory":
            raise _missing(commit, path)
        prefix = f"{path}/" if path else ""
        if recursive:
            check_extent(self._nodes, node.oid, {})
            return list(self._walk(node.oid, prefix))
        return _below(prefix, self._nodes(node.oid))

    def check_extent(self, commits: Sequence[str]) -> None:
        known: dict[str, Extent] = {}
        for commit in commits:
            check_extent(self._nodes, self.tree_oid(commit), known)

    def read(self, oid: str, limit: int | None = None) -> bytes:
        kind, content = read_object(self._handle(), oid)
        if kind != ObjectType.BLOB:
            raise BlobNotFound(f"There is no file content '{oid[:100]}' in this repository.")
        return content if limit is None else content[:limit]

    def tree_oid(self, commit: str) -> str:
        return str(self._commit(commit).tree_id)

    def pointers(self, commits: Sequence[str] = ()) -> Iterator[Pointer]:
        self._handle()  # a missing repository has its own error
        start = ["--stdin"] if commits else ["--all"]
        listing = run_git(self._path, "rev-list", "--objects", "--no-object-names", *start, stdin=_lines(commits))
        sizes = run_git(
            self._path, "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=listing
        )
        seen: set[str] = set()
        for line in sizes.decode().splitlines():
            oid, kind, size = line.split(" ")
            if kind != "blob" or not MIN_POINTER_SIZE <= int(size) <= MAX_POINTER_SIZE:
                continue
            pointer = parse_pointer(self.read(oid))
            if pointer is not None and pointer.sha256 not in seen:
                seen.add(pointer.sha256)
                yield pointer

    def _walk(self, oid: str, prefix: str) -> Iterator[TreeNode]:
        for node in _below(prefix, self._nodes(oid)):
            yield node
            if node.kind == "directory":
                yield from self._walk(node.oid, f"{node.path}/")

    def _nodes(self, oid: str) -> tuple[TreeNode, ...]:
        """The entries of a tree under their bare names."""
        known = self._cache.get(oid)
        if known is not None:
            return known
        handle = self._handle()
        raw = read_object(handle, oid)[1]
        nodes = tuple(
            make_node(handle, name.decode(errors="replace"), mode, entry.hex()) for name, mode, entry in read_tree(raw)
        )
        self._cache.put(oid, nodes)
        return nodes


def make_node(handle: pygit2.Repository, path: str, mode: int, oid: str) -> TreeNode:
    """The node of one tree entry; looks up the size, and inside small files for a pointer."""
    if mode == TREE:
        return TreeNode(path, oid, "directory", 0)
    if mode == SUBMODULE:
        return TreeNode(path, oid, "submodule", 0)
    size = handle.odb.read_header(oid)[1]
    pointer = None
    if MIN_POINTER_SIZE <= size <= MAX_POINTER_SIZE and mode != SYMLINK:
        pointer = parse_pointer(handle.odb.read(oid)[1])
    return TreeNode(path, oid, "file", pointer.size if pointer else size, pointer, mode == EXECUTABLE)


def read_object(handle: pygit2.Repository, oid: str) -> tuple[int, bytes]:
    """(type, content). Raises `BlobNotFound`."""
    try:
        kind, content = handle.odb.read(oid) if is_oid(oid) else (0, b"")
    except KeyError as error:
        raise BlobNotFound(f"There is no object '{oid}' in this repository.") from error
    return int(kind), content


def _below(prefix: str, nodes: tuple[TreeNode, ...]) -> list[TreeNode]:
    if not prefix:
        return list(nodes)
    return [TreeNode(prefix + n.path, n.oid, n.kind, n.size, n.pointer, n.executable) for n in nodes]


def _lines(items: Sequence[str]) -> bytes:
    return "".join(f"{item}\n" for item in items).encode()


def _missing(commit: str, path: str) -> EntryNotFound:
    return EntryNotFound(f"There is no '{path[:200]}' at this revision.", commit=commit)
