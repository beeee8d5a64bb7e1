"""What snippets are made of."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pioche.repos.types import Repo

Language = Literal["python", "bash", "sql", "javascript"]

# fmt: off
ENDINGS = (
    ".gguf", ".parquet", ".csv", ".jsonl", ".json", ".tar", ".joblib", ".pkl", ".skops", ".keras", ".onnx", ".zip",
    ".safetensors",
)
"""Of files that a snippet may name."""
# fmt: on


@dataclass(frozen=True, slots=True)
class Snippet:
    """`install` is a command, empty if there is none to give; `warning` is about running code of others."""

    key: str
    title: str
    code: str
    language: Language = "python"
    install: str = ""
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """A repository; `endpoint` is the hub's address, `files` has the path of one file for each of `ENDINGS`."""

    repo: Repo
    endpoint: str
    files: Mapping[str, str] = field(default_factory=dict)
    quants: Sequence[str] = ()  # labels of GGUF variants

    @property
    def name(self) -> str:
        return self.repo.repo_id.full

    @property
    def runs_code(self) -> bool:
        """Does it bring code of its own, which a library runs when it is told to trust it?"""
        return "custom_code" in self.repo.tags or bool(self.repo.config.get("auto_map"))


def python(subject: Subject, *lines: str) -> str:
    """With the address in front."""
    head = [
        "import os",
        "",
        "# The libraries read this when they are imported.",
        f'os.environ["HF_ENDPOINT"] = {quoted(subject.endpoint)}',
        "",
    ]
    return "\n".join([*head, *lines])


def bash(subject: Subject, *lines: str) -> str:
    return "\n".join([f"export HF_ENDPOINT={shlex.quote(subject.endpoint)}", *lines])


def quoted(text: str) -> str:
    """As a string of Python, JavaScript and JSON."""
    return json.dumps(text, ensure_ascii=False)
