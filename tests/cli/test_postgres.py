"""A whole hub with its tables in PostgreSQL, as its admin runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from pioche.testkit.postgres import Cluster
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


@pytest.fixture
def address(postgres: Cluster) -> str:
    return postgres.empty()


@pytest.fixture
def server(tmp_path: Path, address: str) -> Iterator[Server]:
    """Told where its database is by a file, as a secret should be."""
    secret = tmp_path / "database"
    secret.write_text(f"{address}\n")
    server = Server(tmp_path / "data", {"PIOCHE_DATABASE_URL_FILE": str(secret)})
    server.start()
    yield server
    server.kill9()


def test_a_hub_serves_restarts_and_is_looked_after(server: Server, address: str) -> None:
    made = server.command("user", "create", "alice", "--email", "alice@example.org", "--password", "long enough")
    token = server.command("token", "create", "alice", "--name", "t", "--role", "write").split()[-1]
    assert "alice" in made
    with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as client:
        assert client.post("/api/repos/create", json={"name": "thing"}).status_code == 200
    server.restart()
    assert httpx.get(f"{server.url}/api/models/alice/thing").json()["id"] == "alice/thing"
    assert server.command("doctor", "--deep") == "All is well.\n"
    assert "Repositories: 1 packed." in server.command("gc")
    assert server.command("rebuild", "repos") == "Rebuilt 1 repos.\n"
    assert server.command("migrate") == "The database is up to date.\n"
    assert not list(server.data.glob("hub.db*"))
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT name FROM repos").fetchall() == [("thing",)]


def test_a_restart_of_the_database_is_survived(server: Server, postgres: Cluster) -> None:
    assert httpx.get(f"{server.url}/api/models").status_code == 200
    postgres.kill_connections()
    statuses = {httpx.get(f"{server.url}/api/models").status_code for _ in range(30)}
    assert statuses <= {200, 503}
    assert httpx.get(f"{server.url}/api/models").status_code == 200
