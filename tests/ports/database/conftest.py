"""A database with one small table, on each engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, String, Table, Text, false

from pioche.ports.database import Database
from pioche.ports.database.postgres import PostgresDatabase
from pioche.ports.database.sqlite import SqliteDatabase

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(8), unique=True),
    Column("text", Text, nullable=False, server_default=""),
    Column("size", BigInteger),
    Column("small", Integer),
    Column("data", LargeBinary),
    Column("flag", Boolean, nullable=False, server_default=false()),
)

Open = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgres"])
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the database of this test, as another process would: each call gives a new object."""
    opened: list[Database] = []
    url = request.getfixturevalue("postgres").empty() if request.param == "postgres" else ""

    def again() -> Database:
        opened.append(PostgresDatabase(url, 4) if url else SqliteDatabase(tmp_path / "hub.db", 4))
        return opened[-1]

    yield again
    for database in opened:
        database.close()


@pytest.fixture
def database(open_again: Open) -> Database:
    database = open_again()
    with database.changing_schema() as connection:
        things.metadata.create_all(connection)
    return database
