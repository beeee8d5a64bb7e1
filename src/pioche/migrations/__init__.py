"""One linear history of the schema. `upgrade` brings a data folder to the present one; a fresh folder is made whole.

Alembic is slow to import, so it is only loaded when there is something to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from pioche.ports.database import Database

FOLDER = Path(__file__).parent


def head() -> str:
    """The newest revision: the file in `versions/` with the highest number."""
    return max(path.stem.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def current(database: Database) -> str | None:
    with database.read() as tx:
        exists = text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")
        if tx.execute(exists).first() is None:
            return None
        row = tx.execute(text("SELECT version_num FROM alembic_version")).first()
        return None if row is None else str(row[0])


def upgrade(database: Database, path: Path) -> None:
    """Does nothing, quickly, when the schema is the present one."""
    if current(database) == head():
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}")
    command.upgrade(config, "head")
