"""GitStore: bare git repositories, one per repository of the hub, named by its integer id.

Atomicity: a ref moves whole or not at all (`move_ref`); everything written before that is invisible.
Durability: what a verb wrote is on disk when it returns (files and their folders are synced).
Threads: a store and the repositories it opens may be used from many threads at once.
Errors: `RepoNotFound`, `RevisionNotFound`, `EntryNotFound`, `BlobNotFound`, `InvalidPath`, `RefMoved`,
`Conflict`, `Busy` of `pioche.errors`. A failing git program raises `GitFailed`: a bug, or a broken disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pioche.names import CommitOid
from pioche.protocols.lfs import Pointer

Kind = Literal["file", "directory", "submodule"]
DiffStatus = Literal["added", "deleted", "modified", "renamed"]


class GitFailed(RuntimeError):
    """The git program ended with an error that nothing the user did explains."""


# -- nouns --


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One entry of a tree. A symbolic link is a file whose bytes are its target."""

    path: str
    """Full path from the root of the repository; empty for the root itself."""
    oid: str
    kind: Kind
    size: int
    """Bytes of the real file (of the large file, for a pointer); 0 for directories and submodules."""
    pointer: Pointer | None = None
    executable: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Outline:
    """What a tree holds, without all of its names."""

    samples: Mapping[str, str]
    """Ending -> the path of one file that ends so."""
    large: Mapping[str, int]
    """SHA-256 -> bytes of each large file."""


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    email: str
    date_ms: int


@dataclass(frozen=True, slots=True)
class CommitInfo:
    oid: CommitOid
    parents: tuple[str, ...]
    title: str
    message: str
    """The whole text, title included, without the newline at its end."""
    author_name: str
    author_email: str
    date_ms: int
    """When it was committed."""
    committer_name: str


@dataclass(frozen=True, slots=True)
class Ref:
    """`name` is what follows the kind: `main`, `v1`, `3` for `refs/pr/3`."""

    name: str
    ref: str
    target: CommitOid
    """The commit; an annotated tag is followed to its commit."""


@dataclass(frozen=True, slots=True)
class DiffFile:
    path: str
    old_path: str | None
    """Where it was, for a renamed file; else None."""
    status: DiffStatus
    old: TreeNode | None
    new: TreeNode | None
    additions: int
    deletions: int
    patch: str | None
    """Unified diff of this file; None if it is binary, a submodule, or longer than the limit."""
    is_long: bool = False
    """There are lines to compare, but too many to show beside those of other files: ask for this file alone."""


@dataclass(frozen=True, slots=True)
class Diff:
    """`files` are the first of `total`, sorted by path."""

    files: Sequence[DiffFile]
    total: int


@dataclass(frozen=True, slots=True)
class Program:
    """How to start the git program on a repository."""

    arguments: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IncomingObject:
    """An object of a push. `path` is one place where it is used; empty for commits and root folders."""

    oid: str
    kind: Literal["commit", "tree", "blob", "tag"]
    size: int
    path: str


# -- changes: what a commit does, in this order --


@dataclass(frozen=True, slots=True)
class PutFile:
    """Write a file. An executable file that is replaced stays executable."""

    path: str
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class PutBlob:
    """Write a file whose content `write_blobs` stored before."""

    path: str
    oid: str


@dataclass(frozen=True, slots=True)
class PutPointer:
    """Write the pointer of a large file."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class CopyEntry:
    """Put the file or folder that `src_path` is at `src_commit` (of the same repository) at `path`."""

    src_path: str
    src_commit: str
    path: str


@dataclass(frozen=True, slots=True)
class DeleteFile:
    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    path: str


Change = PutFile | PutBlob | PutPointer | CopyEntry | DeleteFile | DeleteFolder


# -- the port --


class RefVerbs(Protocol):
    def resolve(self, revision: str) -> CommitOid:
        """The commit of a branch, a tag, a full ref, or 7 to 40 hex digits, tried in that order.

        Raises `RevisionNotFound`, also for every revision of a repository without commits.
        """

    def refs(self, include_prs: bool = False) -> list[Ref]:
        """Branches, tags and `refs/convert/*`, sorted by ref; with `refs/pr/*` if asked."""

    def move_ref(self, ref: str, new: str | None, expected: str | None) -> None:
        """Compare and swap: `expected` None means the ref must not exist, `new` None deletes it.

        `expected` is the value of the ref, or the commit that an annotated tag stands for.
        Raises `RefMoved`; `Conflict` if `a/b` and `a` would both be refs; `Busy` after 5 s of a held lock.
        """

    def create_tag(self, name: str, target: str, tagger: Signature, message: str) -> str:
        """Write an annotated tag and return its id; no ref moves."""


class TreeVerbs(Protocol):
    def entry(self, commit: str, path: str) -> TreeNode:
        """Raises `EntryNotFound` with `details["commit"]`. An empty path is the root."""

    def tree(self, commit: str, path: str = "", recursive: bool = False) -> list[TreeNode]:
        """A folder, sorted as git sorts; with `recursive` every folder is followed by what is in it.

        Raises `TooLarge` for more than anybody means: one folder can stand in many places.
        """

    def tree_page(
        self, commit: str, path: str, recursive: bool, after: str, limit: int
    ) -> tuple[list[TreeNode], str | None]:
        """A part of `tree`, and what to give as `after` for the next one (None at the end), without reading all.

        Raises `InvalidInput` for an `after` that no page gave.
        """

    def folder(self, commit: str, path: str, start: int, limit: int) -> tuple[list[TreeNode], int]:
        """Entries as people read them, folders first and the case of letters apart; with how many there are in all."""

    def outline(self, commit: str, endings: tuple[str, ...]) -> Outline:
        """Of the whole tree. What did not change since the last look at it costs nothing. Raises `TooLarge`."""

    def check_extent(self, commits: Sequence[str]) -> None:
        """Raises `TooLarge` for a commit whose tree, written out, is larger than `tree` gives."""

    def read(self, oid: str, limit: int | None = None) -> bytes:
        """The bytes of a blob, at most the first `limit`. Raises `BlobNotFound`."""

    def tree_oid(self, commit: str) -> str: ...

    def pointers(self, commits: Sequence[str] = ()) -> Iterator[Pointer]:
        """Each large file in the history of `commits` (of all refs, if none are given), once."""


class HistoryVerbs(Protocol):
    def commit(self, oid: str) -> CommitInfo: ...

    def history(
        self, commit: str, path: str | None = None, skip: int = 0, limit: int = 50, without: str | None = None
    ) -> list[CommitInfo]:
        """Newest first; with `path`, only commits that changed it; not those that `without` has, too."""

    def count_commits(self, commit: str) -> int: ...

    def last_commits(self, commit: str, folder: str = "") -> dict[str, CommitInfo]:
        """Full path of each entry of a folder -> the last commit that changed it or something below it."""

    def diff(self, old: str | None, new: str, path: str = "") -> Diff:
        """What changed between two commits; `old` None means from nothing.

        With `path` only that file, with many more lines than it gets among others. Raises `EntryNotFound` if it did
        not change.
        """

    def patch(self, old: str | None, new: str, limit: int = 10 * 1024 * 1024) -> bytes:
        """The unified diff as git prints it; what is longer is cut after the last whole file within `limit` bytes (of
        the first file: the last whole line), and a line that tools pass over says so.
        """

    def merge_base(self, one: str, other: str) -> CommitOid | None: ...

    def ahead_behind(self, one: str, other: str) -> tuple[int, int]:
        """Commits that only `one` has, commits that only `other` has."""


class WriteVerbs(Protocol):
    def write_blobs(self, contents: Sequence[bytes]) -> list[str]:
        """Store contents for commits to come, which need not hold all of them in memory; their ids, in order."""

    def write_commit(
        self, parents: Sequence[str], changes: Sequence[Change], author: Signature, message: str
    ) -> CommitOid:
        """Apply `changes` to the tree of the first parent and write a commit; no ref moves.

        The commit may have the tree of its parent: the caller decides what an empty commit means.
        Raises `EntryNotFound` (deleting or copying what is not there) and `InvalidPath` (a bad path, a file
        where a folder is or the reverse, a name that differs from another only in case).
        """

    def squash(self, commit: str, message: str, author: Signature) -> CommitOid:
        """One commit without parents and with the same tree."""

    def merge(self, ours: str, theirs: str, author: Signature, message: str) -> CommitOid:
        """A commit with both parents. Raises `Conflict` with `details["files"]`."""

    def conflicts(self, ours: str, theirs: str) -> list[str]:
        """Paths that a merge cannot settle."""


class GitRepo(RefVerbs, TreeVerbs, HistoryVerbs, WriteVerbs, Protocol):
    """One repository. Cheap to get, safe to keep and to share between threads."""


class Incoming(TreeVerbs, Protocol):
    """A repository together with the objects of a push that git keeps in quarantine. For one thread."""

    def objects(self, tips: Sequence[str]) -> list[IncomingObject]:
        """What these commits or tags reach and no ref did before."""

    def names(self, tree: str) -> list[bytes]:
        """The bare names in a folder, as they are stored."""

    def commit_of(self, oid: str) -> CommitOid | None:
        """The commit that an object is, or that a tag stands for; None if it is something else."""


class GitStore(Protocol):
    hooks: Path
    """The folder whose `pre-receive` and `post-receive` git runs for every repository."""

    def create(self, repo: int, default_branch: str = "main") -> None:
        """An empty repository. Raises `Conflict` if there is one."""

    def open(self, repo: int) -> GitRepo:
        """Does not touch the disk: a missing repository raises `RepoNotFound` at the first verb."""

    def copy(self, source: int, target: int) -> None:
        """A new repository with the branches and tags of another (no pull requests)."""

    def delete(self, repo: int) -> None:
        """Gone at once; the space is freed before this returns. Missing is fine."""

    def path(self, repo: int) -> Path:
        """Where the git program finds it."""

    def program(self, repo: int, *arguments: str) -> Program:
        """`git <arguments>` on this repository, for who streams to and from it. Raises `RepoNotFound`."""

    def incoming(self, repo: int, quarantine: Path) -> Incoming:
        """`quarantine` is the object folder that git gave to the push (`GIT_OBJECT_DIRECTORY`)."""

    def is_untidy(self, repo: int) -> bool:
        """Whether `maintain` would gain something: many loose objects or packs, or what a crash left. Quick."""

    def maintain(self, repo: int) -> None:
        """Pack refs and objects and drop objects nothing has reached for two weeks. Safe beside readers and writers.

        What a commit that has no ref yet writes, or finds there, stays. Two at a time are one.
        """

    def sweep(self) -> None:
        """At start-up: removes what a crash left of repositories that were being made or deleted."""
