"""SQLite in WAL mode: many readers, one writer at a time, every commit on disk before it returns."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from pioche.errors import Busy
from pioche.ports.database import Database, Tx

BUSY_SECONDS = 30
_CONNECT = {"check_same_thread": False, "timeout": BUSY_SECONDS, "isolation_level": None}


class SqliteTx(Tx):
    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self._now = now
        self.actions: list[Callable[[], None]] = []

    @property
    def now(self) -> int:
        return self._now

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    def after_commit(self, action: Callable[[], None]) -> None:
        self.actions.append(action)


class SqliteDatabase(Database):
    def __init__(self, path: Path, readers: int = 32) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.reader = _engine(path, "BEGIN", readers, "query_only=ON")
        self.writer = _engine(path, "BEGIN IMMEDIATE", 1)
        # One lock in front of SQLite's own: threads wait in turn instead of polling a busy file.
        self._lock = threading.Lock()
        self._watching = threading.Lock()
        self._watch = sqlite3.connect(path, check_same_thread=False, isolation_level=None)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with self.reader.connect() as connection, connection.begin():
            yield SqliteTx(connection, _now())

    @contextmanager
    def write(self) -> Iterator[Tx]:
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise Busy("The hub is busy writing. Try again in a moment.")
        try:
            with _busy_as_error(), self.writer.connect() as connection, connection.begin():
                tx = SqliteTx(connection, _now())
                yield tx
        finally:
            self._lock.release()
        for action in tx.actions:
            action()

    @contextmanager
    def changing_schema(self) -> Iterator[Connection]:
        # Not one of the pool: `foreign_keys` is off, as rebuilding a table would empty those that refer to it.
        engine = create_engine(f"sqlite:///{self.path}", poolclass=NullPool, connect_args=_CONNECT)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        with _busy_as_error(), engine.connect() as connection, connection.begin():
            yield connection

    def has_table(self, name: str) -> bool:
        with self.reader.connect() as connection:
            return inspect(connection).has_table(name)

    def faults(self) -> Sequence[str]:
        with self.read() as tx:
            rows = tx.execute(text("PRAGMA integrity_check")).all()
        return [row[0] for row in rows if row[0] != "ok"]

    def version(self) -> int | None:
        # Statements of several threads that overlap would go on seeing what the first of them saw.
        with self._watching:
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._watch.close()
        self.reader.dispose()
        self.writer.dispose()


@contextmanager
def _busy_as_error() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if "locked" in str(error.orig) or "busy" in str(error.orig):
            raise Busy("The hub is busy writing. Try again in a moment.") from error
        raise


def _engine(path: Path, begin: str, size: int, *pragmas: str) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        # The pool's own reset would be a second ROLLBACK on every connection handed back.
        pool_reset_on_return=None,
        connect_args=_CONNECT,
    )

    def set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
        # busy_timeout (the `timeout` above) must be first: switching to WAL needs a lock.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", set_pragmas)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _now() -> int:
    return time.time_ns() // 1_000_000
