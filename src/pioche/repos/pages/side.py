"""The side column of a repository's page: what other rooms tell of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pioche.collections.types import CollectionFilter
from pioche.evals.types import BoardFilter, Entry
from pioche.names import RepoKind
from pioche.papers.types import Paper
from pioche.protocols.evals import read_model_index
from pioche.repos.types import Repo
from pioche.web.call import Call

COLLECTIONS, PAPERS, PLACES = 5, 5, 3


def side_values(call: Call, repo: Repo) -> dict[str, Any]:
    is_model = repo.repo_id.kind is RepoKind.MODEL
    within = CollectionFilter(items=[f"{repo.repo_id.kind.plural}/{repo.repo_id.full}"], sort="upvotes")
    collections = call.hub.collections.count(call.actor, within)
    return {
        "opening": call.hub.inference.opening(repo),
        "days": () if repo.repo_id.kind is RepoKind.SPACE else call.hub.downloads.days(repo.id),
        "around": call.hub.links.around(call.actor, repo),
        "scores": call.hub.evals.of_page(call.actor, repo) if is_model else (),
        "old_scores": read_model_index(repo.card.get("model-index")) if is_model else (),
        "leaders": _leaders(call, repo),
        "collections": call.hub.collections.list(call.actor, within, COLLECTIONS).found if collections else (),
        "collections_total": collections,
        "papers": _papers(call, repo),
    }


def _leaders(call: Call, repo: Repo) -> Sequence[Entry]:
    """The first of its leaderboard."""
    if not repo.config.get("benchmark"):
        return ()
    entries: Sequence[Entry] = call.hub.evals.board(call.actor, repo.repo_id, BoardFilter(limit=PLACES)).entries
    return entries


def _papers(call: Call, repo: Repo) -> Sequence[Paper]:
    keys = [tag.removeprefix("arxiv:") for tag in repo.tags if tag.startswith("arxiv:")][:PAPERS]
    papers: Sequence[Paper] = call.hub.papers.named(keys)
    return papers
