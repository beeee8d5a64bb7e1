"""A repository that is erased in the middle of something is not there, and that is no fault of whoever was at it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pygit2

from pioche.errors import RepoNotFound
from pioche.ports.gitstore import GitFailed


def gone() -> RepoNotFound:
    return RepoNotFound("This repository has no git data.")


def is_there(repo: Path) -> bool:
    """By its HEAD: a program that runs while the folder is erased may leave a part of it behind."""
    return (repo / "HEAD").exists()


@contextlib.contextmanager
def while_there(repo: Path) -> Iterator[None]:
    """Whatever fails here, or in git, fails with `RepoNotFound` if the repository is gone by then."""
    try:
        yield
    except (OSError, pygit2.GitError, GitFailed) as error:
        if is_there(repo):
            raise
        raise gone() from error
