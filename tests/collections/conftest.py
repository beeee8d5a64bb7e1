"""A hub with its people, which the tests of one module share: each makes collections of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from pioche.app import build_hub
from pioche.settings import Settings
from pioche.testkit.people import Person
from pioche.testkit.room import Room


class CollectionRoom(Room):
    _titles = itertools.count(1)

    def collection(self, owner: Person, stem: str = "My list", **values: Any) -> str:
        """The slug of a new collection."""
        body = {"title": f"{stem} {next(self._titles)}", "namespace": owner.name, **values}
        answer = self.post("/api/collections", owner, json=body)
        assert answer.status_code == 200, answer.text
        slug: str = answer.json()["slug"]
        return slug

    def add(self, person: Person, slug: str, name: str, kind: str = "model", note: str = "") -> dict[str, Any]:
        """What the hub says of the collection with this at its end."""
        body = {"item": {"id": name, "type": kind}, "note": note}
        answer = self.post(f"/api/collections/{slug}/items", person, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def names(self, slug: str, person: Person | None = None) -> list[str]:
        answer = self.get(f"/api/collections/{slug}", person)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    def listed(self, query: str = "", person: Person | None = None) -> list[str]:
        answer = self.get(f"/api/collections?{query}", person)
        assert answer.status_code == 200, answer.text
        return [one["slug"] for one in answer.json()]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectionRoom]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("room") / "data"))
    yield CollectionRoom(hub)
    hub.database.close()
