"""The nouns of inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pioche.names import CommitOid
from pioche.repos.types import Repo

# Tasks that a worker knows, and the library that it takes for them.
TASKS: Mapping[str, str] = {
    "text-classification": "transformers",
    "token-classification": "transformers",
    "fill-mask": "transformers",
    "question-answering": "transformers",
    "zero-shot-classification": "transformers",
    "image-classification": "transformers",
    "text-generation": "transformers",
    "summarization": "transformers",
    "translation": "transformers",
    "sentence-similarity": "sentence-transformers",
    "feature-extraction": "sentence-transformers",
    "text-to-image": "diffusers",
    "unconditional-image-generation": "diffusers",
    "image-to-text": "transformers",
    "tabular-classification": "sklearn",
    "tabular-regression": "sklearn",
}
# A model of one task that does others too.
ALSO: Mapping[str, tuple[str, ...]] = {
    "sentence-similarity": ("feature-extraction",),
    "feature-extraction": ("sentence-similarity",),
}
OF_PICTURES = ("image-classification", "image-to-text")
OF_TABLES = ("tabular-classification", "tabular-regression")
PAINTS = ("text-to-image", "unconditional-image-generation")

State = Literal["asleep", "loading", "warm"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model at a commit, and what it does."""

    repo: Repo
    commit: CommitOid
    task: str

    @property
    def key(self) -> str:
        """Of its worker: what is another commit is another model."""
        return f"infer-{self.repo.id}-{self.commit[:12]}"


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of the files that are loaded. `use_gpu`: what loads them reckons on a GPU where there is one."""

    size: int
    use_gpu: bool


@dataclass(frozen=True, slots=True)
class Question:
    """`parameters` as the inference API names them."""

    task: str
    inputs: Any
    parameters: Mapping[str, Any]
