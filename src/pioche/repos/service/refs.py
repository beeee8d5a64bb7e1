"""Refs: branches, tags and pull request refs; the one way that they move.

A ref moves last in the transaction that records it, so what the database says and what git says change together.
A crash before the commit leaves a marker without a record: `reconcile` then puts the ref back where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from pioche import wiring
from pioche.accounts.access import Action, require
from pioche.accounts.types import Actor
from pioche.errors import Conflict, InvalidInput, RefMoved, RepoNotFound, RevisionNotFound
from pioche.events import RepoUpdated
from pioche.names import CommitOid, RepoId, check_ref_name
from pioche.ports.database import Database, Tx
from pioche.ports.gitstore import GitRepo, GitStore, Ref, Signature
from pioche.queue.service import Queue
from pioche.repos import store
from pioche.repos.derive import Derived, Facts, derive
from pioche.repos.service.authors import author_of
from pioche.repos.service.find import require_repo
from pioche.repos.service.markers import Marker, Markers
from pioche.repos.service.reading import derive_commit
from pioche.repos.service.upkeep import MOVES_PER_PACKING, plan_packing
from pioche.repos.types import RefMove, Repo
from pioche.settings import Settings

HEADS = "refs/heads/"
TAGS = "refs/tags/"
PULL_REQUESTS = "refs/pr/"
CONVERTED = "refs/convert/"


@dataclass(frozen=True, slots=True)
class _Head:
    """The commit of the default branch (None while it is empty), what it says, and the bytes of large files in it."""

    head: CommitOid | None
    derived: tuple[Derived, int]


class Refs:
    """The verbs of refs. `move` is what everybody who writes to a repository ends with."""

    def __init__(
        self, database: Database, gitstore: GitStore, queue: Queue, markers: Markers, settings: Settings
    ) -> None:
        self._database = database
        self._gitstore = gitstore
        self._queue = queue
        self._markers = markers
        self._settings = settings
        self._settled: list[str] = []

    def list(self, actor: Actor, repo_id: RepoId, include_prs: bool = False) -> Sequence[Ref]:
        """Branches, tags and conversions, sorted by ref; pull requests if asked for."""
        return self._gitstore.open(self._find(actor, repo_id, Action.READ).id).refs(include_prs)

    # -- branches and tags --

    def create_branch(self, actor: Actor, repo_id: RepoId, name: str, start: str = "") -> None:
        """`start` is any revision; empty means the default branch. Raises `Conflict`, `RevisionNotFound`."""
        repo = self._find(actor, repo_id, Action.WRITE)
        ref = _branch_ref(name)
        commit = self._gitstore.open(repo.id).resolve(start or repo.default_branch)
        self._create(actor, repo, ref, commit)

    def delete_branch(self, actor: Actor, repo_id: RepoId, name: str) -> None:
        """Raises `RevisionNotFound`, and `InvalidInput` for the default branch."""
        repo = self._find(actor, repo_id, Action.WRITE)
        if name == repo.default_branch:
            raise InvalidInput(f"'{name}' is the default branch of '{repo.repo_id.full}' and cannot be deleted.")
        self._delete(actor, repo, _branch_ref(name))

    def create_tag(self, actor: Actor, repo_id: RepoId, name: str, revision: str, message: str = "") -> None:
        """With a message the tag is annotated. Raises `Conflict`, `RevisionNotFound`, `InvalidName`."""
        repo = self._find(actor, repo_id, Action.WRITE)
        ref = f"{TAGS}{check_ref_name(name)}"
        git = self._gitstore.open(repo.id)
        target: str = git.resolve(revision or repo.default_branch)
        if message:
            target = git.create_tag(name, target, self._author(actor), message)
        self._create(actor, repo, ref, target)

    def delete_tag(self, actor: Actor, repo_id: RepoId, name: str) -> None:
        repo = self._find(actor, repo_id, Action.WRITE)
        self._delete(actor, repo, f"{TAGS}{check_ref_name(name)}")

    def squash(self, actor: Actor, repo_id: RepoId, branch: str, message: str) -> CommitOid:
        """Replace the history of a branch by one commit with the same files."""
        repo = self._find(actor, repo_id, Action.WRITE)
        git = self._gitstore.open(repo.id)
        ref = _branch_ref(branch)
        old = git.resolve(ref)
        new = git.squash(old, message or f"Squash the history of '{branch}'", self._author(actor))
        self.move(actor, repo, [RefMove(ref, old, new)])
        return new

    # -- the one way that refs move --

    def move(
        self, actor: Actor, repo: Repo, moves: Sequence[RefMove], also: Callable[[Tx], None] | None = None
    ) -> None:
        """Move refs and record it, all or nothing; `also` does its writes in the same transaction.

        Raises `RefMoved` if somebody was faster, `RepoNotFound` if the repository is gone, `Forbidden`.
        """
        # The default branch is read as a whole just below, which looks at that too; tags are put on what is here.
        main = f"{HEADS}{repo.default_branch}"
        others = [m.new for m in moves if m.new and m.ref != main and not m.ref.startswith(TAGS)]
        self._gitstore.open(repo.id).check_extent(others)
        derived = self._derive(repo, moves)
        with ExitStack() as settling:
            with self._database.write() as tx:
                current = _require_same(tx, actor, repo, moves)
                self._record(tx, actor.user_id, current, moves, derived)
                if also is not None:
                    also(tx)
                git = self._gitstore.open(repo.id)
                _check_old(git, moves)
                content = Marker(repo.id, actor.user_id, "hub", tuple(moves))
                marker = self._markers.make(content)
                settling.callback(self._settle, marker, content)
                store.add_ref_move(tx, marker)
                store.drop_ref_moves(tx, self._take_settled())
                for move in moves:
                    git.move_ref(move.ref, move.new, expected=move.old)
            settling.pop_all()
        self._forget(marker)

    def will_move(self, actor: Actor, repo: Repo, moves: Sequence[RefMove]) -> str:
        """Before a push moves refs by itself: a marker for `refs_moved`, which brings them in after a crash."""
        return self._markers.make(Marker(repo.id, actor.user_id, "git", tuple(moves)))

    def refs_moved(self, actor: Actor, repo: Repo, moves: Sequence[RefMove], marker: str = "") -> None:
        """Record what a push moved already. The right to do so was asked before the push was let in.

        Others may have moved the refs on since: the head is where the branch is now, not where the push put it.
        """
        if moves:
            read = self._read_head(repo)
            with self._database.write() as tx:
                current = store.get(tx, repo.id)
                if current is not None:
                    self._record_moved(tx, actor.user_id, current, moves, read)
        if marker:
            self._markers.remove(marker)

    def reconcile(self) -> None:
        """At start-up, before the first request: settle what a crash left half done."""
        for name, marker in self._markers.left_over():
            self._settle(name, marker)
        with self._database.write() as tx:
            store.clear_ref_moves(tx)

    def refresh(self, number: int) -> None:
        """Make what is derived from the default branch again, from git alone."""
        with self._database.read() as tx:
            repo = store.get(tx, number)
        if repo is None:
            return
        read = self._read_head(repo)
        with self._database.write() as tx:
            current = store.get(tx, number)
            if current is not None:
                now = self._same_or_read_again(current, read)
                store.set_derived(tx, number, now.head, *now.derived)

    # -- beneath the verbs --

    def _find(self, actor: Actor, repo_id: RepoId, action: Action) -> Repo:
        with self._database.read() as tx:
            return require_repo(tx, actor, repo_id, action)

    def _author(self, actor: Actor) -> Signature:
        with self._database.read() as tx:
            return author_of(actor, self._settings, tx.now)

    def _create(self, actor: Actor, repo: Repo, ref: str, target: str) -> None:
        exists = Conflict(f"'{ref.split('/', 2)[2]}' exists already in '{repo.repo_id.full}'.")
        if _value(self._gitstore.open(repo.id), ref) is not None:
            raise exists
        try:
            self.move(actor, repo, [RefMove(ref, None, target)])
        except RefMoved as error:
            raise exists from error

    def _delete(self, actor: Actor, repo: Repo, ref: str) -> None:
        old = self._gitstore.open(repo.id).resolve(ref)
        self.move(actor, repo, [RefMove(ref, old, None)])

    def _derive(self, repo: Repo, moves: Sequence[RefMove]) -> tuple[Derived, int]:
        """What the default branch will say. Read before the transaction, which must not wait for git."""
        news = [move.new for move in moves if move.ref == f"{HEADS}{repo.default_branch}" and move.new]
        if not news:
            return derive(Facts(repo.repo_id.kind, [], {})), 0
        return derive_commit(self._gitstore.open(repo.id), repo.repo_id.kind, news[-1])

    def _read_head(self, repo: Repo) -> _Head:
        """Where the default branch is, and what it says there. Nothing, if the repository was just deleted."""
        git = self._gitstore.open(repo.id)
        try:
            head = _value(git, f"{HEADS}{repo.default_branch}")
            return _Head(head, self._derive(repo, [RefMove(f"{HEADS}{repo.default_branch}", None, head)]))
        except RepoNotFound:
            return _Head(None, self._derive(repo, []))

    def _same_or_read_again(self, repo: Repo, read: _Head) -> _Head:
        """Asked in a transaction, where only pushes can still move a ref, and they are recorded after it."""
        if _value(self._gitstore.open(repo.id), f"{HEADS}{repo.default_branch}") == read.head:
            return read
        return self._read_head(repo)

    def _record(
        self, tx: Tx, actor_id: int | None, repo: Repo, moves: Sequence[RefMove], derived: tuple[Derived, int]
    ) -> None:
        """What this transaction moves itself."""
        for move in moves:
            if move.ref == f"{HEADS}{repo.default_branch}":
                head = None if move.new is None else CommitOid(move.new)
                store.set_head(tx, repo.id, head, *derived)
        self._announce(tx, actor_id, repo, moves)

    def _record_moved(self, tx: Tx, actor_id: int | None, repo: Repo, moves: Sequence[RefMove], read: _Head) -> None:
        """What a push has moved."""
        if any(move.ref == f"{HEADS}{repo.default_branch}" for move in moves):
            now = self._same_or_read_again(repo, read)
            store.set_head(tx, repo.id, now.head, *now.derived)
        self._announce(tx, actor_id, repo, moves)

    def _announce(self, tx: Tx, actor_id: int | None, repo: Repo, moves: Sequence[RefMove]) -> None:
        for move in moves:
            event = RepoUpdated(actor_id=actor_id, repo_id=repo.id, ref=move.ref, old=move.old, new=move.new)
            wiring.announce(self._queue, tx, event)
        if store.count_moves(tx, repo.id, len(moves)) >= MOVES_PER_PACKING:
            plan_packing(self._queue, tx, repo.id)

    def _settle(self, name: str, marker: Marker) -> None:
        """The transaction is over and not known to have gone well: make git and the database agree."""
        with self._database.write() as tx:
            repo = store.get(tx, marker.repo_id)
            # Where the git folder is lost the hub must still start: `pioche doctor` names what is missing.
            if repo is not None and self._gitstore.path(repo.id).is_dir():
                git = self._gitstore.open(repo.id)
                if marker.owner == "git":
                    moved = [move for move in marker.moves if _value(git, move.ref) == move.new]
                    self._record_moved(tx, marker.actor_id, repo, moved, self._read_head(repo))
                elif not store.has_ref_move(tx, name):
                    _move_back(git, marker.moves)
        self._forget(name)

    def _forget(self, marker: str) -> None:
        self._markers.remove(marker)
        self._settled.append(marker)

    def _take_settled(self) -> Sequence[str]:
        taken, self._settled = self._settled, []
        return taken


def _branch_ref(name: str) -> str:
    """Tools that convert a repository keep the result on branches called `refs/convert/...`."""
    if name.startswith(CONVERTED):
        return f"{CONVERTED}{check_ref_name(name.removeprefix(CONVERTED))}"
    return f"{HEADS}{check_ref_name(name)}"


def _require_same(tx: Tx, actor: Actor, repo: Repo, moves: Sequence[RefMove]) -> Repo:
    """The row as it is now; a pull request ref needs less than a branch."""
    missing = RepoNotFound(f"There is no {repo.repo_id.kind.value} '{repo.repo_id.full}' any more.")
    current = store.get(tx, repo.id)
    if current is None:
        raise missing
    is_pull_request = all(move.ref.startswith(PULL_REQUESTS) for move in moves)
    require(actor, Action.DISCUSS if is_pull_request else Action.WRITE, current.resource, missing)
    return current


def _check_old(git: GitRepo, moves: Sequence[RefMove]) -> None:
    """A marker may only be made where the move has a chance: what it undoes after a crash must be its own."""
    for move in moves:
        if _value(git, move.ref) != move.old:
            raise RefMoved(f"'{move.ref}' has moved on, or exists already. Look at it again and retry.")


def _move_back(git: GitRepo, moves: Sequence[RefMove]) -> None:
    for move in reversed(moves):
        try:
            git.move_ref(move.ref, move.old, expected=move.new)
        except RefMoved:
            continue  # it had not moved yet, or somebody built on it, and their move recorded that


def _value(git: GitRepo, ref: str) -> CommitOid | None:
    try:
        return git.resolve(ref)
    except RevisionNotFound:
        return None
