"""Writing a migration: for developers, on an empty database brought to the newest revision."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic import command

from pioche.app import open_database  # which knows the tables of every room
from pioche.migrations import alembic_config, head, upgrade
from pioche.settings import Settings


def write_migration(message: str) -> Path:
    """The file that was written; its number follows the newest one."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Settings(data=Path(folder)))
        upgrade(database)
        number = f"{int(head()) + 1:04d}"
        with database.changing_schema() as connection:
            script = command.revision(alembic_config(connection), message, autogenerate=True, rev_id=number)
        database.close()
    if script is None or isinstance(script, list):
        raise RuntimeError("Alembic wrote nothing.")
    return Path(script.path)
