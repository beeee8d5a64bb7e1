"""A comment and what goes with it: references, and the news of it."""

from __future__ import annotations

from pioche.accounts.types import Actor
from pioche.community import store
from pioche.community.references import numbers_in
from pioche.community.types import Discussion
from pioche.events import DiscussionCommented
from pioche.ports.database import Tx
from pioche.queue.service import Queue
from pioche.repos.types import Repo
from pioche.wiring import announce


def say(queue: Queue, tx: Tx, actor: Actor, repo: Repo, discussion: Discussion, text: str) -> int:
    """The id of the comment."""
    event_id = store.add_event(tx, discussion.id, "comment", actor.user_id, text)
    store.refer(tx, repo.id, discussion.num, numbers_in(text), actor.user_id)
    announce(queue, tx, DiscussionCommented(actor.user_id, repo.id, discussion.id, event_id))
    return event_id
