"""The history of the schema ends where the tables of the rooms are."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import Inspector, inspect

import pioche.app  # noqa: F401 - the tables of every room
from pioche.cli import main
from pioche.migrations import FOLDER, alembic_config, current, head, upgrade
from pioche.ports.database import Database, metadata
from pioche.ports.database.postgres import PostgresDatabase
from pioche.ports.database.sqlite import SqliteDatabase

VERSIONS = sorted((FOLDER / "versions").glob("[0-9]*.py"))


Empty = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Empty]:
    """Gives an empty database of one kind each time it is called."""
    opened: list[Database] = []

    def empty() -> Database:
        if request.param == "sqlite":
            opened.append(SqliteDatabase(tmp_path / f"{len(opened)}.db"))
        else:
            opened.append(PostgresDatabase(request.getfixturevalue("postgres").empty()))
        return opened[-1]

    yield empty
    for database in opened:
        database.close()


@pytest.fixture
def upgraded(empty: Empty) -> Database:
    """An empty database, brought to the newest revision as that of a hub is."""
    database = empty()
    upgrade(database)
    return database


def test_an_upgraded_database_is_what_the_rooms_declare(upgraded: Database) -> None:
    """If this fails, a table was changed without a migration: `make migration m="what changes"`."""
    with upgraded.changing_schema() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_it_is_so_to_the_last_default_and_index(upgraded: Database, empty: Empty) -> None:
    """Alembic does not compare everything."""
    fresh = empty()
    with fresh.changing_schema() as connection:
        metadata.create_all(connection)
    made, declared = details(upgraded), details(fresh)
    assert made.pop("alembic_version")
    assert made == declared


def details(database: Database) -> dict[str, list[object]]:
    """Table -> its columns, keys, indexes, unique constraints and foreign keys as the engine has them."""
    found: dict[str, list[object]] = {}
    with database.changing_schema() as connection:
        inspector = inspect(connection)
        for table in inspector.get_table_names():
            columns = sorted(
                (c["name"], str(c["type"]), c["nullable"], c["default"]) for c in _columns(inspector, table)
            )
            indexes = sorted((bool(i["unique"]), i["column_names"]) for i in inspector.get_indexes(table))
            unique = sorted(constraint["column_names"] for constraint in inspector.get_unique_constraints(table))
            keys = sorted(
                (key["constrained_columns"], key["referred_table"], key["options"].get("ondelete"))
                for key in inspector.get_foreign_keys(table)
            )
            primary = inspector.get_pk_constraint(table)["constrained_columns"]
            found[table] = [columns, indexes, unique, keys, primary]
    return found


def _columns(inspector: Inspector, table: str) -> list[Any]:
    return [{**column, "default": column["default"] or ""} for column in inspector.get_columns(table)]


def test_numbers_that_must_not_come_back_do_not(empty: Empty) -> None:
    """Alembic does not compare this. PostgreSQL never gives a number twice."""
    database = empty()
    if not isinstance(database, SqliteDatabase):
        return
    upgrade(database)
    declared = {table.name for table in metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]}
    with sqlite3.connect(database.path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        assert {name for (name,) in rows} == declared
    connection.close()
    assert declared


def test_going_back_leaves_nothing(upgraded: Database) -> None:
    with upgraded.changing_schema() as connection:
        command.downgrade(alembic_config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert current(upgraded) is None


def test_two_who_start_at_once_migrate_once(empty: Empty) -> None:
    database = empty()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, [database] * 4))
    assert current(database) == head()


def test_a_migration_that_fails_leaves_what_was(empty: Empty) -> None:
    database = empty()

    def half_way() -> None:
        with database.changing_schema() as connection:
            command.upgrade(alembic_config(connection), "head")
            assert inspect(connection).has_table("repos")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_way()
    assert (current(database), database.has_table("repos")) == (None, False)
    upgrade(database)
    assert current(database) == head()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_says_what_it_does_by_itself(path: Path) -> None:
    """It must make the same tables for ever, so it reads nothing of what the code says today."""
    tree = ast.parse(path.read_text())
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert not [name for name in imported if name.startswith("pioche")]
    assert "create_all" not in path.read_text()


def test_the_command_brings_a_hub_up_to_date(
    tmp_path: Path, empty: Empty, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    database = empty()
    if isinstance(database, PostgresDatabase):
        monkeypatch.setenv("PIOCHE_DATABASE_URL", database.url)
    elif pytestconfig.getoption("--database") == "postgres":
        return
    for _ in range(2):
        done = CliRunner().invoke(main, ["migrate", "--data", str(tmp_path / "data")])
        assert (done.exit_code, done.stdout) == (0, "The database is up to date.\n"), done.output
    if isinstance(database, SqliteDatabase):
        database = SqliteDatabase(tmp_path / "data" / "hub.db")
    assert current(database) == head()
    with database.changing_schema() as connection:
        assert metadata.tables.keys() <= set(inspect(connection).get_table_names())
    database.close()
