"""The SQL of links. Everything that is read for somebody holds only what they may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, delete, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.errors import InvalidInput
from pioche.links.tables import repo_links
from pioche.links.types import MOST, Link, Linked, Named, Relation
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Tx
from pioche.repos import store as repos_store
from pioche.repos.lists import visible_to
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import redirects, repos
from pioche.repos.types import Repo

_link = repo_links.c


# -- writing --


def replace(tx: Tx, source_id: int, links: Sequence[Link]) -> None:
    """What a repository links to is this, and nothing else."""
    tx.execute(delete(repo_links).where(_link.source_id == source_id))
    if links:
        tx.execute(insert(repo_links), [_values(tx, source_id, n, link) for n, link in enumerate(links)])


def _values(tx: Tx, source_id: int, position: int, link: Link) -> dict[str, object]:
    return {
        "source_id": source_id,
        "target_kind": link.target.kind.value,
        "target_lower": link.target.full.lower(),
        "target": link.target.full,
        "relation": link.relation.value,
        "position": position,
        "target_id": _holder(tx, link.target),
    }


def resolve(tx: Tx, target: RepoId) -> None:
    """A name got another holder: links that name it lead there."""
    named = and_(_link.target_kind == target.kind.value, _link.target_lower == target.full.lower())
    tx.execute(update(repo_links).where(named).values(target_id=_holder(tx, target)))


def _holder(tx: Tx, target: RepoId) -> int | None:
    """Who has the name, or had it and leads on from it."""
    found = repos_store.find(tx, target) or repos_store.find_moved(tx, target)
    return None if found is None else found.id


# -- from a repository --


def targets(tx: Tx, actor: Actor, source_ids: Sequence[int]) -> Mapping[int, list[Named]]:
    """source -> what it links to, in the order of its card."""
    rows = tx.execute(
        select(repo_links).where(_link.source_id.in_(source_ids)).order_by(_link.source_id, _link.position)
    ).all()
    seen = _visible(tx, actor, {row.target_id for row in rows if row.target_id is not None})
    found: dict[int, list[Named]] = {}
    for row in rows:
        try:
            target = RepoId.parse(RepoKind(row.target_kind), row.target)
        except InvalidInput:
            continue  # the rules of names were others when it was read
        found.setdefault(row.source_id, []).append(Named(Relation(row.relation), target, seen.get(row.target_id)))
    return found


def _visible(tx: Tx, actor: Actor, numbers: set[int]) -> Mapping[int | None, Repo]:
    if not numbers:
        return {}
    query = select_repos().where(repos.c.id.in_(sorted(numbers)), visible_to(actor))
    return {row.id: to_repo(row) for row in tx.execute(query)}


def names_of(tx: Tx, actor: Actor, named: RepoId) -> list[str]:
    """Every name, in lower case, of the repository that has or had this one; none if the actor may not see it."""
    number = _holder(tx, named)
    repo = _visible(tx, actor, {number}).get(number) if number is not None else None
    if repo is None:
        return []
    old = select(redirects.c.namespace_lower, redirects.c.name_lower).where(
        redirects.c.repo_id == repo.id, redirects.c.kind == named.kind.value
    )
    return [
        repo.repo_id.full.lower(),
        *(f"{row.namespace_lower}/{row.name_lower}" for row in tx.execute(old).all()[:9]),
    ]


# -- to a repository --


def count_by_relation(tx: Tx, actor: Actor, target_id: int, relations: Sequence[Relation]) -> Mapping[Relation, int]:
    """relation -> how many that the actor may see, at most `MOST` + 1; what has none is left out."""
    counts = {relation: _count_so_far(tx, actor, target_id, relation) for relation in relations}
    return {relation: count for relation, count in counts.items() if count}


def _count_so_far(tx: Tx, actor: Actor, target_id: int, relation: Relation) -> int:
    """Each that is counted is looked at, so a page stops where the exact number tells nobody more."""
    here = (_link.target_id == target_id, _link.relation == relation.value, visible_to(actor))
    some = select(repos.c.id).join(repo_links, _link.source_id == repos.c.id).where(*here).limit(MOST + 1)
    return int(tx.execute(select(func.count()).select_from(some.subquery())).scalar_one())


def count_sources(tx: Tx, actor: Actor, target_ids: Sequence[int], relations: Sequence[Relation]) -> Mapping[int, int]:
    """target -> how many link to it."""
    query = (
        select(_link.target_id, func.count().label("n"))
        .join(repos, repos.c.id == _link.source_id)
        .where(_link.target_id.in_(target_ids), _link.relation.in_([r.value for r in relations]), visible_to(actor))
        .group_by(_link.target_id)
    )
    return {int(row.target_id): int(row.n) for row in tx.execute(query)}


def source_names(
    tx: Tx, actor: Actor, target_ids: Sequence[int], relation: Relation, limit: int
) -> Mapping[int, list[str]]:
    """target -> `owner/name` of those that link to it, at most `limit` of all."""
    query = (
        select(_link.target_id, accounts.c.name.label("namespace"), repos.c.name)
        .join(repos, repos.c.id == _link.source_id)
        .join(accounts, accounts.c.id == repos.c.owner_id)
        .where(_link.target_id.in_(target_ids), _link.relation == relation.value, visible_to(actor))
        .order_by(repos.c.likes.desc(), repos.c.id.desc())
        .limit(limit)
    )
    found: dict[int, list[str]] = {}
    for row in tx.execute(query):
        found.setdefault(row.target_id, []).append(f"{row.namespace}/{row.name}")
    return found


def sources(tx: Tx, actor: Actor, target_id: int, relation: Relation, limit: int) -> Linked:
    """The most liked of those that link to it (of the newest `MOST`), and how many there are."""
    query = (
        select(repos.c.id, repos.c.likes)
        .join(repo_links, _link.source_id == repos.c.id)
        .where(_link.target_id == target_id, _link.relation == relation.value, visible_to(actor))
        .order_by(_link.source_id.desc())
        .limit(MOST + 1)
    )
    rows = sorted(tx.execute(query).all(), key=lambda row: (-row.likes, -row.id))
    shown = _visible(tx, actor, {row.id for row in rows[:limit]})
    return Linked([shown[row.id] for row in rows[:limit]], len(rows))
