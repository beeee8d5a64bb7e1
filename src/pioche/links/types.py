"""The nouns of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pioche.names import RepoId, RepoKind
from pioche.repos.types import Repo

MAX_LINKS = 100
"""Of one repository; a card that names more is read so far."""


MOST = 2_000
"""Repositories that a page counts; of more it says that there are more."""


class Relation(StrEnum):
    """What the source is to its target. The first four are between models, as the Hub names them."""

    FINETUNE = "finetune"
    ADAPTER = "adapter"
    MERGE = "merge"
    QUANTIZED = "quantized"
    TRAINED = "trained"  # a model on a dataset
    USES = "uses"  # a Space a model or a dataset
    NEWER = "newer"  # the target replaces the source


MADE_FROM = (Relation.FINETUNE, Relation.ADAPTER, Relation.MERGE, Relation.QUANTIZED)


@dataclass(frozen=True, slots=True)
class Link:
    """As the card says it."""

    relation: Relation
    target: RepoId


@dataclass(frozen=True, slots=True)
class Named:
    """A target as a reader sees it: `repo` is None for what is not here, or not for this reader."""

    relation: Relation
    target: RepoId
    repo: Repo | None

    @property
    def shown(self) -> RepoId:
        """Its present name, where it has another than the card says."""
        return self.target if self.repo is None else self.repo.repo_id


@dataclass(frozen=True, slots=True)
class Linked:
    """The repositories of one kind that link here: the most liked, and how many there are, at most `MOST` + 1."""

    repos: Sequence[Repo]
    total: int


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a repository, as one reader sees it.

    `bases` are its ancestors, the oldest first: each step up to the models that the one below was made from.
    """

    bases: Sequence[Sequence[Named]] = ()
    children: Mapping[Relation, int] = field(default_factory=dict)
    newer: Named | None = None  # what the owner says to use instead, if the reader may see it
    datasets: Sequence[Named] = ()  # trained on, or used by a Space
    models: Sequence[Named] = ()  # used by a Space
    trained: Linked = Linked((), 0)  # models trained on a dataset
    spaces: Linked = Linked((), 0)

    @property
    def has_tree(self) -> bool:
        return bool(self.bases or self.children)


OF_KIND = {RepoKind.MODEL: MADE_FROM, RepoKind.DATASET: (Relation.TRAINED,)}
"""What models may be to a target of this kind."""
