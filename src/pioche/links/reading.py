"""Which links a repository's card makes. Pure: what is derived from the default branch in, links out."""

from __future__ import annotations

from collections.abc import Iterator

from pioche.errors import InvalidInput
from pioche.links.types import MADE_FROM, MAX_LINKS, Link, Relation
from pioche.names import RepoId, RepoKind
from pioche.protocols.card import texts
from pioche.repos.types import Repo

_RELATIONS = frozenset(relation.value for relation in MADE_FROM)


def links_of(repo: Repo) -> list[Link]:
    """Each target once, in the order of the card; names that cannot be one are left out, and so is itself."""
    found: dict[tuple[RepoKind, str], Link] = {}
    for link in _said(repo):
        same = link.target.kind is repo.repo_id.kind and link.target.full.lower() == repo.repo_id.full.lower()
        if not same:
            found.setdefault((link.target.kind, link.target.full.lower()), link)
    return list(found.values())[:MAX_LINKS]


def target_of(tag: str) -> tuple[str, RepoId] | None:
    """`base_model:`, `base_model:adapter:` or `dataset:`, and the repository that the tag names after it."""
    prefix, _, name = tag.rpartition(":")
    first, _, relation = prefix.partition(":")
    kind = {"base_model": RepoKind.MODEL, "dataset": RepoKind.DATASET}.get(first)
    if kind is None or (relation and relation not in _RELATIONS):
        return None
    try:
        return f"{prefix}:", RepoId.parse(kind, name)
    except InvalidInput:
        return None


def _said(repo: Repo) -> Iterator[Link]:
    match repo.repo_id.kind:
        case RepoKind.MODEL:
            relation = _relation(repo)
            yield from _named(repo, "base_model", RepoKind.MODEL, relation)
            yield from _named(repo, "datasets", RepoKind.DATASET, Relation.TRAINED)
            yield from _named(repo, "new_version", RepoKind.MODEL, Relation.NEWER)
        case RepoKind.SPACE:
            yield from _named(repo, "models", RepoKind.MODEL, Relation.USES)
            yield from _named(repo, "datasets", RepoKind.DATASET, Relation.USES)
        case RepoKind.DATASET:
            return


def _named(repo: Repo, key: str, kind: RepoKind, relation: Relation) -> Iterator[Link]:
    for name in texts(repo.card.get(key))[: 2 * MAX_LINKS]:
        try:
            yield Link(relation, RepoId.parse(kind, name))
        except InvalidInput:
            continue  # a name of the old kind, without an owner, or an address elsewhere


def _relation(repo: Repo) -> Relation:
    """As `repos.derive` found it; it is in the tags (`base_model:adapter:owner/name`)."""
    for tag in repo.tags:
        prefix, _, rest = tag.partition(":")
        relation = rest.partition(":")[0]
        if prefix == "base_model" and relation in _RELATIONS:
            return Relation(relation)
    return Relation.FINETUNE
