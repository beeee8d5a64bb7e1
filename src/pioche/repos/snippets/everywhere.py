"""Snippets that fit every repository."""

from __future__ import annotations

from collections.abc import Sequence

from pioche.names import RepoKind
from pioche.repos.snippets.types import Snippet, Subject, bash, python, quoted


def download_snippets(subject: Subject) -> Sequence[Snippet]:
    kind = subject.repo.repo_id.kind
    option = "" if kind is RepoKind.MODEL else f" --repo-type {kind.value}"
    argument = "" if kind is RepoKind.MODEL else f", repo_type={quoted(kind.value)}"
    code = python(
        subject,
        "from huggingface_hub import snapshot_download",
        "",
        f"folder = snapshot_download({quoted(subject.name)}{argument})",
        "print(folder)",
    )
    install = "pip install -U huggingface_hub"
    clone = f"git clone {subject.endpoint}/{subject.repo.repo_id.path}"
    return [
        Snippet("huggingface_hub", "huggingface_hub", code, install=install),
        Snippet("hf", "hf download", bash(subject, f"hf download {subject.name}{option}"), "bash", install),
        Snippet("git", "git clone", clone, "bash"),
    ]


def kernel_snippet(subject: Subject) -> Snippet:
    lines = ["from kernels import get_kernel", "", f"kernel = get_kernel({quoted(subject.name)})"]
    return Snippet(
        "kernels", "Kernels", python(subject, *lines), "python", "pip install -U kernels torch", warning=True
    )
