"""A PostgreSQL server for the tests: in a temporary folder, on a socket there, gone when the tests are.

It never asks the disk to keep anything, and each hub gets a copy of a database that is already migrated.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from pioche.migrations import upgrade
from pioche.ports.database.postgres import PostgresDatabase

START_SECONDS = 60
TEMPLATE = "hub_template"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "500",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "autovacuum": "off",
}


class Cluster:
    """One server and its databases."""

    def __init__(self) -> None:
        if not program("initdb"):
            raise RuntimeError("PostgreSQL is not installed: scripts/system-packages postgresql")
        # In /tmp, because the path of a socket may not be long.
        self.folder = Path(tempfile.mkdtemp(prefix="pioche-pg-", dir="/tmp"))
        self._numbers = itertools.count(1)
        self._hubs: dict[Path, str] = {}
        self._has_template = False
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        data = self.folder / "data"
        initdb = [*_unprivileged(), program("initdb"), "-D", str(data), "-U", "hub", "--auth=trust", "--no-sync"]
        subprocess.run([*initdb, "--encoding=UTF8", "--locale=C.UTF-8"], check=True, capture_output=True, cwd="/")
        options = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        with (self.folder.with_suffix(".log")).open("wb") as log:
            self._process = subprocess.Popen(
                [*_unprivileged(), program("postgres"), "-D", str(data), "-k", str(self.folder), *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
            )
        self._wait()

    def url(self, database: str) -> str:
        return f"postgresql://hub@/{database}?host={self.folder}"

    def empty(self) -> str:
        """The address of a new database with nothing in it."""
        return self.url(self._create("template0"))

    def of_hub(self, data: Path) -> str:
        """The address of the database of the hub with this data folder: the same one each time."""
        if data not in self._hubs:
            if not self._has_template:
                self._make_template()
            self._hubs[data] = self._create(TEMPLATE)
        return self.url(self._hubs[data])

    def drop_below(self, folder: Path) -> None:
        """Databases of hubs in `folder`, which is about to go."""
        for data in [data for data in self._hubs if data.is_relative_to(folder)]:
            self._admin(f"DROP DATABASE {self._hubs.pop(data)} WITH (FORCE)")

    def kill_connections(self) -> None:
        """As a restart of the server does, from where a hub stands."""
        self._admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.with_suffix(".log").unlink(missing_ok=True)

    def _make_template(self) -> None:
        self._admin(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        database = PostgresDatabase(self.url(TEMPLATE))
        upgrade(database)
        database.close()
        self._has_template = True

    def _create(self, template: str) -> str:
        name = f"hub_{next(self._numbers)}"
        self._admin(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def _admin(self, statement: Any) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                return self._admin("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
        log = self.folder.with_suffix(".log").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"PostgreSQL did not start. Its log:\n{log}")


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root. It ends with the tests, however they end."""
    who = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", "--pdeathsig=INT", *who]


def program(name: str) -> str:
    """Its path, or "". Debian keeps the server's programs off the path, by version."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return str(newest[-1]) if newest else shutil.which(name) or ""
