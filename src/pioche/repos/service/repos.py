"""Repositories as a whole: finding and listing, renaming, settings, deletion. Making them is in `making.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.exc import IntegrityError

from pioche import wiring
from pioche.accounts.access import Action, owner_role
from pioche.accounts.types import Actor, OrgRole
from pioche.errors import Forbidden, InvalidInput, Unauthenticated
from pioche.events import RepoDeleted, RepoMoved, RepoSettingsChanged
from pioche.lfs.service import Lfs
from pioche.names import RepoId
from pioche.ports.database import Database
from pioche.ports.gitstore import GitStore
from pioche.queue.service import Queue
from pioche.repos import lists, store
from pioche.repos.cursors import read_cursor, write_cursor
from pioche.repos.facets import FacetCounts, facets, latest
from pioche.repos.service.find import require_repo
from pioche.repos.service.grouping import Grouping
from pioche.repos.service.making import Making, repo_exists, require_free, require_owner
from pioche.repos.types import Gated, Repo, RepoFilter, RepoPage
from pioche.settings import Settings
from pioche.xet.service import Xet

MAX_PAGE = 1000
# Commits and pushes that are under way find their folder until they learn that the repository is gone.
ERASE_DELAY_MS = 10 * 60 * 1000
# No upload that began before the deletion lasts so long.
FORGET_DELAY_MS = 2 * 24 * 3600 * 1000


class Repos(Making):
    """The verbs of whole repositories."""

    def __init__(
        self, database: Database, gitstore: GitStore, queue: Queue, settings: Settings, lfs: Lfs, xet: Xet
    ) -> None:
        super().__init__(database, gitstore, queue, settings, lfs, xet)
        self.grouping = Grouping(database, queue)

    def find(self, actor: Actor, repo_id: RepoId, action: Action = Action.READ) -> Repo:
        """The repository, if the actor may do `action` to it; raises as `require_repo` does."""
        with self._database.read() as tx:
            return require_repo(tx, actor, repo_id, action)

    # -- lists --

    def numbers(self) -> Sequence[int]:
        """The ids of all repositories, for work on each of them."""
        with self._database.read() as tx:
            return store.numbers(tx)

    def list(self, actor: Actor, wanted: RepoFilter, limit: int, cursor: str = "") -> RepoPage:
        """What the actor may see of it, after `cursor`. Pages stay in step while repositories come and go."""
        with self._database.read() as tx:
            found, last = lists.after(tx, actor, wanted, read_cursor(cursor), min(limit, MAX_PAGE))
        return RepoPage(tuple(found), None if last is None else write_cursor(last))

    def page(self, actor: Actor, wanted: RepoFilter, offset: int, limit: int) -> Sequence[Repo]:
        with self._database.read() as tx:
            return lists.page(tx, actor, wanted, offset, limit)

    def count(self, actor: Actor, wanted: RepoFilter) -> int:
        with self._database.read() as tx:
            return lists.count(tx, actor, wanted)

    def facets(
        self, actor: Actor, wanted: RepoFilter, find: Mapping[str, str], limit: Mapping[str, int]
    ) -> FacetCounts:
        """What the list of one kind can be narrowed by; `find` and `limit` by the name of the facet."""
        with self._database.read() as tx:
            return facets(wanted, find, limit, latest(tx, actor))

    def of_owner(self, actor: Actor, owner: str, limit: int, cursor: str = "") -> RepoPage:
        """All kinds, private ones too, for the owner's own people."""
        if actor.is_anonymous:
            raise Unauthenticated("Log in, or send a token, to see your repositories.")
        with self._database.read() as tx:
            account = store.find_owner(tx, owner)
            if account is None or not (actor.is_admin or owner_role(actor, account.id) >= OrgRole.READ):
                raise Forbidden(f"You are not a member of '{owner[:100]}'.")
        return self.list(actor, RepoFilter(author=owner), limit, cursor)

    # -- changes --

    def move(self, actor: Actor, repo_id: RepoId, target: RepoId) -> Repo:
        """Another name, another owner, or both; the old name leads to the new one. Raises `RepoExists`."""
        if target.kind is not repo_id.kind:
            raise InvalidInput("A repository keeps its type when it moves.")
        try:
            with self._database.write() as tx:
                repo = require_repo(tx, actor, repo_id, Action.ADMIN)
                stays = target.namespace.lower() == repo.repo_id.namespace.lower()
                owner = require_owner(tx, actor, target, repo.group_id if stays else None)
                require_free(tx, target, but=repo.id)
                store.rename(tx, repo, owner.id, target)
                event = RepoMoved(actor_id=actor.user_id, repo_id=repo.id, old_name=repo.repo_id.full)
                wiring.announce(self._queue, tx, event)
        except IntegrityError as error:
            raise repo_exists(target) from error
        return self.find(actor, target)

    def change_settings(
        self, actor: Actor, repo_id: RepoId, private: bool | None = None, gated: Gated | None = None
    ) -> Repo:
        """What is None stays. Only what everyone may read may be found by its chunks."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            private = repo.private if private is None else private
            gated = repo.gated if gated is None else gated
            if (private, gated) != (repo.private, repo.gated):
                store.set_settings(tx, repo.id, private, gated)
                self._xet.set_repo_public(tx, repo.id, not private and not gated)
                event = RepoSettingsChanged(actor_id=actor.user_id, repo_id=repo.id, private=private)
                wiring.announce(self._queue, tx, event)
        return self.find(actor, repo_id)

    def set_discussions(self, actor: Actor, repo_id: RepoId, disabled: bool) -> None:
        """Turned off, all that was said stays and nothing is added."""
        with self._database.write() as tx:
            store.set_discussions_disabled(tx, require_repo(tx, actor, repo_id, Action.ADMIN).id, disabled)

    def delete(self, actor: Actor, repo_id: RepoId) -> None:
        """Gone for everybody at once; its folder and bytes follow in the background."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            event = RepoDeleted(
                actor_id=actor.user_id,
                repo_id=repo.id,
                name=repo.repo_id.full,
                kind=repo.repo_id.kind.value,
                owner_id=repo.owner_id,
                private=repo.private,
                created_by=repo.created_by,
                group_id=repo.group_id,
            )
            wiring.announce(self._queue, tx, event)
            self._lfs.forget_repo(tx, repo.id)
            store.remove(tx, repo.id)
            self._queue.enqueue(tx, "repos.erase", {"repo_id": repo.id}, delay_ms=ERASE_DELAY_MS)
            self._queue.enqueue(tx, "repos.forget", {"repo_id": repo.id}, delay_ms=FORGET_DELAY_MS)
