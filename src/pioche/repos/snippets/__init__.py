"""How to use a repository: snippets of code for the libraries that fit it, with the hub's own address filled in.

Pure: a row and a few names of files in, texts out. Everything that a repository says of itself is quoted before it
becomes code. The libraries of Python read `HF_ENDPOINT` when they are imported, so each snippet sets it first.
"""

from __future__ import annotations

from collections.abc import Sequence

from pioche.names import RepoKind
from pioche.repos.snippets.datasets import dataset_snippets
from pioche.repos.snippets.everywhere import download_snippets, kernel_snippet
from pioche.repos.snippets.models import model_snippets
from pioche.repos.snippets.types import ENDINGS, Snippet, Subject

__all__ = ["ENDINGS", "Snippet", "Subject", "snippets_of"]


def snippets_of(subject: Subject) -> Sequence[Snippet]:
    """The most telling first; downloading it fits everything and comes last."""
    match subject.repo.repo_id.kind:
        case RepoKind.MODEL:
            return [*model_snippets(subject), *download_snippets(subject)]
        case RepoKind.DATASET:
            return [*dataset_snippets(subject), *download_snippets(subject)]
        case RepoKind.KERNEL:
            return [kernel_snippet(subject), *download_snippets(subject)]
        case RepoKind.SPACE:
            return download_snippets(subject)
