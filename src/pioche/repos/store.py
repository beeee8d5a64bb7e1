"""The SQL of repositories: finding, listing, writing rows."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row, Select, select

from pioche.accounts.tables import accounts
from pioche.names import CommitOid, RepoId, RepoKind
from pioche.ports.database import Tx
from pioche.repos.tables import redirects, repos
from pioche.repos.types import Repo


def select_repos() -> Select[Any]:
    """Rows that `to_repo` understands."""
    return select(repos, accounts.c.name.label("namespace")).join(accounts, accounts.c.id == repos.c.owner_id)


def to_repo(row: Row[Any]) -> Repo:
    return Repo(
        id=row.id,
        repo_id=RepoId(RepoKind(row.kind), row.namespace, row.name),
        owner_id=row.owner_id,
        private=row.private,
        gated=row.gated,
        default_branch=row.default_branch,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        head=CommitOid(row.head) if row.head else None,
        card=msgspec.json.decode(row.card),
        tags=tuple(msgspec.json.decode(row.tags)),
        pipeline_tag=row.pipeline_tag,
        library=row.library,
        sdk=row.sdk,
        storage=row.storage,
        likes=row.likes,
        downloads=row.downloads,
    )


def find(tx: Tx, repo_id: RepoId) -> Repo | None:
    """By its present name, compared without case."""
    statement = select_repos().where(
        repos.c.kind == repo_id.kind.value,
        accounts.c.name_lower == repo_id.namespace.lower(),
        repos.c.name_lower == repo_id.name.lower(),
    )
    row = tx.execute(statement).first()
    return None if row is None else to_repo(row)


def find_moved(tx: Tx, repo_id: RepoId) -> Repo | None:
    """By a name that it had."""
    statement = (
        select_repos()
        .join(redirects, redirects.c.repo_id == repos.c.id)
        .where(
            redirects.c.kind == repo_id.kind.value,
            redirects.c.namespace_lower == repo_id.namespace.lower(),
            redirects.c.name_lower == repo_id.name.lower(),
        )
    )
    row = tx.execute(statement).first()
    return None if row is None else to_repo(row)


def get(tx: Tx, number: int) -> Repo | None:
    row = tx.execute(select_repos().where(repos.c.id == number)).first()
    return None if row is None else to_repo(row)
