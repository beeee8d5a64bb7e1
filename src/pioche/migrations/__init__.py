"""One linear history of the schema. `upgrade` brings a data folder to the present one; a fresh folder is made whole.

Alembic is slow to import, so it is only loaded when there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from pioche.ports.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent


def head() -> str:
    """The newest revision: the file in `versions/` with the highest number."""
    return max(path.stem.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(database: Database) -> str | None:
    """The revision that the database has; None if it is empty."""
    if not database.has_table("alembic_version"):
        return None
    with database.read() as tx:
        row = tx.execute(text("SELECT version_num FROM alembic_version")).first()
        return None if row is None else str(row[0])


def upgrade(database: Database) -> None:
    """Does nothing, quickly, when the schema is the present one. Two who start at once wait for each other."""
    if current(database) == head():
        return
    from alembic import command

    with database.changing_schema() as connection:
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """For `alembic.command`, over one open transaction."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER))
    return config
