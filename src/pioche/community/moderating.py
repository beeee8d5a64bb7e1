"""`Moderation`: what those do who look after a repository: lock, delete, make room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.community import remains, store
from pioche.community.finding import require_discussion, require_pull_request
from pioche.community.types import Discussion, DiscussionEvent
from pioche.errors import Conflict, RefMoved, RevisionNotFound
from pioche.events import DiscussionDeleted
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitRepo, GitStore, Ref
from pioche.queue.service import Queue
from pioche.repos.service.find import require_content, require_repo
from pioche.repos.service.refs import Refs
from pioche.repos.types import RefMove, Repo
from pioche.wiring import announce

ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class PullRequestStorage:
    """Bytes of large files that only this pull request has."""

    bytes: int
    ref_deleted: bool


@dataclass(frozen=True, slots=True)
class _Own:
    """SHA-256 -> bytes, and the refs that it was reckoned from."""

    files: Mapping[str, int]
    refs: Sequence[Ref]


class Moderation:
    def __init__(self, database: Database, gitstore: GitStore, refs: Refs, lfs: Lfs, queue: Queue) -> None:
        self._database = database
        self._gitstore = gitstore
        self._refs = refs
        self._lfs = lfs
        self._queue = queue

    def lock(self, actor: Actor, repo_id: RepoId, num: int, locked: bool) -> DiscussionEvent | None:
        """Only those who may write here go on, or everyone again. None if it is so already."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.WRITE)
            discussion = require_discussion(tx, repo, num)
            if discussion.locked == locked:
                return None
            store.set_locked(tx, discussion.id, locked)
            text = "locked" if locked else "unlocked"
            event_id = store.add_event(tx, discussion.id, "locking-change", actor.user_id, text)
            return DiscussionEvent(event_id, "locking-change", actor.name, text, tx.now)

    def delete(self, actor: Actor, repo_id: RepoId, num: int) -> None:
        """With all that was said, and the ref of a pull request. Its number is not given again."""

        def drop(tx: Tx) -> None:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            gone = require_discussion(tx, repo, num)
            store.delete_discussion(tx, gone.id)
            what = (num, gone.title, gone.is_pull_request, gone.status, gone.author_id)
            announce(self._queue, tx, DiscussionDeleted(actor.user_id, repo.id, gone.id, *what))

        for _ in range(ATTEMPTS):
            with self._database.read() as tx:
                repo = require_repo(tx, actor, repo_id, Action.ADMIN)
                discussion = require_discussion(tx, repo, num)
            head = self._head(repo, discussion)
            if head is None:
                with self._database.write() as tx:
                    drop(tx)
                return
            if self._delete_ref(actor, repo, RefMove(discussion.ref, head, None), drop):
                return
        raise Conflict("Somebody is writing to this pull request right now. Try again.")

    def delete_ref(self, actor: Actor, repo_id: RepoId, num: int) -> None:
        """Of a pull request that is over. What it showed is kept as text; its commits and files make room."""
        for _ in range(ATTEMPTS):
            with self._database.read() as tx:
                repo = require_repo(tx, actor, repo_id, Action.WRITE)
                discussion = _require_over(tx, repo, num)
            head = self._head(repo, discussion)
            if head is None:
                raise Conflict("The ref of this pull request is gone already.")
            left = remains.read(self._gitstore.open(repo.id), discussion, head)

            def keep(tx: Tx, repo: Repo = repo, left: remains.Remains = left) -> None:
                current = _require_over(tx, repo, num)
                remains.keep(tx, current.id, left)
                store.set_ref_deleted(tx, current.id)

            if self._delete_ref(actor, repo, RefMove(discussion.ref, head, None), keep):
                return
        raise Conflict("Somebody is writing to this pull request right now. Try again.")

    def storage(self, actor: Actor, repo_id: RepoId, num: int) -> PullRequestStorage:
        """What deleting the ref of a pull request would free."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
            discussion = require_pull_request(tx, repo, num)
        head = self._head(repo, discussion)
        if head is None:
            return PullRequestStorage(0, True)
        own = _own_files(self._gitstore.open(repo.id), discussion.ref, head)
        return PullRequestStorage(sum(own.files.values()), False)

    def _delete_ref(self, actor: Actor, repo: Repo, move: RefMove, also: Callable[[Tx], None]) -> bool:
        """The repository also gives up the large files that only this ref has. False if somebody was writing."""
        git = self._gitstore.open(repo.id)
        own = _own_files(git, move.ref, move.old or "")

        def give_up(tx: Tx) -> None:
            also(tx)
            if own.files:
                if git.refs(include_prs=True) != own.refs:
                    raise RefMoved("Somebody is writing to this repository.")
                self._lfs.holdings.give_up(tx, repo.id, list(own.files))

        try:
            self._refs.move(actor, repo, [move], give_up)
        except RefMoved:
            return False
        return True

    def _head(self, repo: Repo, discussion: Discussion) -> CommitOid | None:
        """None for what has no ref (any more)."""
        if not discussion.is_pull_request or discussion.ref_deleted:
            return None
        try:
            return self._gitstore.open(repo.id).resolve(discussion.ref)
        except RevisionNotFound:
            return None


def _require_over(tx: Tx, repo: Repo, num: int) -> Discussion:
    found = require_pull_request(tx, repo, num)
    if found.status not in ("closed", "merged"):
        raise Conflict("This pull request is open. Merge or close it first.")
    if found.ref_deleted:
        raise Conflict("The ref of this pull request is gone already.")
    return found


def _own_files(git: GitRepo, ref: str, head: str) -> _Own:
    """Large files in the history of this ref and of no other."""
    refs = git.refs(include_prs=True)
    files = {pointer.sha256: pointer.size for pointer in git.pointers([head])}
    others = [one.target for one in refs if one.ref != ref]
    if files and others:
        for pointer in git.pointers(others):
            files.pop(pointer.sha256, None)
    return _Own(files, refs)
