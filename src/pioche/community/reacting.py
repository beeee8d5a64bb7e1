"""`Reactions`: one of twelve signs to a comment, given and taken back."""

from __future__ import annotations

from dataclasses import replace

from pioche.accounts.types import Actor
from pioche.community import reaction_store, store
from pioche.community.finding import require_open_talk
from pioche.community.references import resolve
from pioche.community.types import EMOJIS, DiscussionEvent
from pioche.errors import Conflict, InvalidInput, NotFound
from pioche.names import RepoId
from pioche.ports.database import Database, Tx
from pioche.repos.types import Repo


class Reactions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, actor: Actor, repo_id: RepoId, num: int, event_id: int, emoji: str) -> DiscussionEvent:
        """Each person each sign once; again changes nothing."""
        with self._database.write() as tx:
            comment, repo, discussion_id, user_id = _require(tx, actor, repo_id, num, event_id, emoji)
            reaction_store.add(tx, discussion_id, event_id, user_id, emoji)
            return _with_reactions(tx, repo, comment, discussion_id, user_id)

    def take_back(self, actor: Actor, repo_id: RepoId, num: int, event_id: int, emoji: str) -> DiscussionEvent:
        with self._database.write() as tx:
            comment, repo, discussion_id, user_id = _require(tx, actor, repo_id, num, event_id, emoji)
            reaction_store.remove(tx, event_id, user_id, emoji)
            return _with_reactions(tx, repo, comment, discussion_id, user_id)


def _require(
    tx: Tx, actor: Actor, repo_id: RepoId, num: int, event_id: int, emoji: str
) -> tuple[DiscussionEvent, Repo, int, int]:
    """The comment, its repository, the id of its discussion, and of who reacts."""
    repo, discussion = require_open_talk(tx, actor, repo_id, num)
    if emoji not in EMOJIS:
        raise InvalidInput(f"There is no such reaction. There are: {' '.join(EMOJIS)}")
    comment = store.find_comment(tx, discussion.id, event_id)
    if comment is None or actor.user_id is None:
        raise NotFound("There is no such comment here.")
    if comment.hidden:
        raise Conflict("This comment is hidden, so nobody can react to it.")
    return comment, repo, discussion.id, actor.user_id


def _with_reactions(tx: Tx, repo: Repo, comment: DiscussionEvent, discussion_id: int, user_id: int) -> DiscussionEvent:
    found = reaction_store.of_events(tx, discussion_id, comment.id, comment.id, user_id)
    return replace(comment, reactions=found.get(comment.id, ()), refers=resolve(tx, repo, [comment.text]))
