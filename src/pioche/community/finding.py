"""Finding a discussion or a comment for an actor, and whether they may say something there."""

from __future__ import annotations

from pioche.accounts.access import Action, allows
from pioche.accounts.types import Actor
from pioche.community import store
from pioche.community.types import Discussion, DiscussionEvent
from pioche.errors import DiscussionLocked, DiscussionsDisabled, Forbidden, InvalidInput, NotFound
from pioche.names import RepoId
from pioche.ports.database import Tx
from pioche.repos.service.find import require_repo
from pioche.repos.types import Repo


def require_talk(tx: Tx, actor: Actor, repo_id: RepoId, action: Action = Action.DISCUSS) -> Repo:
    """The repository, if the actor may do this to it and its owner has not turned discussions off."""
    repo = require_repo(tx, actor, repo_id, action)
    if repo.discussions_disabled:
        raise DiscussionsDisabled("Discussions and pull requests are disabled for this repository.")
    return repo


def require_discussion(tx: Tx, repo: Repo, num: int) -> Discussion:
    found = store.find(tx, repo.id, num)
    if found is None:
        raise NotFound(f"There is no discussion #{num} here.")
    return found


def require_pull_request(tx: Tx, repo: Repo, num: int) -> Discussion:
    found = require_discussion(tx, repo, num)
    if not found.is_pull_request:
        raise InvalidInput(f"#{num} is a discussion, not a pull request.")
    return found


def require_unlocked(actor: Actor, repo: Repo, discussion: Discussion) -> None:
    """Locked, it is for those who may write to the repository."""
    if discussion.locked and not allows(actor, Action.WRITE, repo.resource):
        raise DiscussionLocked("This discussion is locked: only those who may write here can go on with it.")


def require_open_talk(tx: Tx, actor: Actor, repo_id: RepoId, num: int) -> tuple[Repo, Discussion]:
    """Where the actor may say something now."""
    repo = require_talk(tx, actor, repo_id)
    discussion = require_discussion(tx, repo, num)
    require_unlocked(actor, repo, discussion)
    return repo, discussion


def require_comment(tx: Tx, actor: Actor, repo: Repo, discussion: Discussion, event_id: int) -> DiscussionEvent:
    """A comment that the actor may edit and hide."""
    found = store.find_comment(tx, discussion.id, event_id)
    if found is None:
        raise NotFound("There is no such comment here.")
    if found.author_id != actor.user_id and not allows(actor, Action.WRITE, repo.resource):
        raise Forbidden("Only its author and those who may write here can edit or hide a comment.")
    return found
