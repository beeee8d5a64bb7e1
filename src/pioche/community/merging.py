"""Pull requests on the side of git: what they change, and merging them."""

from __future__ import annotations

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.community import remains, store
from pioche.community.ends import ends_of
from pioche.community.finding import require_discussion, require_pull_request, require_talk
from pioche.community.speaking import say
from pioche.community.types import MAX_TEXT, Discussion, Ends, Proposed
from pioche.errors import Conflict, InvalidInput, RefMoved, RevisionNotFound
from pioche.events import DiscussionStatusChanged
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitRepo, GitStore
from pioche.queue.service import Queue
from pioche.repos.service.commits import Commits
from pioche.repos.service.find import require_content
from pioche.repos.service.refs import Refs
from pioche.repos.types import RefMove, Repo
from pioche.wiring import announce

ATTEMPTS = 8


class PullRequests:
    def __init__(self, database: Database, gitstore: GitStore, refs: Refs, commits: Commits, queue: Queue) -> None:
        self._database = database
        self._gitstore = gitstore
        self._refs = refs
        self._commits = commits
        self._queue = queue

    def proposed(self, actor: Actor, repo_id: RepoId, num: int) -> Proposed:
        """What it changes; of a merged one, what it changed."""
        with self._database.read() as tx:
            repo = require_content(tx, actor, repo_id)
            discussion = require_pull_request(tx, repo, num)
            left = remains.find(tx, discussion.id) if discussion.ref_deleted else None
        if left is not None:
            return Proposed(repo, discussion, None, left.patch)
        return Proposed(repo, discussion, ends_of(self._gitstore.open(repo.id), discussion))

    def merge(self, actor: Actor, repo_id: RepoId, num: int, comment: str = "") -> CommitOid:
        """The commit that the base branch is at afterwards.

        Raises `Conflict`, with `details["files"]` if both sides changed the same. What others do meanwhile is seen:
        commits that are pushed to either side are merged too, or come after the merge; of two merges one wins.
        """
        if len(comment) > MAX_TEXT:
            raise InvalidInput(f"A comment has {MAX_TEXT} characters at most.")
        for _ in range(ATTEMPTS):
            try:
                return self._merge_once(actor, repo_id, num, comment)
            except RefMoved:
                continue
        raise Conflict("Others are pushing to these branches right now. Try again.")

    def _merge_once(self, actor: Actor, repo_id: RepoId, num: int, comment: str) -> CommitOid:
        with self._database.read() as tx:
            repo = require_talk(tx, actor, repo_id, Action.WRITE)
            discussion = _require_mergeable(tx, repo, num)
            author = self._commits.signature(actor, tx.now)
        git = self._gitstore.open(repo.id)
        ours, theirs = _sides(git, discussion)
        parted = git.merge_base(ours, theirs)
        if parted == theirs:
            raise Conflict("This pull request has no changes that are not there already.")
        message = f"Merge pull request #{num}\n\n{discussion.title}"
        new = theirs if parted == ours else git.merge(ours, theirs, author, message)

        def also(tx: Tx) -> None:
            current = _require_mergeable(tx, repo, num)
            if git.resolve(current.ref) != theirs:
                raise RefMoved("Somebody pushed to this pull request.")
            if comment.strip():
                say(self._queue, tx, actor, repo, current, comment)
            store.set_merged(tx, current.id, new, Ends(parted, theirs))
            announce(self._queue, tx, DiscussionStatusChanged(actor.user_id, repo.id, current.id, "merged"))
            store.add_event(tx, current.id, "status-change", actor.user_id, "merged")

        self._refs.move(actor, repo, [RefMove(discussion.base, ours, new)], also)
        return new


def _sides(git: GitRepo, discussion: Discussion) -> tuple[CommitOid, CommitOid]:
    try:
        ours = git.resolve(discussion.base)
    except RevisionNotFound:
        branch = discussion.base.removeprefix("refs/heads/")
        raise Conflict(f"The branch '{branch}' that this pull request wants to change is gone.") from None
    try:
        return ours, git.resolve(discussion.ref)
    except RevisionNotFound:
        raise Conflict("The commits of this pull request were deleted.") from None


def _require_mergeable(tx: Tx, repo: Repo, num: int) -> Discussion:
    discussion = require_discussion(tx, repo, num)
    if not discussion.is_pull_request:
        raise InvalidInput(f"#{num} is a discussion, so there is nothing to merge.")
    if discussion.status not in ("draft", "open"):
        raise Conflict(f"This pull request is {discussion.status}.")
    return discussion
