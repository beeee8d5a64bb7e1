"""Database: transactions over SQL. SQLite in `sqlite.py`.

`read()` gives a consistent snapshot. `write()` commits whole when the block ends, or rolls back whole when it
raises. A write that cannot get its lock raises `Busy`; a broken unique constraint surfaces as
SQLAlchemy's `IntegrityError`, which rooms turn into their own `Conflict`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable, MetaData

metadata = MetaData()
"""Every room's `tables.py` adds its tables here; migrations are checked against it."""


class Tx(Protocol):
    """A transaction."""

    @property
    def now(self) -> int:
        """Unix milliseconds, the same for the whole transaction."""
        ...

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]: ...

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction is durable. For wake-ups only: it is lost if the process dies."""
        ...


class Database(Protocol):
    def read(self) -> AbstractContextManager[Tx]: ...

    def write(self) -> AbstractContextManager[Tx]: ...

    def version(self) -> int | None:
        """A number that changes whenever anyone commits; None where the engine cannot tell. Costs microseconds."""
        ...

    def close(self) -> None: ...
