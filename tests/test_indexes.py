"""What goes with something else is found by it, without reading a whole table while everybody waits to write."""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

import pioche
from pioche.ports.database import metadata

FEW = {"lfs_locks", "oauth_devices", "oauth_codes"}
"""Tables of what lives for minutes, or is seldom."""


def test_what_is_deleted_with_something_has_an_index_that_begins_with_it() -> None:
    for module in pkgutil.walk_packages(pioche.__path__, "pioche."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)
    missing = []
    for table in metadata.tables.values():
        keys = [one for one in table.constraints if isinstance(one, (PrimaryKeyConstraint, UniqueConstraint))]
        first = {next(iter(one.columns)).name for one in (*table.indexes, *keys) if len(one.columns)}
        missing += [
            f"{table.name}.{column.name}"
            for column in table.columns
            if table.name not in FEW
            and column.name not in first
            and any(key.ondelete == "CASCADE" for key in column.foreign_keys)
        ]
    assert missing == []
