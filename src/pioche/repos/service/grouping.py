"""`Grouping`: repositories in the resource groups of their organisation."""

from __future__ import annotations

from collections.abc import Sequence

from pioche import wiring
from pioche.accounts.access import Action
from pioche.accounts.service.groups import require_place
from pioche.accounts.types import Actor
from pioche.events import RepoSettingsChanged
from pioche.names import RepoId
from pioche.ports.database import Database
from pioche.queue.service import Queue
from pioche.repos import store
from pioche.repos.lists import visible_to
from pioche.repos.service.find import require_repo
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import repos
from pioche.repos.types import Repo

MOST = 1000
"""Repositories that are listed with their groups."""


class Grouping:
    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    def put(self, actor: Actor, repo_id: RepoId, group_id: int | None) -> None:
        """Into a group, or (None) out of it: then it is the whole organisation's.

        For who administers it and may make repositories where it goes. Raises as `require_repo`, `require_place`.
        """
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            require_place(tx, actor, repo.owner_id, group_id)
            if group_id == repo.group_id:
                return
            store.set_group(tx, repo.id, group_id)
            event = RepoSettingsChanged(actor_id=actor.user_id, repo_id=repo.id, private=repo.private)
            wiring.announce(self._queue, tx, event)

    def within(self, actor: Actor, group_ids: Sequence[int]) -> Sequence[Repo]:
        """What is in these groups, as far as the actor may see it; in order of names."""
        if not group_ids:
            return ()
        query = select_repos().where(repos.c.group_id.in_(group_ids), visible_to(actor))
        with self._database.read() as tx:
            return [to_repo(row) for row in tx.execute(query.order_by(repos.c.name_lower, repos.c.id).limit(MOST))]
