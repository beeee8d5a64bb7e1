"""What refers to a paper: found by the index where a hub is large, and only what the reader may see."""

from __future__ import annotations

from typing import Any

import pytest

from pioche.papers.service import Papers
from pioche.ports.database import Tx
from pioche.search.service import Search
from pioche.testkit.room import Room

KEY = "2107.01234"
CARD = f"---\ntags:\n- text\n---\nAfter [a paper](https://arxiv.org/abs/{KEY}).\n"


@pytest.mark.parametrize("small", [0, 5_000])
def test_what_refers_to_a_paper_is_found(room: Room, small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    hub = room.hub
    repos = [room.repo(alice, "refers", private=private) for private in (False, True)]
    for repo in repos:
        room.write(alice, repo, {"README.md": CARD})
    hub.queue.run_due(hub)
    hub.indexer.rebuild()
    papers = Papers(hub.database, Search(hub.database, hub.queue, small=small))
    with hub.database.read() as tx:
        kind = type(tx)
    said, execute = list[str](), kind.execute

    def noting(self: Tx, statement: Any, *arguments: Any) -> Any:
        said.append(str(statement))
        return execute(self, statement, *arguments)

    monkeypatch.setattr(kind, "execute", noting)
    for person, expected in ((alice, repos), (bob, repos[:1])):
        page = papers.find(room.actor(person), KEY)
        names = [one.repo_id.full for one in page.models]
        assert [name for name in names if name in repos] == expected[::-1]
        assert page.totals[0] == len(names)
    if small == 0:  # no table was read from its first row to its last
        assert not [one for one in said if " LIKE " in one and "repos.id IN" not in one]
