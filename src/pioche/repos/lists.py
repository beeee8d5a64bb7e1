"""The SQL of lists: which repositories a person may see, narrowed, sorted, counted. Visibility is in the query itself,
so what somebody may not see is neither listed nor counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Row, Select, func, not_, or_, select, tuple_

from pioche.accounts.access import readable
from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.names import RepoKind
from pioche.ports.database import Tx
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import repos
from pioche.repos.types import Repo, RepoFilter, Sort

MAX_SEARCH = 300
MAX_TAGS = 40

_SORT_COLUMNS: dict[Sort, Column[Any]] = {
    "trendingScore": repos.c.trending,
    "lastModified": repos.c.updated_at,
    "createdAt": repos.c.created_at,
    "likes": repos.c.likes,
    "downloads": repos.c.downloads,
}


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """What the actor may read."""
    return readable(actor, repos, repos.c.id)


def hidden_in_groups(tx: Tx, actor: Actor, names: Collection[str]) -> set[str]:
    """Those of these `owner/name`, in small letters, that are in a resource group and that the actor may not see."""
    asked = {name.lower() for name in names}
    owners = select(accounts.c.id).where(accounts.c.name_lower.in_({name.partition("/")[0] for name in asked}))
    query = select(accounts.c.name_lower.label("owner"), repos.c.name_lower.label("name"))
    # By kind, owner and name there is an index.
    query = query.join(accounts, accounts.c.id == repos.c.owner_id).where(
        repos.c.kind.in_([kind.value for kind in RepoKind]), repos.c.owner_id.in_(owners), not_(visible_to(actor))
    )
    found: set[str] = set()
    last = sorted({name.partition("/")[2] for name in asked})
    for at in range(0, len(last), 500):
        here = (repos.c.name_lower.in_(last[at : at + 500]), repos.c.group_id.is_not(None))
        rows = tx.execute(query.where(*here))
        found.update(f"{row.owner}/{row.name}" for row in rows)
    return found & asked


def count(tx: Tx, actor: Actor, wanted: RepoFilter) -> int:
    statement = select(func.count()).select_from(repos.join(accounts, accounts.c.id == repos.c.owner_id))
    return int(tx.execute(narrow(statement, actor, wanted)).scalar_one())


def page(tx: Tx, actor: Actor, wanted: RepoFilter, offset: int, limit: int) -> list[Repo]:
    statement = _ordered(narrow(select_repos(), actor, wanted), wanted.sort).offset(offset).limit(limit)
    return [to_repo(row) for row in tx.execute(statement)]


def after(
    tx: Tx, actor: Actor, wanted: RepoFilter, last: tuple[float, int] | None, limit: int
) -> tuple[list[Repo], tuple[float, int] | None]:
    """The ones after `last` (sort value and id), and the new `last` if there may be more."""
    statement = _ordered(narrow(select_repos(), actor, wanted), wanted.sort)
    column = _SORT_COLUMNS[wanted.sort]
    if last is not None:
        statement = statement.where(tuple_(column, repos.c.id) < tuple_(*last))
    rows = tx.execute(statement.limit(limit + 1)).all()
    if len(rows) <= limit:
        return [to_repo(row) for row in rows], None
    end = rows[limit - 1]
    return [to_repo(row) for row in rows[:limit]], (end._mapping[column], end.id)


def tags(tx: Tx, actor: Actor, kind: RepoKind, ids: Sequence[int] | None = None) -> list[str]:
    """All tags that are on anything that the actor may see; with `ids`, on these."""
    statement = select(repos.c.tags).where(repos.c.kind == kind.value, visible_to(actor)).distinct()
    asked = [statement] if ids is None else [statement.where(repos.c.id.in_(some)) for some in pieces(ids)]
    rows = (row for one in asked for row in tx.execute(one))
    return sorted({tag for row in rows for tag in msgspec.json.decode(row.tags, type=list[str])})


def _ordered(statement: Select[Any], sort: Sort) -> Select[Any]:
    return statement.order_by(_SORT_COLUMNS[sort].desc(), repos.c.id.desc())


def narrow(statement: Select[Any], actor: Actor, wanted: RepoFilter) -> Select[Any]:
    _check_size(wanted)
    statement = statement.where(visible_to(actor))
    if wanted.kind is not None:
        statement = statement.where(repos.c.kind == wanted.kind.value)
    if wanted.author is not None:
        # Not by the join: the database would walk all repositories in the order asked for, to pick one owner's.
        owner = select(accounts.c.id).where(accounts.c.name_lower == wanted.author.lower())
        statement = statement.where(repos.c.owner_id == owner.scalar_subquery())
    for word in wanted.search.lower().split():
        name = accounts.c.name_lower + "/" + repos.c.name_lower
        statement = statement.where(name.contains(word, autoescape=True))
    for tag in wanted.tags:
        statement = statement.where(repos.c.tags.contains(_quoted(tag), autoescape=True))
    for group in wanted.any_tags:
        statement = statement.where(or_(*(repos.c.tags.contains(_quoted(tag), autoescape=True) for tag in group)))
    for used in wanted.uses:
        statement = statement.where(repos.c.card.contains(_quoted(used), autoescape=True))
    return statement.where(*_exact(wanted))


def _check_size(wanted: RepoFilter) -> None:
    """More than a person would type, and less than the database refuses."""
    tags = len(wanted.tags) + len(wanted.uses) + sum(len(group) for group in wanted.any_tags)
    if len(wanted.search) > MAX_SEARCH or tags > MAX_TAGS:
        raise InvalidInput(f"Search for {MAX_SEARCH} characters and {MAX_TAGS} tags at most.")


def _exact(wanted: RepoFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.pipeline_tag is not None:
        conditions.append(repos.c.pipeline_tag == wanted.pipeline_tag)
    if wanted.library is not None:
        conditions.append(repos.c.library == wanted.library)
    if wanted.gated is not None:
        conditions.append((repos.c.gated != "") if wanted.gated else (repos.c.gated == ""))
    if wanted.parameters is not None:
        conditions.append(repos.c.parameter_count.between(*wanted.parameters))
    return conditions


def _quoted(text: str) -> str:
    """As it stands in a JSON column."""
    return msgspec.json.encode(text).decode()


# -- what an index found --


def walk(tx: Tx, kind: RepoKind, sort: Sort, last: tuple[float, int] | None, limit: int) -> list[tuple[float, int]]:
    """(what is sorted by, id) of all repositories of a kind, whoever may see them; those after `last`."""
    column = _SORT_COLUMNS[sort]
    statement = select(column, repos.c.id).where(repos.c.kind == kind.value)
    if last is not None:
        statement = statement.where(tuple_(column, repos.c.id) < tuple_(*last))
    return _pairs(tx.execute(statement.order_by(column.desc(), repos.c.id.desc()).limit(limit)).all())


def keys(tx: Tx, actor: Actor, wanted: RepoFilter, ids: Sequence[int]) -> list[tuple[float, int]]:
    """(what is sorted by, id) of those among `ids` that are wanted and may be seen, in no order."""
    statement = select(_SORT_COLUMNS[wanted.sort], repos.c.id).join(accounts, accounts.c.id == repos.c.owner_id)
    narrowed = narrow(statement, actor, wanted)
    return [pair for some in pieces(ids) for pair in _pairs(tx.execute(narrowed.where(repos.c.id.in_(some))).all())]


def among(tx: Tx, actor: Actor, wanted: RepoFilter, ids: Sequence[int]) -> list[Repo]:
    """Those among `ids` that are wanted and may be seen, in the order of `ids`."""
    narrowed = narrow(select_repos(), actor, wanted)
    rows = [row for some in pieces(ids) for row in tx.execute(narrowed.where(repos.c.id.in_(some)))]
    found = {row.id: to_repo(row) for row in rows}
    return [found[number] for number in ids if number in found]


def sort_key(repo: Repo, sort: Sort) -> tuple[float, int]:
    """What a list is sorted by, and continued from."""
    match sort:
        case "trendingScore":
            return repo.trending, repo.id
        case "lastModified":
            return repo.updated_at, repo.id
        case "createdAt":
            return repo.created_at, repo.id
        case "likes":
            return repo.likes, repo.id
        case "downloads":
            return repo.downloads, repo.id


def _pairs(rows: Sequence[Row[Any]]) -> list[tuple[float, int]]:
    return [(row[0], row.id) for row in rows]


def pieces(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one statement takes."""
    return (ids[at : at + 500] for at in range(0, len(ids), 500))
