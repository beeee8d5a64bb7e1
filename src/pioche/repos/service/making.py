"""Making repositories, from nothing or from another one, and sweeping up after those that were not finished.

Order: a number that is never given twice, git objects under that number, then one transaction with the row, whose
last act is the ref. Until it commits nobody sees anything; what a crash leaves is a number without a row.
"""

from __future__ import annotations

from contextlib import ExitStack

from sqlalchemy.exc import IntegrityError

from pioche import wiring
from pioche.accounts.access import may_create
from pioche.accounts.service.groups import require_place
from pioche.accounts.types import Actor
from pioche.errors import Forbidden, GatedRepo, InvalidInput, RepoExists, Unauthenticated
from pioche.events import RepoCreated, RepoUpdated
from pioche.lfs.service import Lfs
from pioche.names import CommitOid, RepoId, RepoKind, check_name
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitStore, PutFile
from pioche.queue.service import Queue
from pioche.repos import store
from pioche.repos.derive import Derived
from pioche.repos.service.authors import author_of
from pioche.repos.service.find import require_content
from pioche.repos.service.reading import derive_commit
from pioche.repos.starters import starter_files
from pioche.repos.types import SDKS, NewRepo, Owner, Repo
from pioche.settings import Settings
from pioche.xet.service import Xet

MAIN = "refs/heads/main"


class Making:
    """The verbs that make repositories."""

    def __init__(
        self, database: Database, gitstore: GitStore, queue: Queue, settings: Settings, lfs: Lfs, xet: Xet
    ) -> None:
        self._database = database
        self._gitstore = gitstore
        self._queue = queue
        self._settings = settings
        self._lfs = lfs
        self._xet = xet

    def check_owner(self, actor: Actor, repo_id: RepoId) -> None:
        """Raises as `create` does where the actor may make none there, before anything costs work."""
        with self._database.read() as tx:
            require_owner(tx, actor, repo_id)

    def create(self, actor: Actor, new: NewRepo) -> Repo:
        """A repository with one commit. Raises `RepoExists`, `Forbidden`, `InvalidName`, `InvalidInput`."""
        if new.sdk is not None and new.sdk not in SDKS:
            raise InvalidInput(f"A space needs an 'sdk'. There are: {', '.join(SDKS)}.")
        with self._database.write() as tx:
            require_owner(tx, actor, new.repo_id, new.group_id)
            require_free(tx, new.repo_id)
            number, now = store.reserve_number(tx), tx.now
        with ExitStack() as undo:
            undo.callback(self._discard, number)
            self._gitstore.create(number)
            files = [PutFile(path, content) for path, content in starter_files(new.repo_id.kind).items()]
            author = author_of(actor, self._settings, now)
            commit = self._gitstore.open(number).write_commit([], files, author, "Initial commit")
            self._publish(actor, new, number, commit)
            undo.pop_all()
        return self._made(number)

    def duplicate(self, actor: Actor, repo_id: RepoId, new: NewRepo) -> Repo:
        """A copy that shares nothing: spaces with their history, others as one commit.

        Raises `RepoExists`, `Forbidden`, and `GatedRepo` for what the actor may not read.
        """
        with self._database.write() as tx:
            source = require_content(tx, actor, repo_id)
            if source.gated:
                raise GatedRepo(f"'{repo_id.full}' is gated, so it cannot be duplicated.")
            require_owner(tx, actor, new.repo_id, new.group_id)
            require_free(tx, new.repo_id)
            number, now = store.reserve_number(tx), tx.now
        with ExitStack() as undo:
            undo.callback(self._discard, number)
            self._gitstore.copy(source.id, number)
            commit = self._squash(actor, source, number, now)
            self._publish(actor, new, number, commit, source)
            undo.pop_all()
        return self._made(number)

    def sweep(self) -> None:
        """At start-up: remove the git folders of repositories whose making, or whose deletion, was cut off."""
        self._gitstore.sweep()
        with self._database.read() as tx:
            numbers = store.reserved_numbers(tx)
        for number in numbers:
            self._discard(number)

    def erase(self, number: int) -> None:
        """The git folder of a repository that was deleted."""
        with self._database.read() as tx:
            if store.get(tx, number) is not None:
                return
        self._gitstore.delete(number)

    # -- beneath the verbs --

    def _squash(self, actor: Actor, source: Repo, number: int, now: int) -> CommitOid:
        """Ready the copied refs so that only the main branch is left to be made."""
        git = self._gitstore.open(number)
        head = git.resolve(f"refs/heads/{source.default_branch}")
        keeps_history = source.repo_id.kind is RepoKind.SPACE
        for ref in git.refs(include_prs=True):
            if ref.ref == MAIN or not keeps_history:
                git.move_ref(ref.ref, None, expected=ref.target)
        if keeps_history:
            return head
        return git.squash(head, f"Duplicate from {source.repo_id.full}", author_of(actor, self._settings, now))

    def _publish(self, actor: Actor, new: NewRepo, number: int, commit: CommitOid, source: Repo | None = None) -> None:
        derived = derive_commit(self._gitstore.open(number), new.repo_id.kind, commit)
        try:
            with self._database.write() as tx:
                owner = require_owner(tx, actor, new.repo_id, new.group_id)
                require_free(tx, new.repo_id)
                store.insert_repo(tx, number, owner.id, new, actor.user_id)
                _derive(tx, number, commit, derived, new.sdk)
                if source is not None:
                    require_content(tx, actor, source.repo_id)
                    self._lfs.copy_entitlements(tx, source.id, number)
                self._xet.set_repo_public(tx, number, not new.private)
                store.drop_number(tx, number)
                wiring.announce(self._queue, tx, RepoCreated(actor_id=actor.user_id, repo_id=number))
                event = RepoUpdated(actor_id=actor.user_id, repo_id=number, ref=MAIN, old=None, new=commit)
                wiring.announce(self._queue, tx, event)
                self._gitstore.open(number).move_ref(MAIN, commit, expected=None)
        except IntegrityError as error:
            raise repo_exists(new.repo_id) from error

    def _discard(self, number: int) -> None:
        """If it was published after all, nothing happens."""
        self.erase(number)
        with self._database.write() as tx:
            store.drop_number(tx, number)

    def _made(self, number: int) -> Repo:
        with self._database.read() as tx:
            repo = store.get(tx, number)
        assert repo is not None, "a repository cannot vanish before its maker was told of it"
        return repo


def require_owner(tx: Tx, actor: Actor, repo_id: RepoId, group_id: int | None = None) -> Owner:
    """The account that will own it, if the actor may make repositories there, in that resource group of it."""
    if actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to make a repository.")
    check_name(repo_id.name)
    owner = store.find_owner(tx, repo_id.namespace)
    if owner is None or (group_id is None and not may_create(actor, owner.id)):
        raise Forbidden(f"You may not make repositories under '{repo_id.namespace}'.")
    require_place(tx, actor, owner.id, group_id)
    return owner


def require_free(tx: Tx, repo_id: RepoId, but: int | None = None) -> None:
    """Raises `RepoExists` if another repository than `but` has the name. Old names are free."""
    found = store.find(tx, repo_id)
    if found is not None and found.id != but:
        raise repo_exists(found.repo_id)


def repo_exists(repo_id: RepoId) -> RepoExists:
    return RepoExists(f"The {repo_id.kind.value} '{repo_id.full}' exists already.", path=repo_id.path)


def _derive(tx: Tx, number: int, commit: CommitOid, derived: tuple[Derived, int], sdk: str | None) -> None:
    """A new space has no card yet, so its SDK is what was asked for."""
    what, storage = derived
    store.set_head(tx, number, commit, what, storage)
    if sdk and not what.sdk:
        store.set_sdk(tx, number, sdk)
