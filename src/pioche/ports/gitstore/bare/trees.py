"""Reading trees and blobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple

import pygit2
from pygit2.enums import ObjectType

from pioche.errors import BlobNotFound, EntryNotFound, InvalidInput
from pioche.names import is_oid
from pioche.ports.gitstore import Outline, TreeNode
from pioche.ports.gitstore.bare.base import RepoBase
from pioche.ports.gitstore.bare.extent import Shape, check_extent
from pioche.ports.gitstore.bare.process import run_git
from pioche.ports.gitstore.bare.raw_tree import EXECUTABLE, SUBMODULE, SYMLINK, TREE, read_tree
from pioche.protocols.lfs import MAX_POINTER_SIZE, MIN_POINTER_SIZE, Pointer, parse_pointer

LARGE_TREE = 64 * 1024
"""Bytes of a folder of some 1,500 entries."""


class _Entry(NamedTuple):
    """One entry of a tree. Its node is known, or made when it is asked for."""

    path: bytes
    mode: int
    oid: bytes
    node: TreeNode | None

    def node_at(self, handle: pygit2.Repository, prefix: str) -> TreeNode:
        path, node = prefix + self.path.decode(errors="replace"), self.node
        if node is None:
            return make_node(handle, path, self.mode, self.oid.hex())
        return TreeNode(path, node.oid, node.kind, node.size, node.pointer, node.executable)


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
            self._check_extent(node.oid)
            return list(self._walk(node.oid, prefix))
        return _below(prefix, self._nodes(node.oid))

    def tree_page(
        self, commit: str, path: str, recursive: bool, after: str, limit: int
    ) -> tuple[list[TreeNode], str | None]:
        node = self.entry(commit, path)
        if node.kind != "directory":
            raise _missing(commit, path)
        if recursive:
            self._check_extent(node.oid)
        steps = [name.encode(errors="surrogateescape") for name in after.split("/")] if after else []
        page = list(islice(self._walk_after(node.oid, steps, recursive), limit + 1))
        prefix, handle = f"{path}/" if path else "", self._handle()
        nodes = [entry.node_at(handle, prefix) for entry in page[:limit]]
        return nodes, page[limit - 1].path.decode(errors="surrogateescape") if len(page) > limit else None

    def folder(self, commit: str, path: str, start: int, limit: int) -> tuple[list[TreeNode], int]:
        node = self.entry(commit, path)
        if node.kind != "directory":
            raise _missing(commit, path)
        entries = sorted(self._entries(node.oid, b""), key=lambda entry: (entry.mode != TREE, entry.path.lower()))
        prefix, handle = f"{path}/" if path else "", self._handle()
        return [entry.node_at(handle, prefix) for entry in entries[start : start + limit]], len(entries)

    def outline(self, commit: str, endings: tuple[str, ...]) -> Outline:
        root = self.tree_oid(commit)
        self._check_extent(root)
        return self._outline(root, endings)

    def check_extent(self, commits: Sequence[str]) -> None:
        for commit in commits:
            self._check_extent(self.tree_oid(commit))

    def _check_extent(self, oid: str) -> None:
        check_extent(self._shape, oid, self._cache.extents)

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

    def _walk_after(self, oid: str, after: Sequence[bytes], recursive: bool) -> Iterator[_Entry]:
        """What follows the entry with that path; paths are below `oid`."""
        levels = [self._entries(oid, b"")]
        for depth, path in enumerate(accumulate(after, lambda above, name: above + b"/" + name), 1):
            found = next((entry for entry in levels[-1] if entry.path == path), None)
            if found is None or (depth < len(after) and not (recursive and found.mode == TREE)):
                raise InvalidInput("This cursor is not one that the hub gave.")
            if recursive and found.mode == TREE:
                levels.append(self._entries(found.oid.hex(), path + b"/"))
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
                continue
            yield entry
            if recursive and entry.mode == TREE:
                levels.append(self._entries(entry.oid.hex(), entry.path + b"/"))

    def _entries(self, oid: str, prefix: bytes) -> Iterator[_Entry]:
        """Only small trees are read whole, and kept."""
        raw = self._raw(oid)
        nodes = self._nodes(oid) if len(raw) < LARGE_TREE else self._cache.nodes.get(oid)
        for index, (name, mode, entry) in enumerate(read_tree(raw)):
            yield _Entry(prefix + name, mode, entry, nodes[index] if nodes else None)

    def _outline(self, oid: str, endings: tuple[str, ...]) -> Outline:
        known = self._cache.outlines.get((oid, endings))
        if known is not None:
            return known
        samples: dict[str, str] = {}
        large: dict[str, int] = {}
        for node in self._nodes(oid):
            if node.kind == "directory":
                below = self._outline(node.oid, endings)
                samples = {**{end: f"{node.path}/{path}" for end, path in below.samples.items()}, **samples}
                large.update(below.large)
            elif node.kind == "file":
                if node.pointer is not None:
                    large[node.pointer.sha256] = node.size
                if node.path.endswith(endings):
                    samples.update({end: node.path for end in endings if node.path.endswith(end)})
        outline = Outline(samples, large)
        self._cache.outlines.put((oid, endings), outline, 1 + len(large))
        return outline

    def _shape(self, oid: str) -> Shape:
        count, folders = 0, []
        for _, mode, entry in read_tree(self._raw(oid)):
            count += 1
            if mode == TREE:
                folders.append(entry.hex())
        return count, folders

    def _raw(self, oid: str) -> bytes:
        known = self._cache.raw.get(oid)
        if known is None:
            known = read_object(self._handle(), oid)[1]
            if len(known) >= LARGE_TREE:
                self._cache.raw.put(oid, known, len(known))
        return known

    def _nodes(self, oid: str) -> tuple[TreeNode, ...]:
        """The entries of a tree under their bare names."""
        known = self._cache.nodes.get(oid)
        if known is not None:
            return known
        handle = self._handle()
        raw = self._raw(oid)
        nodes = tuple(
            make_node(handle, name.decode(errors="replace"), mode, entry.hex()) for name, mode, entry in read_tree(raw)
        )
        self._cache.nodes.put(oid, nodes, len(nodes) + 1)
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
