"""The history of the schema ends where the tables of the rooms are."""

from __future__ import annotations

import ast
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import create_engine

import pioche.app  # noqa: F401 - the tables of every room
from pioche.cli import main
from pioche.migrations import FOLDER, head, upgrade
from pioche.ports.database import metadata
from pioche.ports.database.sqlite import SqliteDatabase

VERSIONS = sorted((FOLDER / "versions").glob("[0-9]*.py"))


@pytest.fixture
def upgraded(tmp_path: Path) -> Path:
    """An empty database, brought to the newest revision as a data folder is."""
    path = tmp_path / "hub.db"
    database = SqliteDatabase(path)
    upgrade(database, path)
    database.close()
    return path


def test_an_upgraded_database_is_what_the_rooms_declare(upgraded: Path) -> None:
    """If this fails, a table was changed without a migration: `make migration m="what changes"`."""
    engine = create_engine(f"sqlite:///{upgraded}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_it_is_so_to_the_last_default_and_index(upgraded: Path, tmp_path: Path) -> None:
    """Alembic does not compare everything."""
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    engine.dispose()
    made, declared = details(upgraded), details(tmp_path / "declared.db")
    assert made.pop("alembic_version")
    assert made == declared


def details(path: Path) -> dict[str, list[object]]:
    """Table -> its columns, indexes and foreign keys as SQLite sees them."""
    found: dict[str, list[object]] = {}
    connection = sqlite3.connect(path)
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({table})"))
        indexes = sorted(
            (unique, origin, [name for _, _, name in connection.execute(f"PRAGMA index_info({index})")])
            for _, index, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})").fetchall()
        )
        keys = sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})"))
        found[table] = [columns, indexes, keys]
    connection.close()
    return found


def test_numbers_that_must_not_come_back_do_not(upgraded: Path) -> None:
    """Alembic does not compare this."""
    declared = {table.name for table in metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]}
    with sqlite3.connect(upgraded) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
        assert {name for (name,) in rows} == declared
    connection.close()
    assert declared


def test_going_back_leaves_nothing(upgraded: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{upgraded}")
    command.downgrade(config, "base")
    with sqlite3.connect(upgraded) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        assert [name for (name,) in rows] == ["alembic_version"]
    connection.close()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_says_what_it_does_by_itself(path: Path) -> None:
    """It must make the same tables for ever, so it reads nothing of what the code says today."""
    tree = ast.parse(path.read_text())
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imported += [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    assert not [name for name in imported if name.startswith("pioche")]
    assert "create_all" not in path.read_text()


def test_the_command_brings_a_data_folder_up_to_date(tmp_path: Path) -> None:
    for _ in range(2):
        done = CliRunner().invoke(main, ["migrate", "--data", str(tmp_path / "data")])
        assert (done.exit_code, done.stdout) == (0, "The database is up to date.\n"), done.output
    with sqlite3.connect(tmp_path / "data" / "hub.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(head(),)]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert metadata.tables.keys() <= tables
