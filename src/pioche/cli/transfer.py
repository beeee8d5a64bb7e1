"""`pioche to-postgres`: the tables of a hub, from SQLite to PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path

import click
from sqlalchemy import Table, delete, func, insert, select, text

from pioche.app import open_database  # which knows the tables of every room
from pioche.cli import data_option
from pioche.cli.serve import hold
from pioche.errors import Conflict, InvalidInput
from pioche.migrations import upgrade
from pioche.ports.database import Database, Tx, metadata
from pioche.ports.database.postgres import PostgresDatabase
from pioche.ports.database.sqlite import SqliteDatabase
from pioche.queue.tables import tasks
from pioche.search.tables import state as search_state
from pioche.settings import load_settings

BATCH = 1000  # rows in memory at a time
OLD_NAME = "hub.db.moved"


@click.command("to-postgres")
@data_option
def to_postgres(data: Path | None) -> None:
    """Copy the tables from hub.db to the empty database of `database_url`. The hub has to be stopped."""
    settings = load_settings({"data": data})
    path = settings.data / "hub.db"
    if not settings.database_url:
        raise InvalidInput("Say where to: set `database_url` to an empty PostgreSQL database.")
    if not path.is_file():
        raise InvalidInput(f"There is no hub.db in {settings.data.absolute()}.")
    held = hold(settings.data)
    source, target = SqliteDatabase(path), open_database(settings)
    try:
        upgrade(source)
        upgrade(target)
        count = copy_tables(source, target)
    finally:
        source.close()
        target.close()
        os.close(held)
    # A hub that is started without the setting would go on from here, and nobody would see that it is the old one.
    path.rename(path.with_name(OLD_NAME))
    click.echo(f"Copied {count} rows. The old tables are in {OLD_NAME}; the hub uses PostgreSQL from now on.")


FROM_THE_BEGINNING = (search_state, tasks)
"""Tables in which migrations put rows."""


def copy_tables(source: Database, target: Database) -> int:
    """All or nothing; returns the count of rows. Raises `Conflict` if `target` holds anything."""
    with source.read() as old, target.write() as new:
        for table in FROM_THE_BEGINNING:
            new.execute(delete(table))
        for table in metadata.sorted_tables:
            if new.execute(select(table).limit(1)).first() is not None:
                raise Conflict(f"The database is not empty: it has rows in '{table.name}'.")
        return sum(_copy(old, new, table) for table in metadata.sorted_tables)


def _copy(old: Tx, new: Tx, table: Table) -> int:
    count = 0
    for rows in old.execute(select(table)).partitions(BATCH):
        new.execute(insert(table), [dict(row._mapping) for row in rows])
        count += len(rows)
    _go_on_counting(old, new, table)
    return count


def _go_on_counting(old: Tx, new: Tx, table: Table) -> None:
    """New rows get numbers that no row has, nor ever had where SQLite promised that."""
    column = table.autoincrement_column
    if column is None:
        return
    highest = new.execute(select(func.max(column))).scalar()
    if table.dialect_options["sqlite"]["autoincrement"]:
        given = old.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}).scalar()
        highest = max(highest or 0, given or 0)
    PostgresDatabase.start_after(new, table.name, column.name, highest or 0)
