"""`Moderation`: what those do who look after a repository: lock, delete, make room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.community import remains, store
from pioche.community.finding import require_discussion, require_pull_request
from pioche.community.types import Discussion, DiscussionEvent
from pioche.errors import Conflict, RefMoved, RevisionNotFound
from pioche.events import DiscussionDeleted
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitRepo, GitStore
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


class Moderation:
    def __init__(self, database: Database, gitstore: GitStore, refs: Refs, queue: Queue) -> None:
        self._database = database
        self._gitstore = gitstore
        self._refs = refs
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
        for _ in range(ATTEMPTS):
            with self._database.read() as tx:
                repo = require_repo(tx, actor, repo_id, Action.ADMIN)
                discussion = require_discussion(tx, repo, num)
            head = self._head(repo, discussion)

            def also(tx: Tx, repo: Repo = repo) -> None:
                self._drop(tx, actor, require_repo(tx, actor, repo_id, Action.ADMIN), num)

            if head is None:
                with self._database.write() as tx:
                    also(tx)
                return
            try:
                self._refs.move(actor, repo, [RefMove(discussion.ref, head, None)], also)
                return
            except RefMoved:
                continue  # somebody pushed to it
        raise Conflict("Somebody is writing to this pull request right now. Try again.")

    def delete_ref(self, actor: Actor, repo_id: RepoId, num: int) -> None:
        """Of a pull request that is over. What it showed is kept as text; its commits and files make room."""
        for _ in range(ATTEMPTS):
            with self._database.read() as tx:
                repo = require_repo(tx, actor, repo_id, Action.WRITE)
                discussion = _require_over(tx, repo, num)
            git = self._gitstore.open(repo.id)
            head = self._head(repo, discussion)
            if head is None:
                raise Conflict("The ref of this pull request is gone already.")
            left = remains.read(git, discussion, head)

            def also(tx: Tx, repo: Repo = repo, left: remains.Remains = left) -> None:
                current = _require_over(tx, repo, num)
                remains.keep(tx, current.id, left)
                store.set_ref_deleted(tx, current.id)

            try:
                self._refs.move(actor, repo, [RefMove(discussion.ref, head, None)], also)
                return
            except RefMoved:
                continue
        raise Conflict("Somebody is writing to this pull request right now. Try again.")

    def storage(self, actor: Actor, repo_id: RepoId, num: int) -> PullRequestStorage:
        """What deleting the ref of a pull request would free."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
            discussion = require_pull_request(tx, repo, num)
        head = self._head(repo, discussion)
        if head is None:
            return PullRequestStorage(0, True)
        git = self._gitstore.open(repo.id)
        others = [ref.target for ref in git.refs(include_prs=True) if ref.ref != discussion.ref]
        return PullRequestStorage(_own_bytes(git, head, others), False)

    def _head(self, repo: Repo, discussion: Discussion) -> CommitOid | None:
        """None for what has no ref (any more)."""
        if not discussion.is_pull_request or discussion.ref_deleted:
            return None
        try:
            return self._gitstore.open(repo.id).resolve(discussion.ref)
        except RevisionNotFound:
            return None

    def _drop(self, tx: Tx, actor: Actor, repo: Repo, num: int) -> None:
        gone = require_discussion(tx, repo, num)
        store.delete_discussion(tx, gone.id)
        what = (num, gone.title, gone.is_pull_request, gone.status, gone.author_id)
        announce(self._queue, tx, DiscussionDeleted(actor.user_id, repo.id, gone.id, *what))


def _require_over(tx: Tx, repo: Repo, num: int) -> Discussion:
    found = require_pull_request(tx, repo, num)
    if found.status not in ("closed", "merged"):
        raise Conflict("This pull request is open. Merge or close it first.")
    if found.ref_deleted:
        raise Conflict("The ref of this pull request is gone already.")
    return found


def _own_bytes(git: GitRepo, head: CommitOid, others: Sequence[str]) -> int:
    own = {pointer.sha256: pointer.size for pointer in git.pointers([head])}
    if own and others:
        for pointer in git.pointers(others):
            own.pop(pointer.sha256, None)
    return sum(own.values())
