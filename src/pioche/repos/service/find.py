"""Finding a repository for an actor: the first line of every verb."""

from __future__ import annotations

from pioche.accounts.access import Action, require
from pioche.accounts.types import Actor
from pioche.errors import RepoNotFound, RepoRenamed
from pioche.names import RepoId
from pioche.ports.database import Tx
from pioche.repos import store
from pioche.repos.types import Repo


def require_repo(tx: Tx, actor: Actor, repo_id: RepoId, action: Action) -> Repo:
    """The repository, if the actor may do `action` to it.

    Raises `RepoNotFound` (also for what the actor may not see), `RepoRenamed`, `Forbidden`, `Unauthenticated`.
    """
    missing = RepoNotFound(f"There is no {repo_id.kind.value} '{repo_id.full}', or you have no access to it.")
    repo = store.find(tx, repo_id)
    if repo is not None:
        require(actor, action, repo.resource, missing)
        return repo
    moved = store.find_moved(tx, repo_id)
    if moved is not None:
        require(actor, Action.READ, moved.resource, missing)
        raise RepoRenamed(moved.repo_id.namespace, moved.repo_id.name)
    raise missing
