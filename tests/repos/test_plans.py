"""How the database finds what lists show: by an index in the order asked for, never by sorting everything there is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event

from pioche.accounts.types import ANONYMOUS, Actor
from pioche.names import RepoKind
from pioche.ports.database.sqlite import SqliteDatabase
from pioche.repos import lists
from pioche.repos.types import SORTS, RepoFilter, Sort
from pioche.testkit.room import Room

pytestmark = pytest.mark.sqlite


def plan(room: Room, actor: Actor, wanted: RepoFilter) -> str:
    """What SQLite says that it does for one page."""
    database = room.hub.database
    assert isinstance(database, SqliteDatabase)
    asked: list[tuple[str, Any]] = []

    def note(_connection: Connection, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        asked.append((statement, values))

    event.listen(database.reader, "before_cursor_execute", note)
    try:
        with database.read() as tx:
            lists.after(tx, actor, wanted, None, 30)
    finally:
        event.remove(database.reader, "before_cursor_execute", note)
    [(statement, values)] = [item for item in asked if item[0].lstrip().startswith("SELECT")]
    with database.reader.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        return "\n".join(row.detail for row in rows)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(user_id=1, name="alice")], ids=["anonymous", "alice"])
def test_every_order_has_an_index(room: Room, actor: Actor, sort: Sort) -> None:
    assert "TEMP B-TREE" not in plan(room, actor, RepoFilter(kind=RepoKind.MODEL, sort=sort))


def test_the_list_of_an_owner_looks_at_their_repositories_only(room: Room) -> None:
    found = plan(room, ANONYMOUS, RepoFilter(kind=RepoKind.MODEL, author="alice"))
    assert "ix_repos_owner (owner_id=? AND kind=?)" in found
    assert "TEMP B-TREE" not in found
