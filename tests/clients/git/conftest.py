"""Repositories to clone, and clones of them."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pioche.app import build_hub
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.service.repos import Repos
from pioche.repos.types import NewRepo, Repo
from pioche.settings import Settings
from pioche.testkit.clients import Git
from pioche.testkit.clones import Clone, MakeRepo, Work
from pioche.testkit.gitstore import commit
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

_numbers = itertools.count()


@pytest.fixture(scope="module")
def inside(server: Server) -> Iterator[Hub]:
    """The services of the running hub, over the same data."""
    hub = build_hub(Settings(data=server.data))
    yield hub
    hub.database.close()


@pytest.fixture
def repos(inside: Hub) -> Repos:
    return inside.repos


@pytest.fixture
def find(inside: Hub, repos: Repos, cast: Cast) -> Callable[[str], Repo]:
    """The row of a repository of alice's, by its path."""
    return lambda path: repos.find(inside.accounts.actor_of_token(cast.alice.token), repo_id(path))


def repo_id(path: str) -> RepoId:
    return RepoId(RepoKind.MODEL, *path.split("/"))


@pytest.fixture
def new_repo(inside: Hub, repos: Repos, cast: Cast) -> MakeRepo:
    """The clone path of a repository of alice's, with these files on `main`."""

    def make(*files: PutFile, kind: RepoKind = RepoKind.MODEL, private: bool = False) -> str:
        name = f"git-{uuid.uuid4().hex[:6]}-{next(_numbers)}"
        actor = inside.accounts.actor_of_token(cast.alice.token)
        repo = repos.create(actor, NewRepo(RepoId(kind, "alice", name), private=private))
        if files:
            commit(inside.gitstore.open(repo.id), *files)
        return repo.repo_id.path

    return make


@pytest.fixture
def clone(git: Git, cast: Cast, tmp_path: Path) -> Clone:
    def make(path: str, person: Person | None = None, *options: str) -> Work:
        folder = tmp_path / f"clone-{next(_numbers)}"
        git.run("clone", *options, git.remote(path, person or cast.alice), str(folder))
        return Work(git, folder)

    return make
