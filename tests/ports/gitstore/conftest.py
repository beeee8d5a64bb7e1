"""What every `GitStore` promises. A new implementation adds itself to `IMPLEMENTATIONS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pioche.ports.gitstore import GitRepo, GitStore
from pioche.ports.gitstore.bare import BareGitStore

IMPLEMENTATIONS: dict[str, Callable[[Path], GitStore]] = {"bare": BareGitStore}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GitStore:
    return IMPLEMENTATIONS[request.param](tmp_path / "git")


@pytest.fixture
def repo(store: GitStore) -> GitRepo:
    store.create(1)
    return store.open(1)
