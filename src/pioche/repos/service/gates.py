"""The gate of a repository: who asks to be let in, and whom its owner lets in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pioche import wiring
from pioche.accounts.access import Action, passes_gate
from pioche.accounts.store import find_account
from pioche.accounts.types import Actor
from pioche.errors import Conflict, InvalidInput, NotFound, Unauthenticated
from pioche.events import AccessDecided, AccessRequested
from pioche.names import RepoId
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.repos import gate_store as store
from pioche.repos.gate_form import GateForm, read_answers, read_form
from pioche.repos.gate_store import STATUSES, AccessRequest, AccessStatus
from pioche.repos.lists import visible_to
from pioche.repos.service.find import require_repo
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import repos
from pioche.repos.types import Repo

MAX_REASON = 200
MAX_BATCH = 1000
MINE = 500


@dataclass(frozen=True, slots=True)
class Gate:
    """A gated repository as the actor meets it. `request` is theirs, if they asked."""

    repo: Repo
    form: GateForm
    is_open: bool
    request: AccessRequest | None


@dataclass(frozen=True, slots=True)
class Who:
    """A request, by the name of its account or by its own id."""

    name: str = ""
    request: int = 0


class Gates:
    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    # -- who asks --

    def gate(self, actor: Actor, repo_id: RepoId) -> Gate | None:
        """None if there is no gate."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            return _gate(tx, actor, repo) if repo.gated else None

    def ask(self, actor: Actor, repo_id: RepoId, answers: Mapping[str, Any]) -> AccessStatus:
        """Let in at once where the gate is `auto`, else waiting. Asking again while one waits replaces the answers."""
        if actor.user_id is None:
            with self._database.read() as tx:
                require_repo(tx, actor, repo_id, Action.READ)
            raise Unauthenticated("Log in to ask for access.")
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
            _require_gated(repo)
            mine = store.find(tx, repo.id, actor.user_id)
            if mine is not None and mine.status == "rejected":
                raise Conflict("The owner has turned down your request.")
            if mine is not None and mine.status == "accepted":
                return "accepted"
            status: AccessStatus = "accepted" if repo.gated == "auto" else "pending"
            store.add(tx, repo.id, actor.user_id, status, read_answers(read_form(repo.card), answers))
            if status == "pending" and mine is None:
                event = AccessRequested(actor_id=actor.user_id, repo_id=repo.id, user_id=actor.user_id)
                wiring.announce(self._queue, tx, event)
        return status

    def cancel(self, actor: Actor, repo_id: RepoId) -> None:
        """The actor takes back a request that nobody has decided."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
            mine = store.find(tx, repo.id, actor.user_id) if actor.user_id is not None else None
            if mine is None:
                raise NotFound("You have not asked for access here.")
            if mine.status != "pending":
                raise Conflict(f"Your request is {mine.status} already, so it cannot be taken back.")
            store.remove(tx, mine.id)

    def mine(self, actor: Actor) -> Sequence[tuple[AccessRequest, Repo]]:
        """What the actor asked for and may still see, newest first."""
        if actor.user_id is None:
            raise Unauthenticated("Log in to see your requests.")
        with self._database.read() as tx:
            asked = store.of_account(tx, actor.user_id, MINE)
            query = select_repos().where(repos.c.id.in_([one.repo_id for one in asked]), visible_to(actor))
            found = {repo.id: repo for repo in map(to_repo, tx.execute(query))}
        return [(one, found[one.repo_id]) for one in asked if one.repo_id in found]

    # -- whoever administers the repository --

    def requests(
        self, actor: Actor, repo_id: RepoId, status: str, search: str = "", page: tuple[int, int] = (0, 100)
    ) -> tuple[Sequence[AccessRequest], int | None]:
        """Oldest first; `page` is the cursor (0: from the start) and how many. The cursor that continues, or None."""
        start, limit = page
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            found = store.page(tx, repo.id, _status(status), search.strip()[:200], start, limit + 1)
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    def counts(self, actor: Actor, repo_id: RepoId) -> dict[str, int]:
        with self._database.read() as tx:
            return store.counts(tx, require_repo(tx, actor, repo_id, Action.ADMIN).id)

    def report(self, actor: Actor, repo_id: RepoId) -> Sequence[AccessRequest]:
        """Everyone who asked or was let in."""
        with self._database.read() as tx:
            return store.all_of(tx, require_repo(tx, actor, repo_id, Action.ADMIN).id)

    def decide(self, actor: Actor, repo_id: RepoId, whose: Sequence[Who], status: str, reason: str = "") -> None:
        """All of them, or none: raises `NotFound` for who has no request that could become `status`."""
        wanted, reason = _status(status), reason.strip()
        if len(whose) > MAX_BATCH:
            raise InvalidInput(f"Decide about {MAX_BATCH} requests at a time, not {len(whose)}.")
        if len(reason) > MAX_REASON:
            raise InvalidInput(f"A reason has at most {MAX_REASON} characters.")
        if reason and wanted != "rejected":
            raise InvalidInput("Only a rejection has a reason.")
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            for who in whose:
                found = _require_request(tx, repo, who)
                if found.status == wanted:
                    raise NotFound(f"The request of '{found.name}' is {wanted} already.")
                store.decide(tx, found.id, wanted, reason, actor.user_id)
                self._decided(tx, actor, repo, found.account_id, wanted)

    def grant(self, actor: Actor, repo_id: RepoId, name: str) -> AccessRequest:
        """Let in a user, or an organisation with all its members, who need not have asked."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.ADMIN)
            _require_gated(repo)
            account = find_account(tx, name)
            if account is None:
                raise NotFound(f"There is no user or organisation '{name[:100]}'.")
            found = store.find(tx, repo.id, account.id)
            if account.id == repo.owner_id or (found is not None and found.status == "accepted"):
                raise InvalidInput(f"'{account.name}' has access already.")
            if found is None:
                store.add(tx, repo.id, account.id, "accepted", None)
            else:
                store.decide(tx, found.id, "accepted", "", actor.user_id)
            self._decided(tx, actor, repo, account.id, "accepted")
            granted = store.find(tx, repo.id, account.id)
        assert granted is not None, "it was just written"
        return granted

    def _decided(self, tx: Tx, actor: Actor, repo: Repo, account_id: int, status: str) -> None:
        event = AccessDecided(actor_id=actor.user_id, repo_id=repo.id, user_id=account_id, status=status)
        wiring.announce(self._queue, tx, event)


def _gate(tx: Tx, actor: Actor, repo: Repo) -> Gate:
    is_open = passes_gate(actor, repo.resource, store.is_let_in(tx, actor, repo.id))
    mine = None if actor.user_id is None else store.find(tx, repo.id, actor.user_id)
    return Gate(repo, read_form(repo.card), is_open, mine)


def _require_gated(repo: Repo) -> None:
    if not repo.gated:
        raise InvalidInput(f"'{repo.repo_id.full}' is not gated: all who see it may read its files.")


def _require_request(tx: Tx, repo: Repo, who: Who) -> AccessRequest:
    account = find_account(tx, who.name) if who.name else None
    if account is not None:
        found = store.find(tx, repo.id, account.id)
    else:
        found = store.get(tx, repo.id, who.request) if who.request else None
    if found is None:
        raise NotFound(f"There is no access request of '{who.name[:100]}'." if who.name else "No such access request.")
    return found


def _status(text: str) -> AccessStatus:
    for status in STATUSES:
        if text == status:
            return status
    raise InvalidInput(f"A request is {', '.join(STATUSES)}, not '{text[:50]}'.")
