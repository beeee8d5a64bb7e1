"""The SQL of evaluation results. What is read for somebody holds only what they may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, insert, select, true

from pioche.accounts.tables import accounts
from pioche.accounts.types import AccountKind, Actor
from pioche.community import store as community_store
from pioche.community.tables import discussions
from pioche.evals.tables import eval_results
from pioche.evals.types import BoardFilter, Place, Score
from pioche.names import RepoKind
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import redirects, repos
from pioche.repos.types import Repo

MOST = 5_000
"""Results that one leaderboard looks at."""

_row = eval_results.c


def replace(tx: Tx, repo_id: int, pull_request: int, scores: Sequence[Score]) -> None:
    """The results of one branch are these."""
    tx.execute(delete(eval_results).where(_row.repo_id == repo_id, _row.pull_request == pull_request))
    if scores:
        values = [
            {
                "repo_id": repo_id,
                "pull_request": pull_request,
                "position": position,
                "filename": one.filename,
                "dataset": one.dataset.lower(),
                "task": one.task,
                "score": one.score,
                "data": msgspec.json.encode(one.data or {}).decode(),
                "error": one.error,
            }
            for position, one in enumerate(scores)
        ]
        tx.execute(insert(eval_results), values)


def of_models(tx: Tx, numbers: Sequence[int]) -> Mapping[int, list[Score]]:
    """model -> its results, those of the main branch first. The models were found for the reader already."""
    query = (
        select(eval_results).where(_row.repo_id.in_(numbers)).order_by(_row.repo_id, _row.pull_request, _row.position)
    )
    found: dict[int, list[Score]] = {}
    for row in tx.execute(query):
        found.setdefault(row.repo_id, []).append(_score(row))
    return found


def places(tx: Tx, actor: Actor, names: Sequence[str], task: str, wanted: BoardFilter) -> list[Place]:
    """Results for a dataset that has or had these names, the best first, of models that the actor may see."""
    query = (
        select(_row.repo_id, _row.pull_request, _row.position, _row.score)
        .join(repos, repos.c.id == _row.repo_id)
        .where(_row.dataset.in_(names), _row.task == task, _row.score.is_not(None), visible_to(actor))
    )
    if wanted.base_models_only:
        query = query.where(~repos.c.tags.contains('"base_model:', autoescape=True))
    if wanted.most is not None:
        query = query.where(repos.c.parameter_count.between(1, wanted.most))
    query = query.order_by(_row.score.desc(), _row.repo_id, _row.position)
    query = query.limit(min(MOST, 50 * wanted.limit))  # a model may have several
    return [Place(row.repo_id, row.pull_request, row.position, row.score) for row in tx.execute(query)]


def models_at(tx: Tx, found: Sequence[Place]) -> Mapping[int, Repo]:
    """The models of places that were found for the reader."""
    query = select_repos().where(repos.c.id.in_([place.repo_id for place in found]))
    return {row.id: to_repo(row) for row in tx.execute(query)}


def scores_at(tx: Tx, found: Sequence[Place], names: Sequence[str], task: str) -> Mapping[Place, Score]:
    query = select(eval_results).where(
        _row.repo_id.in_([place.repo_id for place in found]), _row.dataset.in_(names), _row.task == task
    )
    return {Place(row.repo_id, row.pull_request, row.position, row.score): _score(row) for row in tx.execute(query)}


def names_of(tx: Tx, dataset: Repo) -> list[str]:
    """Its name and those that it had, in lower case."""
    old = select(redirects.c.namespace_lower, redirects.c.name_lower).where(
        redirects.c.repo_id == dataset.id, redirects.c.kind == RepoKind.DATASET.value
    )
    return [dataset.repo_id.full.lower(), *(f"{row.namespace_lower}/{row.name_lower}" for row in tx.execute(old))]


def owners(tx: Tx, numbers: Sequence[int]) -> Mapping[int, tuple[str, bool]]:
    """account -> (full name, is an organisation)."""
    query = select(accounts.c.id, accounts.c.fullname, accounts.c.kind).where(accounts.c.id.in_(numbers))
    return {row.id: (row.fullname, row.kind == AccountKind.ORG.value) for row in tx.execute(query)}


def _score(row: Row[Any]) -> Score:
    data = msgspec.json.decode(row.data, type=dict[str, Any])
    dataset = data["dataset"]["id"] if data else row.dataset
    return Score(row.filename, dataset, row.task, row.score, data, row.pull_request, row.error)


# -- pull requests --


def is_open(tx: Tx, repo_id: int, num: int) -> bool:
    found = community_store.find(tx, repo_id, num)
    return found is not None and found.is_pull_request and found.status in ("draft", "open")


def number_of(tx: Tx, discussion_id: int) -> int | None:
    """The number of a pull request in its repository; None for a discussion."""
    query = select(discussions.c.num).where(discussions.c.id == discussion_id, discussions.c.is_pull_request == true())
    found = tx.execute(query).scalar()
    return None if found is None else int(found)
