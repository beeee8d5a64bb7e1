"""Reading: files, folders and history at a commit. A revision is resolved once and is a commit from then on."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pioche.accounts.access import Action
from pioche.accounts.grants import Grant
from pioche.accounts.types import Actor
from pioche.errors import EntryNotFound, InvalidInput, RevisionNotFound
from pioche.lfs.service import Lfs
from pioche.lfs.types import LargeFileSource
from pioche.names import CommitOid, RepoId, is_oid
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import CommitInfo, GitRepo, GitStore, TreeNode
from pioche.protocols.xet.cas import Token
from pioche.repos.service.find import require_content, require_file, require_repo
from pioche.repos.types import Repo
from pioche.xet.service import Xet

TREE_PAGE = 1_000
RECURSIVE_EXPANDED_PAGE = 100
"""The last commits of a folder cost a walk through history; here each entry may be in a folder of its own."""
MAX_PATHS = 1_000
HISTORY_PAGE = 50
MAX_HISTORY_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class TreeQuery:
    """What is asked of a folder. `cursor` is the one that the page before gave."""

    path: str = ""
    recursive: bool = False
    expand: bool = False
    cursor: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`xet` is SHA-256 -> Xet hash of what the content store serves; `last` is path -> last commit, if asked for.

    `commit` is None while the repository has no commits.
    """

    commit: CommitOid | None
    nodes: Sequence[TreeNode]
    xet: Mapping[str, str]
    last: Mapping[str, CommitInfo]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class FileAt:
    """A file at a commit; `xet_hash` if Xet clients can get it from the content store, which is at `xet_path`."""

    repo: Repo
    commit: CommitOid
    node: TreeNode
    xet_hash: str | None = None
    xet_path: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """`total` counts all commits that can be reached, not only those of this page."""

    commits: Sequence[CommitInfo]
    total: int
    next_cursor: str | None


class Trees:
    def __init__(self, database: Database, gitstore: GitStore, lfs: Lfs, xet: Xet) -> None:
        self._database = database
        self._gitstore = gitstore
        self._lfs = lfs
        self._xet = xet

    def resolve(self, actor: Actor, repo_id: RepoId, revision: str) -> tuple[Repo, CommitOid]:
        """Raises `RepoNotFound`, `GatedRepo`, `RevisionNotFound`."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        return repo, self._gitstore.open(repo.id).resolve(revision)

    def file(self, actor: Actor, repo_id: RepoId, revision: str, path: str) -> FileAt:
        """Raises `EntryNotFound`, also for folders and submodules."""
        with self._database.read() as tx:
            repo = require_file(tx, actor, repo_id, path)
            git = self._gitstore.open(repo.id)
            commit = git.resolve(revision)
            node = git.entry(commit, path)
            if node.kind != "file":
                raise EntryNotFound(f"'{path[:200]}' is a folder, not a file.", commit=commit)
            if node.pointer is None:
                return FileAt(repo, commit, node)
            xet_hash = self._xet_hashes(tx, repo, [node]).get(node.pointer.sha256)
            return FileAt(repo, commit, node, xet_hash, self._xet.path(tx) if xet_hash else "")

    def read_token(self, actor: Actor, repo_id: RepoId, revision: str, base_url: str, seconds: int) -> Token:
        """What a Xet client needs to read files of this repository for so many seconds."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
            self._gitstore.open(repo.id).resolve(revision)
            return self._xet.token(tx, Grant(repo.id, "read", tx.now // 1000 + seconds, actor.user_id), base_url)

    def write_token(self, actor: Actor, repo_id: RepoId, action: Action, base_url: str, seconds: int) -> Token:
        """What it needs to bring files in, for commits (`WRITE`) or pull requests (`DISCUSS`)."""
        with self._database.read() as tx:
            # Writing a file in means reading others of the same repository: the token is good for both.
            repo = require_content(tx, actor, repo_id, action)
            return self._xet.token(tx, Grant(repo.id, "write", tx.now // 1000 + seconds, actor.user_id), base_url)

    def open_large(self, file: FileAt) -> LargeFileSource:
        """The bytes behind a pointer. Raises `BlobNotFound` if they were never uploaded."""
        assert file.node.pointer is not None
        with self._database.read() as tx:
            return self._lfs.open_held(tx, file.repo.id, file.node.pointer.sha256)

    def read_small(self, file: FileAt) -> bytes:
        """What git holds: the file, or the text of its pointer."""
        return self._gitstore.open(file.repo.id).read(file.node.oid)

    def size(self, actor: Actor, repo_id: RepoId, revision: str, path: str) -> int:
        """Bytes of a file, or of all files of a folder. Raises `EntryNotFound`."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
        git = self._gitstore.open(repo.id)
        commit = _resolve(git, repo, revision)
        if commit is None:
            return 0
        entry = git.entry(commit, path)
        if entry.kind != "directory":
            return entry.size
        return sum(node.size for node in git.tree(commit, path, recursive=True))

    def tree(self, actor: Actor, repo_id: RepoId, revision: str, query: TreeQuery) -> Listing:
        """A page of a folder, in git's order. The pages of one listing are all of the same commit."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            git = self._gitstore.open(repo.id)
            commit, after = _read_tree_cursor(query.cursor) if query.cursor else (_resolve(git, repo, revision), "")
            if commit is None:
                return _empty_listing(query.path)
            most = RECURSIVE_EXPANDED_PAGE if query.expand and query.recursive else TREE_PAGE
            limit = min(query.limit or most, most)
            page, rest = git.tree_page(git.resolve(commit), query.path, query.recursive, after, limit)
            xet = self._xet_hashes(tx, repo, page)
        last = _last_commits(git, commit, page) if query.expand else {}
        return Listing(commit, page, xet, last, None if rest is None else _tree_cursor(commit, rest))

    def walk(self, actor: Actor, repo_id: RepoId, revision: str, folder: str = "") -> Iterator[FileAt]:
        """Every file below a folder, in git's order and all of one commit. Raises as `resolve` and `tree`."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        commit, cursor = _resolve(self._gitstore.open(repo.id), repo, revision), ""
        while commit is not None:
            page = self.tree(actor, repo_id, commit, TreeQuery(folder, recursive=True, cursor=cursor))
            yield from (FileAt(repo, commit, node) for node in page.nodes if node.kind == "file")
            if not page.next_cursor:
                return
            cursor = page.next_cursor

    def paths(self, actor: Actor, repo_id: RepoId, revision: str, paths: Sequence[str], expand: bool) -> Listing:
        """Those of `paths` that exist, each once, in the order asked for."""
        if len(paths) > MAX_PATHS:
            raise InvalidInput(f"Ask for {MAX_PATHS} paths at a time, not {len(paths)}.")
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            git = self._gitstore.open(repo.id)
            commit = _resolve(git, repo, revision)
            if commit is None:
                return _empty_listing("")
            nodes = _existing(git, commit, paths)
            xet = self._xet_hashes(tx, repo, nodes)
        return Listing(commit, nodes, xet, _last_commits(git, commit, nodes) if expand else {})

    def history(self, actor: Actor, repo_id: RepoId, revision: str, cursor: str, limit: int) -> History:
        """Newest first. `cursor` is that of the page before, or how many commits to skip."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        git = self._gitstore.open(repo.id)
        start = 0
        if cursor.isdecimal() and len(cursor) < 19:
            commit, start = _resolve(git, repo, revision), int(cursor)
        else:
            commit, start = _read_cursor(cursor) if cursor else (_resolve(git, repo, revision), 0)
        if commit is None:
            return History([], 0, None)
        commit = git.resolve(commit)
        total, end = git.count_commits(commit), start + limit
        commits = git.history(commit, None, start, limit) if start < total else []
        return History(commits, total, _cursor(commit, end) if end < total else None)

    def patch(self, actor: Actor, repo_id: RepoId, spec: str) -> bytes:
        """The unified diff. `a..b` compares two revisions, `a...b` compares b with where the two parted."""
        git, base, new = self._sides(actor, repo_id, spec)
        return git.patch(base, new)

    def _sides(self, actor: Actor, repo_id: RepoId, spec: str) -> tuple[GitRepo, CommitOid, CommitOid]:
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
        git = self._gitstore.open(repo.id)
        from_base = "..." in spec
        one, dots, other = spec.partition("..." if from_base else "..")
        if not dots:
            raise InvalidInput("Name two revisions: 'main..dev', or 'main...dev' for what dev alone changed.")
        default = repo.default_branch
        base, new = git.resolve(one or default), git.resolve(other or default)
        if from_base:
            parted = git.merge_base(base, new)
            if parted is None:
                raise RevisionNotFound(f"'{one}' and '{other}' have no commit in common.")
            base = parted
        return git, base, new

    def _xet_hashes(self, tx: Tx, repo: Repo, nodes: Sequence[TreeNode]) -> Mapping[str, str]:
        """SHA-256 -> Xet hash, for what the content store gives to readers of this very repository."""
        large = {node.pointer.sha256 for node in nodes if node.pointer is not None}
        found = self._xet.find_in_repo(tx, repo.id, large)
        return {sha256: file.hash for sha256, file in found.items()}


def content_of(trees: Trees, file: FileAt) -> Iterator[bytes]:
    """The bytes of a file, large or small, in pieces."""
    if file.node.pointer is None:
        yield trees.read_small(file)
    else:
        yield from trees.open_large(file).read()


def _resolve(git: GitRepo, repo: Repo, revision: str) -> CommitOid | None:
    """None for the default branch of a repository without commits: it is empty, not missing."""
    try:
        return git.resolve(revision)
    except RevisionNotFound:
        if repo.head is None and revision.removeprefix("refs/heads/") == repo.default_branch:
            return None
        raise


def _empty_listing(path: str) -> Listing:
    if path:
        raise EntryNotFound(f"There is no '{path[:200]}': this repository is empty.")
    return Listing(None, [], {}, {})


def _existing(git: GitRepo, commit: CommitOid, paths: Sequence[str]) -> list[TreeNode]:
    nodes = []
    for path in dict.fromkeys(path.strip("/") for path in paths):
        try:
            nodes.append(git.entry(commit, path))
        except EntryNotFound:
            continue
    return nodes


def _last_commits(git: GitRepo, commit: CommitOid, nodes: Sequence[TreeNode]) -> Mapping[str, CommitInfo]:
    last: dict[str, CommitInfo] = {}
    for folder in {node.path.rpartition("/")[0] for node in nodes}:
        last.update(git.last_commits(commit, folder))
    return last


def _tree_cursor(commit: CommitOid, after: str) -> str:
    return base64.urlsafe_b64encode(f"{commit}:{after}".encode(errors="surrogateescape")).decode()


def _read_tree_cursor(text: str) -> tuple[CommitOid, str]:
    """(commit, the entry that the page before ended with)"""
    try:
        commit, _, after = base64.urlsafe_b64decode(text).decode(errors="surrogateescape").partition(":")
    except ValueError as error:
        raise InvalidInput("This cursor is not one that the hub gave.") from error
    if not is_oid(commit) or not after:
        raise InvalidInput("This cursor is not one that the hub gave.")
    return CommitOid(commit), after


def _cursor(commit: CommitOid, start: int) -> str:
    return base64.urlsafe_b64encode(f"{commit}:{start}".encode()).decode()


def _read_cursor(text: str) -> tuple[CommitOid, int]:
    """(commit, entries to skip); a cursor from elsewhere is refused, since clients must not make their own."""
    try:
        commit, _, start = base64.urlsafe_b64decode(text).decode().partition(":")
    except ValueError as error:
        raise InvalidInput("This cursor is not one that the hub gave.") from error
    if not is_oid(commit) or not start.isdecimal() or len(start) > 18:
        raise InvalidInput("This cursor is not one that the hub gave.")
    return CommitOid(commit), int(start)
