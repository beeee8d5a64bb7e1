"""What only a server can do to a hub."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import psycopg
import pytest
from sqlalchemy import Executable, insert, select, text

from pioche.errors import Busy, InvalidInput
from pioche.ports.database import Tx
from pioche.ports.database import postgres as port
from pioche.ports.database.postgres import PostgresDatabase
from pioche.testkit.postgres import Cluster

from .conftest import things

Begin = Callable[[], AbstractContextManager[Tx]]


@pytest.fixture
def url(postgres: Cluster) -> str:
    return postgres.empty()


@pytest.fixture
def database(url: str) -> Iterator[PostgresDatabase]:
    database = PostgresDatabase(url, 4)
    with database.changing_schema() as connection:
        things.metadata.create_all(connection)
    yield database
    database.close()


def add(database: PostgresDatabase) -> None:
    with database.write() as tx:
        tx.execute(insert(things))


def count(database: PostgresDatabase) -> int:
    with database.read() as tx:
        return len(tx.execute(select(things.c.id)).all())


@pytest.mark.parametrize(
    "wrong",
    ["secret", "mysql://u:secret@h/d", "postgresql://u:secret@h:port/d", "postgresql://u:secret@h", "sqlite://"],
)
def test_a_wrong_address_is_told_without_its_password(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="database_url") as caught:
        PostgresDatabase(wrong)
    assert "secret" not in caught.value.message


def test_a_server_that_is_not_there_is_told_soon() -> None:
    begun = time.monotonic()
    with pytest.raises(Busy) as caught:
        PostgresDatabase("postgresql://hub:secret@127.0.0.1:1/hub")
    assert time.monotonic() - begun < 10
    assert "secret" not in str(caught.value.message)


def test_a_database_of_another_encoding_is_refused(postgres: Cluster) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE old TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    with pytest.raises(InvalidInput, match="UTF8"):
        PostgresDatabase(postgres.url("old"))


def test_a_restart_of_the_server_is_not_felt(
    database: PostgresDatabase, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port, "RESTED_SECONDS", 0.0)
    add(database)
    postgres.kill_connections()
    assert count(database) == 1
    postgres.kill_connections()
    add(database)
    assert count(database) == 2


def test_a_connection_lost_in_use_is_busy_and_nothing_is_written(database: PostgresDatabase, postgres: Cluster) -> None:
    def lose(begin: Begin, statement: Executable) -> None:
        with begin() as tx:
            tx.execute(statement)
            postgres.kill_connections()
            tx.execute(statement)

    with pytest.raises(Busy):
        lose(database.write, insert(things))
    with pytest.raises(Busy):
        lose(database.read, select(things.c.id))
    assert count(database) == 0
    add(database)


def test_a_hub_that_dies_lets_the_others_write(database: PostgresDatabase, url: str) -> None:
    other = PostgresDatabase(url, 1)
    waiting = threading.Thread(target=add, args=(other,))

    def die() -> None:
        with database.write() as tx:
            tx.execute(insert(things))
            waiting.start()
            pid = tx.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
            waiting.join(10)
            tx.execute(insert(things))

    with pytest.raises(Busy):
        die()
    assert count(other) == 1
    other.close()


def test_a_closed_database_leaves_no_connection(database: PostgresDatabase, url: str) -> None:
    add(database)
    count(database)
    database.close()
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        deadline = time.monotonic() + 5
        while (found := connection.execute(query).fetchone()) != (1,) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert found == (1,)
