"""The nouns of papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pioche.repos.types import Repo


@dataclass(frozen=True, slots=True)
class Paper:
    """`key` is its arXiv number. What nobody told is empty. Times are Unix milliseconds."""

    key: str
    title: str = ""
    summary: str = ""
    authors: Sequence[str] = ()
    published_at: int | None = None
    project_page: str = ""
    github_repo: str = ""
    submitter: str = ""
    submitted_at: int | None = None


@dataclass(frozen=True, slots=True)
class PaperPage:
    """A paper with what refers to it, of what the reader may see: the newest of each kind, and how many there are."""

    paper: Paper
    models: Sequence[Repo]
    datasets: Sequence[Repo]
    spaces: Sequence[Repo]
    totals: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody tells of a paper."""

    key: str
    title: str = ""
    summary: str = ""
    authors: Sequence[str] = ()
    published_at: int | None = None
    project_page: str = ""
    github_repo: str = ""


@dataclass(frozen=True, slots=True)
class PaperFilter:
    """Which papers a list shows: told between two moments, by somebody."""

    text: str = ""
    since: int | None = None
    until: int | None = None
    submitter: str = ""
    by_date: bool = True  # else by how many refer to it


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a paper, and the answers to it. `author` is None once that account is gone."""

    id: int
    author: str | None
    text: str
    created_at: int
    hidden: bool = False
    author_id: int | None = None
    parent: int | None = None
    replies: Sequence[Comment] = ()


@dataclass(frozen=True, slots=True)
class CommentPage:
    """The newest first, each with its answers, the oldest first. `count` is of all, with answers."""

    comments: Sequence[Comment]
    count: int
    page: int
    pages: int
