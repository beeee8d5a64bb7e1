"""Writing commits. Nothing here moves a ref, so nothing here shows until somebody does."""

from __future__ import annotations

from collections.abc import Sequence

import pygit2

from pioche.errors import Conflict, EntryNotFound
from pioche.names import CommitOid, check_path
from pioche.ports.gitstore import (
    Change,
    CopyEntry,
    DeleteFile,
    DeleteFolder,
    PutBlob,
    PutFile,
    PutPointer,
    Signature,
)
from pioche.ports.gitstore.bare.base import EMPTY_TREE, RepoBase
from pioche.ports.gitstore.bare.edits import Folder
from pioche.ports.gitstore.bare.objects import GitObject, commit_content, write_objects
from pioche.ports.gitstore.bare.raw_tree import EXECUTABLE, FILE
from pioche.protocols.lfs import format_pointer


class Writing(RepoBase):
    def write_blobs(self, contents: Sequence[bytes]) -> list[str]:
        blobs = [GitObject.of("blob", content) for content in contents]
        write_objects(self._path, self._handle, blobs)
        return [blob.oid.hex() for blob in blobs]

    def write_commit(
        self, parents: Sequence[str], changes: Sequence[Change], author: Signature, message: str
    ) -> CommitOid:
        handle = self._handle()
        base = [self._commit(oid) for oid in parents]
        root = Folder(handle, base[0].tree_id.raw if base else None)
        objects: list[GitObject] = []
        for change in changes:
            self._apply(root, change, objects)
        tree = root.write(objects.append)
        if tree is None:
            objects.append(GitObject.of("tree", b""))
        return self._finish((tree.hex() if tree else EMPTY_TREE), parents, author, message, objects)

    def squash(self, commit: str, message: str, author: Signature) -> CommitOid:
        return self._finish(str(self._commit(commit).tree_id), (), author, message, [])

    def merge(self, ours: str, theirs: str, author: Signature, message: str) -> CommitOid:
        index = self._merged(ours, theirs)
        files = _conflicting(index)
        if files:
            raise Conflict("Both sides changed the same files.", files=files)
        tree = str(index.write_tree(self._handle()))
        return self._finish(tree, (ours, theirs), author, message, [])

    def conflicts(self, ours: str, theirs: str) -> list[str]:
        key = ours, theirs
        found = self._cache.conflicts.get(key)
        if found is None:
            # Where one side has all of the other there is nothing to settle, and nothing to compare.
            parted = self._handle().merge_base(self._commit(ours).id, self._commit(theirs).id)
            found = [] if str(parted) in key else _conflicting(self._merged(ours, theirs))
            self._cache.conflicts.put(key, found, len(found) + 1)
        return found

    def _merged(self, ours: str, theirs: str) -> pygit2.Index:
        return self._handle().merge_commits(self._commit(ours), self._commit(theirs))

    def _finish(
        self,
        tree: str,
        parents: Sequence[str],
        author: Signature,
        message: str,
        objects: list[GitObject],
    ) -> CommitOid:
        commit = GitObject.of("commit", commit_content(tree, parents, author, message))
        write_objects(self._path, self._handle, [*objects, commit])
        return CommitOid(commit.oid.hex())

    def _apply(self, root: Folder, change: Change, objects: list[GitObject]) -> None:
        path = check_path(change.path)
        match change:
            case PutFile(content=content, executable=executable):
                blob = GitObject.of("blob", content)
                objects.append(blob)
                root.put(path, EXECUTABLE if executable else FILE, blob.oid)
            case PutBlob(oid=oid):
                root.put(path, FILE, bytes.fromhex(oid))
            case PutPointer(sha256=sha256, size=size):
                blob = GitObject.of("blob", format_pointer(sha256, size))
                objects.append(blob)
                root.put(path, FILE, blob.oid)
            case CopyEntry(src_path=src_path, src_commit=src_commit):
                root.put(path, *self._source(src_commit, src_path))
            case DeleteFile():
                root.remove(path, directory=False)
            case DeleteFolder():
                root.remove(path, directory=True)

    def _source(self, commit: str, path: str) -> tuple[int, bytes]:
        try:
            found = self._commit(commit).tree[check_path(path)]
        except KeyError as error:
            raise EntryNotFound(f"There is no '{path[:200]}' to copy.", commit=commit) from error
        return int(found.filemode), found.id.raw


def _conflicting(index: pygit2.Index) -> list[str]:
    paths = {side.path for sides in index.conflicts or () for side in sides if side is not None}
    return sorted(paths)
