"""What changed between two commits, told by what the files are: lines, sizes, pictures, tables, tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pioche.accounts.types import Actor
from pioche.errors import BlobNotFound
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId, is_oid
from pioche.ports.database import Database
from pioche.ports.gitstore import DiffFile, GitRepo, GitStore, TreeNode
from pioche.protocols.safetensors import InvalidHeader, TensorHeader
from pioche.repos.service.browse import header_of
from pioche.repos.service.find import require_content
from pioche.repos.service.tensors import Tensors
from pioche.repos.types import Repo
from pioche.repos.views import ChangeKind, ChangeSet, CommitPage, FileChange, TensorChange, TensorChanges

MAX_HEADERS = 10
"""Files of one page whose tensors are compared."""
MAX_TENSORS = 200
"""Changed tensors that are named."""
MAX_HEAD = 16 * 1024
"""Bytes of a table that are read for the names of its columns."""
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico", ".svg")
TABLES = (".csv", ".tsv")


class Changes:
    def __init__(self, database: Database, gitstore: GitStore, lfs: Lfs) -> None:
        self._database = database
        self._gitstore = gitstore
        self._tensors = Tensors(database, lfs)

    def commit(self, actor: Actor, repo_id: RepoId, oid: str, only: str = "") -> CommitPage:
        """Against its first parent. With `only`, that file alone; raises `EntryNotFound` if it did not change."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        git = self._gitstore.open(repo.id)
        commit = git.commit(oid if is_oid(oid) else git.resolve(oid))
        old = CommitOid(commit.parents[0]) if commit.parents else None
        return CommitPage(header_of(actor, repo), commit, self._between(repo, git, (old, commit.oid), only))

    def sides(self, actor: Actor, repo_id: RepoId, oid: CommitOid) -> tuple[CommitOid | None, CommitOid]:
        """A commit after its first parent, if it has one."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        parents = self._gitstore.open(repo.id).commit(oid).parents
        return CommitOid(parents[0]) if parents else None, oid

    def between(
        self, actor: Actor, repo_id: RepoId, old: CommitOid | None, new: CommitOid, only: str = ""
    ) -> ChangeSet:
        """`only` as for `commit`; `old` None means from nothing."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        return self._between(repo, self._gitstore.open(repo.id), (old, new), only)

    def _between(self, repo: Repo, git: GitRepo, sides: tuple[CommitOid | None, CommitOid], only: str) -> ChangeSet:
        old, new = sides
        diff = git.diff(old, new, only)
        files, headers = [], 0
        for file in diff.files:
            kind = _kind_of(file)
            tensors = None
            if kind == "tensors":
                headers += 1
                tensors = self._compare_tensors(repo, git, file) if headers <= MAX_HEADERS else None
                if tensors is None:
                    kind = "large" if _pointers(file) else "binary"
            columns = (_first_line(git, file.old), _first_line(git, file.new)) if kind == "table" else ("", "")
            files.append(FileChange(file, kind, columns, tensors))
        return ChangeSet(old, new, files, diff.total, only)

    def _compare_tensors(self, repo: Repo, git: GitRepo, file: DiffFile) -> TensorChanges | None:
        """None if a side is not what its name says, or its bytes are not here."""
        try:
            before, after = (
                self._tensors.header(repo.id, git, side) if side is not None else TensorHeader([], {})
                for side in (file.old, file.new)
            )
        except (InvalidHeader, BlobNotFound):
            return None
        return compare_headers(before, after)


def compare_headers(before: TensorHeader, after: TensorHeader) -> TensorChanges:
    old, new = _by_name(before), _by_name(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    names.sort()
    changes = [TensorChange(name, old.get(name), new.get(name)) for name in names[:MAX_TENSORS]]
    keys = sorted({*before.metadata, *after.metadata})
    metadata = [
        (key, before.metadata.get(key, "")[:200], after.metadata.get(key, "")[:200])
        for key in keys
        if before.metadata.get(key) != after.metadata.get(key)
    ]
    return TensorChanges(changes, len(names), len({*old, *new}) - len(names), metadata[:MAX_TENSORS])


def _by_name(header: TensorHeader) -> Mapping[str, tuple[str, Sequence[int]]]:
    return {name: (dtype, shape) for name, dtype, shape, _ in header.tensors}


def _kind_of(file: DiffFile) -> ChangeKind:
    sides = [side for side in (file.old, file.new) if side is not None]
    if any(side.kind != "file" for side in sides):
        return "submodule"
    name = file.path.lower()
    if name.endswith(IMAGES):
        return "image"
    if name.endswith(".safetensors"):
        return "tensors"
    if _pointers(file):
        return "large"
    if file.patch is None:
        return "long" if file.is_long else "binary"
    return "table" if name.endswith(TABLES) else "text"


def _pointers(file: DiffFile) -> bool:
    return any(side is not None and side.pointer is not None for side in (file.old, file.new))


def _first_line(git: GitRepo, node: TreeNode | None) -> str:
    if node is None:
        return ""
    return git.read(node.oid, MAX_HEAD).partition(b"\n")[0].decode(errors="replace").rstrip("\r").removeprefix("\ufeff")
