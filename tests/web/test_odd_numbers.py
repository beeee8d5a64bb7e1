"""Numbers in addresses of pages that are none."""

from __future__ import annotations

import pytest

from pioche.hub import Hub
from pioche.testkit.room import Room


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


@pytest.mark.parametrize("text", ["%C2%B2", "1" * 30, "-1", "x"])
def test_what_is_no_number_is_no_discussion(room: Room, text: str) -> None:
    repo = room.repo(room.cast.alice, "poems")
    assert room.get(f"/{repo}/discussions/{text}", room.cast.alice).status_code == 404
