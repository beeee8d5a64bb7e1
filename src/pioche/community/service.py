"""Discussions and pull requests: opening, reading, answering, closing."""

from __future__ import annotations

from pioche.accounts.access import Action, allows
from pioche.accounts.types import Actor
from pioche.community import store
from pioche.community.finding import require_comment, require_discussion, require_open_talk, require_talk
from pioche.community.references import numbers_in, resolve
from pioche.community.speaking import say
from pioche.community.threads import read_part, with_changes, with_references, with_remains
from pioche.community.types import (
    MAX_TEXT,
    CommentEdit,
    DiscussionDetails,
    DiscussionEvent,
    DiscussionFilter,
    DiscussionPage,
    NewDiscussion,
    Opening,
    Part,
    Status,
)
from pioche.errors import Conflict, Forbidden, InvalidInput, RefMoved, RevisionNotFound
from pioche.events import (
    CommentEdited,
    CommentHidden,
    DiscussionOpened,
    DiscussionRenamed,
    DiscussionStatusChanged,
)
from pioche.names import CommitOid, RepoId
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitStore
from pioche.queue.service import Queue
from pioche.repos.service.commits import Commits, Proposal
from pioche.repos.service.find import require_content, require_repo
from pioche.repos.service.refs import HEADS, Refs
from pioche.repos.types import CommitHeader, RefMove, Repo
from pioche.wiring import announce

PAGE = 50
MAX_TITLE = 300
MAX_EDITS = 100
ATTEMPTS = 8


class Community:
    def __init__(self, database: Database, gitstore: GitStore, refs: Refs, commits: Commits, queue: Queue) -> None:
        self._database = database
        self._gitstore = gitstore
        self._refs = refs
        self._commits = commits
        self._queue = queue

    def open(self, actor: Actor, repo_id: RepoId, new: NewDiscussion) -> int:
        """Its number. A pull request starts as a draft whose ref is where the default branch is."""
        _check_text(new.title, new.description)
        with self._database.read() as tx:
            repo = require_talk(tx, actor, repo_id)
        if not new.is_pull_request:
            with self._database.write() as tx:
                repo = require_talk(tx, actor, repo_id)
                num = store.next_number(tx, repo.id)
                announce(self._queue, tx, _add(tx, repo, num, actor, new, Opening()))
            return num
        base = f"{HEADS}{repo.default_branch}"
        try:
            head = self._gitstore.open(repo.id).resolve(base)
        except RevisionNotFound:
            raise Conflict("This repository is empty, so there is nothing to propose a change to.") from None
        return self._open_pull_request(actor, repo, new, base, (head, "draft"))

    def open_with(self, actor: Actor, proposal: Proposal, revision: str, header: CommitHeader) -> int:
        """A pull request that shows a commit that was written for it."""
        new = NewDiscussion(header.summary.strip()[:MAX_TITLE], header.description.strip()[:MAX_TEXT], True)
        with self._database.read() as tx:
            require_talk(tx, actor, proposal.repo.repo_id)
        base = revision if revision.startswith("refs/") else f"{HEADS}{revision}"
        return self._open_pull_request(actor, proposal.repo, new, base, (proposal.commit, "open"))

    def list(self, actor: Actor, repo_id: RepoId, wanted: DiscussionFilter) -> DiscussionPage:
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            found, count = store.page(tx, repo.id, wanted, PAGE)
        return DiscussionPage(repo, found, count, wanted.page * PAGE)

    def details(
        self, actor: Actor, repo_id: RepoId, num: int, with_patch: bool = False, part: Part | None = None
    ) -> DiscussionDetails:
        """Without `part`, with all its events."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            discussion = require_discussion(tx, repo, num)
            details = read_part(tx, repo, discussion, part, actor.user_id)
            if not discussion.is_pull_request:
                return details
            require_content(tx, actor, repo_id)
            if discussion.ref_deleted:
                return with_remains(tx, details, with_patch)
        return with_changes(self._gitstore.open(repo.id), details, with_patch)

    def comment(self, actor: Actor, repo_id: RepoId, num: int, text: str) -> DiscussionEvent:
        _check_text("-", text)
        if not text.strip():
            raise InvalidInput("A comment needs some text.")
        with self._database.write() as tx:
            repo, discussion = require_open_talk(tx, actor, repo_id, num)
            event_id = say(self._queue, tx, actor, repo, discussion, text)
            refers = resolve(tx, repo, [text])
            return DiscussionEvent(event_id, "comment", actor.name, text, tx.now, refers=refers)

    def edit_comment(self, actor: Actor, repo_id: RepoId, num: int, edit: CommentEdit) -> DiscussionEvent:
        """Its author, and whoever may write. What it said before is kept, for all to read."""
        event_id, text = edit.event_id, edit.text
        _check_text("-", text)
        if not text.strip():
            raise InvalidInput("A comment needs some text. To take it back, hide it.")
        with self._database.write() as tx:
            repo, discussion = require_open_talk(tx, actor, repo_id, num)
            comment = require_comment(tx, actor, repo, discussion, event_id)
            _check_edit(comment, edit)
            if text != comment.text:
                store.edit_comment(tx, event_id, actor.user_id, text)
                store.refer(tx, repo.id, num, numbers_in(text), actor.user_id)
                announce(self._queue, tx, CommentEdited(actor.user_id, repo.id, discussion.id, event_id))
            return with_references(tx, repo, [require_comment(tx, actor, repo, discussion, event_id)])[0]

    def hide_comment(self, actor: Actor, repo_id: RepoId, num: int, event_id: int) -> DiscussionEvent:
        """Its author, and whoever may write. Nobody reads it again, nor what it said before."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
            discussion = require_discussion(tx, repo, num)
            if not require_comment(tx, actor, repo, discussion, event_id).hidden:
                store.hide_comment(tx, event_id)
                announce(self._queue, tx, CommentHidden(actor.user_id, repo.id, discussion.id, event_id))
            return require_comment(tx, actor, repo, discussion, event_id)

    def rename(self, actor: Actor, repo_id: RepoId, num: int, title: str) -> DiscussionEvent:
        """Another title: its author, and whoever may write."""
        title = title.strip()
        _check_text(title, "")
        with self._database.write() as tx:
            repo, discussion = require_open_talk(tx, actor, repo_id, num)
            if discussion.author_id != actor.user_id and not allows(actor, Action.WRITE, repo.resource):
                raise Forbidden("Only its author and those who may write here can change the title.")
            if title == discussion.title:
                raise InvalidInput("That is its title already.")
            store.set_title(tx, discussion.id, title)
            event_id = store.add_event(tx, discussion.id, "title-change", actor.user_id, title, discussion.title)
            announce(self._queue, tx, DiscussionRenamed(actor.user_id, repo.id, discussion.id))
            return DiscussionEvent(event_id, "title-change", actor.name, title, tx.now, was=discussion.title)

    def set_status(self, actor: Actor, repo_id: RepoId, num: int, status: Status, comment: str = "") -> DiscussionEvent:
        """Open or close it: its author, and whoever may write. What is merged stays merged."""
        if status not in ("open", "closed"):
            raise InvalidInput("A discussion can be set to 'open' or 'closed'.")
        _check_text("-", comment)
        with self._database.write() as tx:
            repo, discussion = require_open_talk(tx, actor, repo_id, num)
            if discussion.author_id != actor.user_id and not allows(actor, Action.WRITE, repo.resource):
                raise Forbidden("Only its author and those who may write here can open or close this.")
            if discussion.status == "merged":
                raise Conflict("This pull request is merged; that cannot be undone here.")
            if discussion.ref_deleted and status == "open":
                raise Conflict("The commits of this pull request were deleted, so it cannot be opened again.")
            if comment.strip():
                say(self._queue, tx, actor, repo, discussion, comment)
            store.set_status(tx, discussion.id, status)
            announce(self._queue, tx, DiscussionStatusChanged(actor.user_id, repo.id, discussion.id, status))
            event_id = store.add_event(tx, discussion.id, "status-change", actor.user_id, status)
            return DiscussionEvent(event_id, "status-change", actor.name, status, tx.now)

    def pin(self, actor: Actor, repo_id: RepoId, num: int, pinned: bool) -> None:
        """On top of the list, or no longer: whoever may write. Again changes nothing."""
        with self._database.write() as tx:
            repo = require_talk(tx, actor, repo_id, Action.WRITE)
            store.set_pinned(tx, require_discussion(tx, repo, num).id, pinned)

    def _open_pull_request(
        self, actor: Actor, repo: Repo, new: NewDiscussion, base: str, start: tuple[CommitOid, Status]
    ) -> int:
        head, status = start
        for _ in range(ATTEMPTS):
            with self._database.read() as tx:
                num = store.next_number(tx, repo.id)

            def also(tx: Tx, num: int = num) -> None:
                announce(self._queue, tx, _add(tx, repo, num, actor, new, Opening(status, base)))

            try:
                self._refs.move(actor, repo, [RefMove(f"refs/pr/{num}", None, head)], also)
                return num
            except RefMoved:
                continue  # somebody took this number first
        raise Conflict("Many people are opening discussions here right now. Try again.")


def _add(tx: Tx, repo: Repo, num: int, actor: Actor, new: NewDiscussion, opening: Opening) -> DiscussionOpened:
    discussion_id = store.add(tx, repo.id, num, actor.user_id, new, opening)
    if new.description.strip():
        store.add_event(tx, discussion_id, "comment", actor.user_id, new.description)
        store.refer(tx, repo.id, num, numbers_in(new.description), actor.user_id)
    return DiscussionOpened(actor.user_id, repo.id, discussion_id)


def _check_edit(comment: DiscussionEvent, edit: CommentEdit) -> None:
    if comment.hidden:
        raise Conflict("This comment is hidden, so it cannot be edited.")
    if len(comment.history) >= MAX_EDITS:
        raise Conflict(f"A comment can be edited {MAX_EDITS} times.")
    if edit.seen is not None and edit.seen != len(comment.history) and edit.text != comment.text:
        raise Conflict("Somebody edited this comment since you read it. Look at what it says now, then edit it again.")


def _check_text(title: str, text: str) -> None:
    if not title.strip() or len(title) > MAX_TITLE:
        raise InvalidInput(f"A title has 1 to {MAX_TITLE} characters.")
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"A comment has {MAX_TEXT} characters at most.")
