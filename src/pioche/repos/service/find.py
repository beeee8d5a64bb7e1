"""Finding a repository for an actor: the first line of every verb."""

from __future__ import annotations

from dataclasses import replace

from pioche.accounts.access import Action, allows, require
from pioche.accounts.types import Actor
from pioche.errors import GatedRepo, RepoNotFound, RepoRenamed
from pioche.names import RepoId
from pioche.ports.database import Tx
from pioche.repos import store
from pioche.repos.types import Repo


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

    What a gated repository is about may be read by all who see it; its files only by its owner's people.
    """
    repo = require_repo(tx, actor, repo_id, Action.READ)
    # Behind the gate the same people and tokens come in as if it were private.
    if repo.gated and not allows(actor, Action.READ, replace(repo.resource, private=True)):
        raise GatedRepo(f"Access to the files of '{repo_id.full}' is restricted. Ask its owner to let you in.")
    if action is not Action.READ:
        require(actor, action, repo.resource, _missing(repo_id))
    return repo


def _missing(repo_id: RepoId) -> RepoNotFound:
    return RepoNotFound(f"There is no {repo_id.kind.value} '{repo_id.full}', or you have no access to it.")
