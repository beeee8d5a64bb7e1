"""A hub with its people, which the tests of one module share: each makes repositories of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pioche.app import build_hub
from pioche.settings import Settings
from pioche.testkit.room import Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("papers") / "data"))
    yield Room(hub)
    hub.database.close()
