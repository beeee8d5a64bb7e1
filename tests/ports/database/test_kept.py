"""What is kept of a database goes with the next commit, whoever commits."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from pioche.ports.database import Database
from pioche.ports.database.kept import Kept

from .conftest import Open, things


def count(database: Database) -> int:
    with database.read() as tx:
        return int(tx.execute(select(func.count()).select_from(things)).scalar_one())


def add(database: Database, name: str) -> None:
    with database.write() as tx:
        tx.execute(insert(things).values(name=name))


def can_tell(database: Database) -> bool:
    return database.version() is not None


def test_it_is_read_once_until_anyone_commits(database: Database, open_again: Open) -> None:
    kept: Kept[str, int] = Kept(database, 10)
    reads: list[int] = []

    def read() -> int:
        reads.append(count(database))
        return reads[-1]

    kept.read("first", lambda: count(database))  # opens the database
    assert kept.find("all") is None
    assert [kept.read("all", read) for _ in range(3)] == [0, 0, 0]
    assert len(reads) == (1 if can_tell(database) else 3)
    assert kept.find("all") == (0 if can_tell(database) else None)
    add(database, "a")
    assert kept.find("all") is None
    assert kept.read("all", read) == 1
    add(open_again(), "b")  # another process
    assert kept.read("all", read) == 2


def test_what_was_read_while_somebody_committed_is_not_kept(database: Database) -> None:
    kept: Kept[str, int] = Kept(database, 10)

    def read() -> int:
        found = count(database)
        add(database, "meanwhile")
        return found

    assert kept.read("all", read) == 0
    assert kept.find("all") is None
    assert kept.read("all", lambda: count(database)) == 1


def test_errors_are_not_kept_and_room_is_bounded(database: Database) -> None:
    kept: Kept[int, int] = Kept(database, 3)

    def fail() -> int:
        raise KeyError("gone")

    with pytest.raises(KeyError):
        kept.read(0, fail)
    assert [kept.read(key, lambda: 7) for key in range(10)] == [7] * 10
    assert sum(kept.find(key) is not None for key in range(10)) <= 3
