"""Writing a migration: for developers, on an empty database brought to the newest revision."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import pioche.app  # noqa: F401 - the tables of every room
from pioche.migrations import FOLDER, head


def write_migration(message: str) -> Path:
    """The file that was written; its number follows the newest one."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.set_main_option("sqlalchemy.url", f"sqlite:///{folder}/empty.db")
        command.upgrade(config, "head")
        number = f"{int(head()) + 1:04d}"
        script = command.revision(config, message, autogenerate=True, rev_id=number)
    if script is None or isinstance(script, list):
        raise RuntimeError("Alembic wrote nothing.")
    return Path(script.path)
