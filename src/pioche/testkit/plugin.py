"""The pytest plugin: fixtures by name. What each gives is described where it is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pioche.testkit.server import Server

if TYPE_CHECKING:
    from pioche.hub import Hub


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A whole hub in this process, without HTTP, on an empty data folder."""
    from pioche.app import build_hub
    from pioche.settings import Settings

    return build_hub(Settings(data=tmp_path / "data"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running hub that all tests of the session share: use names of your own."""
    server = Server(tmp_path_factory.mktemp("server") / "data")
    server.start()
    yield server
    server.kill9()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A running hub for one test alone, to be killed, restarted or filled at will."""
    server = Server(tmp_path / "data")
    server.start()
    yield server
    server.kill9()
