"""PostgreSQL: reads on a snapshot each, and one writer at a time over all processes that share the database.

The rooms read, decide and write in one transaction, and rely on nobody else writing meanwhile. An advisory lock keeps
that promise as SQLite's own lock does, without asking anyone to run their transaction again (ADR 15).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from pioche.errors import Busy, InvalidInput
from pioche.ports.database import Database, Tx
from pioche.ports.database.postgres_dialect import NAME

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
OLDEST_VERSION = (13, 0)

# A connection that has rested this long is asked whether it lives before it is used.
RESTED_SECONDS = 5.0

# Of the advisory lock: any number, the same in every process. Locks are per database, so hubs do not meet.
WRITER = 0x50494F434845

# The lock was not had in time; a deadlock or a lost race with somebody's psql; the server is starting or full.
_AGAIN = {"55P03", "40P01", "40001", "57P01", "57P02", "57P03", "53300"}


class PostgresTx(Tx):
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
        with _busy_as_error():
            return self._connection.execute(statement, parameters)

    def after_commit(self, action: Callable[[], None]) -> None:
        self.actions.append(action)


class PostgresDatabase(Database):
    """`url` as PostgreSQL writes it, `postgresql://user:password@host:5432/name`. Raises `InvalidInput` or `Busy`."""

    def __init__(self, url: str, readers: int = 32) -> None:
        self.url = url
        self._url = _parse(url)
        self.reader = _engine(
            self._url, readers, isolation_level="REPEATABLE READ", postgresql_readonly=True, postgresql_deferrable=False
        )
        # Each statement sees what the last writer left, which READ COMMITTED means while nobody else writes.
        self.writer = _engine(self._url, 1, isolation_level="READ COMMITTED")
        # One lock in front of the server's: the threads of this process wait here, and need one connection.
        self._lock = threading.Lock()
        with _busy_as_error(), self.reader.connect() as connection:
            _check_server(connection)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        with _busy_as_error():
            connection = self.reader.connect()
        with connection, connection.begin():
            yield PostgresTx(connection, _now())

    @contextmanager
    def write(self) -> Iterator[Tx]:
        if not self._lock.acquire(timeout=BUSY_SECONDS):
            raise Busy("The hub is busy writing. Try again in a moment.")
        try:
            with _busy_as_error():
                connection = self.writer.connect()
            # A COMMIT whose answer is lost may have been done: that is no `Busy`, but the driver's error.
            with connection, connection.begin():
                with _busy_as_error():
                    _take_turn(connection)
                tx = PostgresTx(connection, _now())
                yield tx
        finally:
            self._lock.release()
        for action in tx.actions:
            action()

    @contextmanager
    def changing_schema(self) -> Iterator[Connection]:
        engine = create_engine(self._url, poolclass=NullPool)
        with _busy_as_error(), engine.connect() as connection, connection.begin():
            _take_turn(connection)
            yield connection
        engine.dispose()

    def has_table(self, name: str) -> bool:
        with self.reader.connect() as connection:
            return inspect(connection).has_table(name)

    def faults(self) -> Sequence[str]:
        """PostgreSQL checks its own pages (see `data_checksums`) and its operators know how."""
        return []

    @staticmethod
    def start_after(tx: Tx, table: str, column: str, number: int) -> None:
        """The next number that `column` gives is the one after `number`."""
        sequence = select(func.setval(func.pg_get_serial_sequence(table, column), max(number, 1), number > 0))
        tx.execute(sequence)

    def version(self) -> int | None:
        """The server knows, but a question to it takes longer than this may."""
        return None

    def close(self) -> None:
        self.reader.dispose()
        self.writer.dispose()


def _take_turn(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER})")


@contextmanager
def _busy_as_error() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        lost = isinstance(error, OperationalError) and (state is None or error.connection_invalidated)
        if state == "55P03":
            raise Busy("The hub is busy writing. Try again in a moment.") from error
        if lost or state in _AGAIN:
            raise Busy("The database does not answer. Try again in a moment.") from error
        raise


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.drivername not in ("postgresql", "postgres") or not url.database:
        # The text may hold a password, so it is not repeated.
        raise InvalidInput("The setting `database_url` has to look like postgresql://user:password@host:5432/name.")
    return url.set(drivername=NAME)


def _engine(url: URL, size: int, **options: Any) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        # Whole statements come again and again, so the server may keep their plans; parameters stay out of errors.
        hide_parameters=True,
        execution_options=options,
        connect_args={
            "client_encoding": "utf8",
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "pioche",
            "options": f"-c lock_timeout={BUSY_SECONDS}s",
        },
    )

    def check_rested(connection: Any, record: Any, _proxy: object) -> None:
        """After a restart of the server every resting connection is dead, and nobody should be told by an error."""
        if time.monotonic() - record.info.get("used", time.monotonic()) > RESTED_SECONDS and not _lives(connection):
            raise DisconnectionError

    event.listen(engine, "checkout", check_rested)
    event.listen(engine, "checkin", lambda _, record: record.info.update(used=time.monotonic()))
    return engine


def _lives(connection: Any) -> bool:
    import psycopg

    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error:
        return False
    return True


def _check_server(connection: Connection) -> None:
    version = connection.dialect.server_version_info
    if version is not None and version < OLDEST_VERSION:
        raise InvalidInput(f"PostgreSQL {OLDEST_VERSION[0]} or newer is needed, and this is {version[0]}.")
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        raise InvalidInput(f"The database has to keep texts as UTF8, and it keeps them as {encoding}.")


def _now() -> int:
    return time.time_ns() // 1_000_000
