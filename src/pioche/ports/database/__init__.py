"""Database: transactions over SQL. SQLite in `sqlite.py`, PostgreSQL in `postgres.py`.

`read()` gives a consistent snapshot, and may not change anything. `write()` commits whole when the block ends, or
rolls back whole when it raises; one writes at a time, over all processes of the hub, so what a write has read stays
true until it ends. A write that cannot get its lock, and a database that does not answer, raise `Busy`: nothing was
done. A broken unique constraint surfaces as SQLAlchemy's `IntegrityError`, which rooms turn into their own `Conflict`;
after any error of the database the transaction is over, so let it out of the block.

Texts compare and sort byte by byte. An integer has 64 bits, a text any length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Executable, MetaData

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

    def changing_schema(self) -> AbstractContextManager[Connection]:
        """For migrations alone: a transaction like `write()`, in which no foreign key gets in the way of a table."""
        ...

    def has_table(self, name: str) -> bool: ...

    def faults(self) -> Sequence[str]:
        """What the engine finds damaged, in its own words. Reads all of the database."""
        ...

    def version(self) -> int | None:
        """A number that changes whenever anyone commits; None where the engine cannot tell. Costs microseconds."""
        ...

    def close(self) -> None: ...
