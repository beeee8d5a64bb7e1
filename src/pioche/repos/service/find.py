"""Finding a repository for an actor: the first line of every verb."""

from __future__ import annotations

from pioche.accounts.access import Action, passes_gate, require
from pioche.accounts.types import Actor
from pioche.errors import GatedRepo, RepoNotFound, RepoRenamed
from pioche.names import RepoId
from pioche.ports.database import Tx
from pioche.repos import gate_store, store
from pioche.repos.types import Repo

CARD = "README.md"


def require_repo(tx: Tx, actor: Actor, repo_id: RepoId, action: Action) -> Repo:
    """The repository, if the actor may do `action` to it.

    Raises `RepoNotFound` (also for what the actor may not see), `RepoRenamed`, `Forbidden`, `Unauthenticated`.
    """
    missing = _missing(repo_id)
    repo = store.find(tx, repo_id)
    if repo is not None:
        require(actor, action, repo.resource, missing)
        return repo
    moved = store.find_moved(tx, repo_id)
    if moved is not None:
        require(actor, Action.READ, moved.resource, missing)
        raise RepoRenamed(moved.repo_id.namespace, moved.repo_id.name)
    raise missing


def require_content(tx: Tx, actor: Actor, repo_id: RepoId, action: Action = Action.READ) -> Repo:
    """The repository, if the actor may read its files, and do `action`. Raises as `require_repo`, and `GatedRepo`.

    What a gated repository is about and which files it has may be read by all who see it; what is in them only by
    its owner's people and by those who were let in.
    """
    repo = require_repo(tx, actor, repo_id, Action.READ)
    if repo.gated and not passes_gate(actor, repo.resource, gate_store.is_let_in(tx, actor, repo.id)):
        raise GatedRepo(
            f"Access to the files of '{repo_id.full}' is restricted. Log in and ask for access on its page."
        )
    if action is not Action.READ:
        require(actor, action, repo.resource, _missing(repo_id))
    return repo


def require_file(tx: Tx, actor: Actor, repo_id: RepoId, path: str) -> Repo:
    """As `require_content`, for one file: the card of a gated repository may be read by all who see it."""
    if path == CARD:
        return require_repo(tx, actor, repo_id, Action.READ)
    return require_content(tx, actor, repo_id)


def _missing(repo_id: RepoId) -> RepoNotFound:
    return RepoNotFound(f"There is no {repo_id.kind.value} '{repo_id.full}', or you have no access to it.")
