"""The SQL of repositories: finding, listing, writing rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Select, delete, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.names import CommitOid, RepoId, RepoKind
from pioche.ports.database import Tx
from pioche.repos import trending
from pioche.repos.derive import Derived
from pioche.repos.tables import download_days, redirects, ref_moves, repo_numbers, repos
from pioche.repos.types import Gated, NewRepo, Owner, Repo


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
        group_id=row.group_id,
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
        downloads_all=row.downloads_all,
        trending=row.trending,
        discussions_disabled=row.discussions_disabled,
        config=msgspec.json.decode(row.config),
        parameters=msgspec.json.decode(row.parameters),
        gguf=msgspec.json.decode(row.gguf),
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


def former_names(tx: Tx, number: int) -> list[str]:
    """`owner/name` in small letters, of those that still lead to it."""
    query = select(redirects.c.namespace_lower, redirects.c.name_lower).where(redirects.c.repo_id == number)
    return [f"{row.namespace_lower}/{row.name_lower}" for row in tx.execute(query)]


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


def find_owner(tx: Tx, name: str) -> Owner | None:
    row = tx.execute(select(accounts.c.id, accounts.c.name).where(accounts.c.name_lower == name.lower())).first()
    return None if row is None else Owner(row.id, row.name)


# -- making --


def reserve_number(tx: Tx) -> int:
    """A number that no repository has had and none will get."""
    result = tx.execute(insert(repo_numbers).values(created_at=tx.now))
    key = result.inserted_primary_key
    assert key is not None, "a row that was inserted has a key"
    return int(key[0])


def reserved_numbers(tx: Tx) -> list[int]:
    return [row.id for row in tx.execute(select(repo_numbers.c.id))]


def drop_number(tx: Tx, number: int) -> None:
    tx.execute(delete(repo_numbers).where(repo_numbers.c.id == number))


def insert_repo(tx: Tx, number: int, owner_id: int, new: NewRepo, created_by: int | None) -> None:
    """The row; a repository that had its name before no longer redirects from it."""
    kind, name = new.repo_id.kind.value, new.repo_id.name
    tx.execute(
        insert(repos).values(
            id=number,
            kind=kind,
            owner_id=owner_id,
            name=name,
            name_lower=name.lower(),
            private=new.private,
            created_by=created_by,
            group_id=new.group_id,
            created_at=tx.now,
            updated_at=tx.now,
            trending=trending.begin(tx.now),
        )
    )
    drop_redirect(tx, new.repo_id)


# -- names and settings --


def rename(tx: Tx, repo: Repo, owner_id: int, target: RepoId) -> None:
    """Another name or owner; the old name leads here from now on."""
    drop_redirect(tx, target)
    drop_redirect(tx, repo.repo_id)
    values = {"owner_id": owner_id, "name": target.name, "name_lower": target.name.lower()}
    if owner_id != repo.owner_id:
        values["group_id"] = None
    tx.execute(update(repos).where(repos.c.id == repo.id).values(values))
    old = repo.repo_id
    if (old.namespace.lower(), old.name.lower()) == (target.namespace.lower(), target.name.lower()):
        return
    tx.execute(
        insert(redirects).values(
            kind=old.kind.value,
            namespace_lower=old.namespace.lower(),
            name_lower=old.name.lower(),
            repo_id=repo.id,
        )
    )


def set_discussions_disabled(tx: Tx, number: int, disabled: bool) -> None:
    tx.execute(update(repos).where(repos.c.id == number).values(discussions_disabled=disabled))


def set_settings(tx: Tx, number: int, private: bool, gated: Gated) -> None:
    tx.execute(update(repos).where(repos.c.id == number).values(private=private, gated=gated))


def set_group(tx: Tx, number: int, group_id: int | None) -> None:
    tx.execute(update(repos).where(repos.c.id == number).values(group_id=group_id))


def set_sdk(tx: Tx, number: int, sdk: str) -> None:
    tx.execute(update(repos).where(repos.c.id == number).values(sdk=sdk))


def remove(tx: Tx, number: int) -> None:
    tx.execute(delete(redirects).where(redirects.c.repo_id == number))
    tx.execute(delete(repos).where(repos.c.id == number))


def drop_redirect(tx: Tx, repo_id: RepoId) -> None:
    tx.execute(
        delete(redirects).where(
            redirects.c.kind == repo_id.kind.value,
            redirects.c.namespace_lower == repo_id.namespace.lower(),
            redirects.c.name_lower == repo_id.name.lower(),
        )
    )


# -- what people do with it --


def ranking_of(tx: Tx, number: int) -> tuple[float, int] | None:
    """What trends and how often it was downloaded; None if there is no such repository."""
    row = tx.execute(select(repos.c.trending, repos.c.downloads).where(repos.c.id == number)).first()
    return None if row is None else (row.trending, row.downloads)


def set_trending(tx: Tx, number: int, score: float) -> None:
    tx.execute(update(repos).where(repos.c.id == number).values(trending=score))


def add_downloads(tx: Tx, number: int, day: int, count: int) -> None:
    here = (download_days.c.repo_id == number, download_days.c.day == day)
    more = update(download_days).where(*here).values(count=download_days.c["count"] + count)
    if not tx.execute(more).rowcount:
        tx.execute(insert(download_days).values(repo_id=number, day=day, count=count))
    values = {"downloads": repos.c.downloads + count, "downloads_all": repos.c.downloads_all + count}
    tx.execute(update(repos).where(repos.c.id == number).values(values))


def download_days_of(tx: Tx, number: int, first: int) -> dict[int, int]:
    """Day -> downloads, from a day on."""
    row = download_days.c
    query = select(row.day, row["count"].label("total")).where(row.repo_id == number, row.day >= first)
    return {one.day: one.total for one in tx.execute(query)}


def age_downloads(tx: Tx, first: int) -> None:
    """The number that is shown is that of the days from `first` on."""
    row = download_days.c
    recent = select(func.coalesce(func.sum(row["count"]), 0)).where(row.repo_id == repos.c.id, row.day >= first)
    tx.execute(update(repos).where(repos.c.downloads > 0).values(downloads=recent.scalar_subquery()))


# -- refs --


def set_head(tx: Tx, number: int, head: CommitOid | None, derived: Derived, storage: int) -> None:
    """The default branch is here now, and this is what it says."""
    values = {"head": head, "updated_at": tx.now, **_derived_columns(derived), "storage": storage}
    tx.execute(update(repos).where(repos.c.id == number).values(values))


def set_derived(tx: Tx, number: int, head: CommitOid | None, derived: Derived, storage: int) -> None:
    """The same, read again: nobody changed anything, so the time of the last change stays."""
    values = {"head": head, **_derived_columns(derived), "storage": storage}
    tx.execute(update(repos).where(repos.c.id == number).values(values))


def set_parameters(tx: Tx, number: int, head: str, parameters: Mapping[str, int], gguf: Mapping[str, Any]) -> None:
    """Nothing happens if the default branch has moved on since it was at `head`."""
    values = {
        "parameters": msgspec.json.encode(parameters).decode(),
        "parameter_count": min(sum(parameters.values()), 2**62),
        "gguf": msgspec.json.encode(gguf).decode(),
    }
    tx.execute(update(repos).where(repos.c.id == number, repos.c.head == head).values(values))


def _derived_columns(derived: Derived) -> dict[str, Any]:
    return {
        "card": msgspec.json.encode(derived.card).decode(),
        "tags": msgspec.json.encode(derived.tags).decode(),
        "pipeline_tag": derived.pipeline_tag,
        "library": derived.library,
        # A space without a card is what it was made as.
        "sdk": func.coalesce(derived.sdk, repos.c.sdk),
        "config": msgspec.json.encode(derived.config).decode(),
    }


def count_moves(tx: Tx, number: int, more: int) -> int:
    """Moves of refs since the git folder was last packed, these included."""
    query = update(repos).where(repos.c.id == number).values(moves=repos.c.moves + more).returning(repos.c.moves)
    return int(tx.execute(query).scalar_one())


def reset_moves(tx: Tx, number: int) -> None:
    tx.execute(update(repos).where(repos.c.id == number).values(moves=0))


def add_ref_move(tx: Tx, marker: str) -> None:
    tx.execute(insert(ref_moves).values(marker=marker))


def has_ref_move(tx: Tx, marker: str) -> bool:
    return tx.execute(select(ref_moves.c.marker).where(ref_moves.c.marker == marker)).first() is not None


def drop_ref_moves(tx: Tx, markers: Sequence[str]) -> None:
    if markers:
        tx.execute(delete(ref_moves).where(ref_moves.c.marker.in_(markers)))


def clear_ref_moves(tx: Tx) -> None:
    tx.execute(delete(ref_moves))


def numbers(tx: Tx) -> list[int]:
    return [row.id for row in tx.execute(select(repos.c.id).order_by(repos.c.id))]
