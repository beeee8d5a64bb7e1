"""The nouns of evaluation results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pioche.names import RepoId
from pioche.repos.types import Repo

FOLDER = ".eval_results"
MAX_FILES = 100
MAX_FILE = 256 * 1024
MAX_RESULTS = 1_000  # of one model
SHOWN = 20  # on its page


@dataclass(frozen=True, slots=True)
class Score:
    """One entry of a file, or (with `error`) what is wrong with the file. `pull_request` 0: the main branch."""

    filename: str
    dataset: str = ""
    task: str = ""
    score: float | None = None
    data: Mapping[str, Any] | None = None
    pull_request: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result stands in the table of results."""

    repo_id: int
    pull_request: int
    position: int
    score: float


@dataclass(frozen=True, slots=True)
class ShownScore:
    """For a page: `where` is the address of the dataset, empty if it is not here or not for this reader."""

    score: Score
    where: RepoId | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One model on a leaderboard. Equal scores have equal ranks."""

    rank: int
    model: Repo
    score: Score


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """`task` empty: the first of the benchmark. `most` is the largest number of parameters; `limit` of entries."""

    task: str = ""
    base_models_only: bool = True
    most: int | None = None
    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class Board:
    """The leaderboard of a benchmark for one of its tasks."""

    dataset: Repo
    benchmark: Mapping[str, Any]
    task: str
    entries: Sequence[Entry]
    owners: Mapping[int, tuple[str, bool]]  # account -> (full name, is an organisation)
    total: int
