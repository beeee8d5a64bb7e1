"""Writing: what to upload how, and commits. A commit is written first and shows when its branch moves to it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pioche.accounts.access import Action, allows
from pioche.accounts.types import Actor
from pioche.errors import (
    Conflict,
    DiscussionLocked,
    EntryNotFound,
    Forbidden,
    InvalidInput,
    InvalidPath,
    RefMoved,
    RevisionNotFound,
)
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import Change, CopyEntry, DeleteFolder, GitRepo, GitStore, PutPointer, Signature
from pioche.repos.service.authors import author_of
from pioche.repos.service.contents import Draft, StagedOperation, Staging, large_files
from pioche.repos.service.find import require_content, require_repo
from pioche.repos.service.refs import HEADS, PULL_REQUESTS, Refs
from pioche.repos.service.upload_modes import UploadRules
from pioche.repos.types import (
    CommitHeader,
    CommitOperation,
    CopyFile,
    FileSample,
    PutLargeFile,
    RefMove,
    Repo,
    UploadChoice,
)
from pioche.settings import Settings

ATTEMPTS = 5
"""Commits of this process to one repository take turns; only a push can come in between."""
_TURNS = 64

_NUMBER = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True)
class PullRequestFacts:
    """What decides who may add commits to it. `author_id` None: that account is gone."""

    author_id: int | None
    is_over: bool  # closed or merged
    is_locked: bool


FindPullRequest = Callable[[Tx, int, int], PullRequestFacts | None]
"""(repository, number). Pull requests are a matter of a room above this one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A commit that no ref shows yet: what a pull request starts with."""

    repo: Repo
    base: CommitOid
    commit: CommitOid


class Commits:
    def __init__(
        self,
        database: Database,
        gitstore: GitStore,
        refs: Refs,
        lfs: Lfs,
        settings: Settings,
        find_pull_request: FindPullRequest,
    ) -> None:
        self._database = database
        self._gitstore = gitstore
        self._refs = refs
        self._lfs = lfs
        self._settings = settings
        self._find_pull_request = find_pull_request
        self._turns = [threading.Lock() for _ in range(_TURNS)]

    def upload_modes(
        self,
        actor: Actor,
        repo_id: RepoId,
        revision: str,
        files: Sequence[FileSample],
        git_ignore: str | None = None,
    ) -> list[UploadChoice]:
        """For whoever may commit to the revision or propose to; `git_ignore` None: that of the revision."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id, Action.DISCUSS)
        git = self._gitstore.open(repo.id)
        rules = UploadRules(git, _head(git, repo, revision), self._settings.regular_file_limit, git_ignore)
        return [rules.choose(file) for file in files]

    def commit(
        self,
        actor: Actor,
        repo_id: RepoId,
        revision: str,
        header: CommitHeader,
        operations: Iterable[CommitOperation],
    ) -> CommitOid:
        """The commit that the branch is at afterwards. What changes nothing makes no commit, and is no error.

        Raises `RefMoved` if the branch is not at `header.parent_commit`, `RevisionNotFound`, `EntryNotFound`,
        `InvalidInput`, `InvalidPath`, `TooLarge`.
        """
        with self._database.read() as tx:
            repo = self._require_target(tx, actor, repo_id, revision)
        ref = _full_ref(revision)
        draft = self._draft(actor, repo, header, operations)
        with self._turns[repo.id % _TURNS]:
            for _ in range(ATTEMPTS - 1):
                try:
                    return self._commit_once(actor, repo, ref, draft)
                except RefMoved:
                    if header.parent_commit:
                        raise
            return self._commit_once(actor, repo, ref, draft)

    def propose(
        self,
        actor: Actor,
        repo_id: RepoId,
        revision: str,
        header: CommitHeader,
        operations: Iterable[CommitOperation],
    ) -> Proposal:
        """Write a commit on top of a branch for a pull request; nothing shows it yet. Raises as `commit`."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id, Action.DISCUSS)
        git = self._gitstore.open(repo.id)
        base = git.resolve(_full_ref(revision))
        _check_parent(base, revision, header)
        draft = self._draft(actor, repo, header, operations)
        return Proposal(repo, base, _write(git, base, draft))

    def signature(self, actor: Actor, now: int) -> Signature:
        """Who commits."""
        return author_of(actor, self._settings, now)

    def _require_target(self, tx: Tx, actor: Actor, repo_id: RepoId, revision: str) -> Repo:
        """A pull request's ref may be written to by its author too."""
        if not revision.startswith(PULL_REQUESTS):
            return require_repo(tx, actor, repo_id, Action.WRITE)
        repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
        number = revision.removeprefix(PULL_REQUESTS)
        found = self._find_pull_request(tx, repo.id, int(number)) if _NUMBER.match(number) else None
        if found is None:
            raise RevisionNotFound(f"There is no pull request '{number[:20]}' here.")
        if not allows(actor, Action.WRITE, repo.resource):
            if found.author_id is None or found.author_id != actor.user_id:
                raise Forbidden("Only its author and those who may write here can add commits to this pull request.")
            if found.is_locked:
                raise DiscussionLocked("This pull request is locked: only those who may write here can add commits.")
        if found.is_over:
            raise Conflict("This pull request is closed or merged, so no commits can be added. Open another one.")
        return repo

    def _draft(self, actor: Actor, repo: Repo, header: CommitHeader, operations: Iterable[CommitOperation]) -> Draft:
        """Everything that does not depend on where the branch is."""
        if not header.summary.strip():
            raise InvalidInput("A commit needs a summary.")
        staging = Staging(self._gitstore.open(repo.id), self._settings.regular_file_limit)
        for operation in operations:
            staging.add(operation)
        with self._database.read() as tx:
            sizes = large_files(tx, self._lfs, repo.id, staging.claims)
            return Draft(header, self.signature(actor, tx.now), staging.operations, sizes)

    def _commit_once(self, actor: Actor, repo: Repo, ref: str, draft: Draft) -> CommitOid:
        git = self._gitstore.open(repo.id)
        head = _head(git, repo, ref)
        try:
            _check_parent(head, ref, draft.header)
            new = _write(git, head, draft)
        except (RefMoved, EntryNotFound):
            # A client that lost our answer sends the same again.
            if head is not None and _is_done(git, head, draft):
                return head
            raise
        if head is not None and git.tree_oid(new) == git.tree_oid(head):
            return head
        self._refs.move(actor, repo, [RefMove(ref, head, new)])
        return new


def _full_ref(revision: str) -> str:
    return revision if revision.startswith("refs/") else f"{HEADS}{revision}"


def _head(git: GitRepo, repo: Repo, revision: str) -> CommitOid | None:
    """Where a branch is; None for the default branch of an empty repository, which the first commit makes."""
    ref = _full_ref(revision)
    if not ref.startswith((HEADS, PULL_REQUESTS)):
        raise RevisionNotFound(f"'{revision[:200]}' is not a branch, so nothing can be committed to it.")
    try:
        return git.resolve(ref)
    except RevisionNotFound:
        if ref == f"{HEADS}{repo.default_branch}" and not git.refs():
            return None
        raise RevisionNotFound(
            f"There is no branch '{revision.removeprefix(HEADS)[:200]}' in this repository."
        ) from None


def _check_parent(head: CommitOid | None, revision: str, header: CommitHeader) -> None:
    expected = header.parent_commit
    if expected and not (head or "").startswith(expected.lower()):
        raise RefMoved(
            f"'{revision.removeprefix(HEADS)}' is at {head or 'no commit'} and not at {expected} any more: somebody "
            "committed in the meantime. Look at what changed and try again."
        )


def _write(git: GitRepo, parent: CommitOid | None, draft: Draft) -> CommitOid:
    changes = [_change(git, parent, operation, draft.sizes) for operation in draft.operations]
    return git.write_commit([parent] if parent else [], changes, draft.author, draft.header.message)


def _change(git: GitRepo, parent: CommitOid | None, operation: StagedOperation, sizes: Mapping[str, int]) -> Change:
    match operation:
        case PutLargeFile(path=path, sha256=sha256):
            return PutPointer(path, sha256, sizes[sha256])
        case CopyFile(path=path, src_path=src_path, src_revision=revision):
            source = git.resolve(revision) if revision else parent
            if source is None:
                raise EntryNotFound(f"There is no '{src_path[:200]}' to copy: the repository is empty.")
            return CopyEntry(src_path, source, path)
        case DeleteFolder(path=path):
            return DeleteFolder(path.rstrip("/"))
        case _:
            return operation


def _is_done(git: GitRepo, head: CommitOid, draft: Draft) -> bool:
    """The last commit is this very one: same author, words and parent, and the same files come of it."""
    last = git.commit(head)
    if (last.author_name, last.message) != (draft.author.name, draft.header.message) or len(last.parents) != 1:
        return False
    parent = CommitOid(last.parents[0])
    expected = draft.header.parent_commit
    if expected and not parent.startswith(expected.lower()):
        return False
    try:
        again = _write(git, parent, draft)
    except (EntryNotFound, InvalidPath, RevisionNotFound):
        return False
    return git.tree_oid(again) == git.tree_oid(head)
