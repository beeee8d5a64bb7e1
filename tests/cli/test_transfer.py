"""A hub moves from SQLite to PostgreSQL with all that it knows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from pioche.app import build_hub
from pioche.cli import main
from pioche.cli.serve import hold
from pioche.hub import Hub
from pioche.ports.database import Database, metadata
from pioche.ports.database.postgres import PostgresDatabase
from pioche.ports.database.sqlite import SqliteDatabase
from pioche.settings import Settings
from pioche.testkit.postgres import Cluster
from pioche.testkit.room import Room


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def url(postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    url = postgres.empty()
    monkeypatch.setenv("PIOCHE_DATABASE_URL", url)
    return url


@pytest.fixture
def old(data: Path) -> Iterator[Hub]:
    """On SQLite, whatever the other hubs of this run use."""
    database = SqliteDatabase(data / "hub.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pioche.app.open_database", lambda _: database)
        hub = build_hub(Settings(data=data))
    yield hub
    hub.database.close()


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as tx:
        return {
            table.name: sorted((tuple(row) for row in tx.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def move(data: Path) -> Result:
    return CliRunner().invoke(main, ["to-postgres", "--data", str(data)])


def fill(room: Room) -> str:
    """Something in many tables; a repository that is gone again, whose number must not come back."""
    alice, bob = room.cast.alice, room.cast.bob
    gone = room.repo(alice, "gone")
    assert room.ask("DELETE", "/api/repos/delete", alice, json={"name": gone.split("/")[1]}).status_code == 200
    name = room.repo(alice, "thing")
    room.write(alice, name, {"README.md": "---\ntags: [é]\n---\n# A\0B\n", "a.txt": "1"})
    room.upload(alice, name, bytes(range(256)))
    assert room.post(f"/api/models/{name}/discussions", bob, json={"title": "T", "description": "D"}).is_success
    assert room.post(f"/api/models/{name}/like", bob).is_success
    assert room.post("/api/collections", bob, json={"title": "C", "namespace": "bob"}).is_success
    return name


def test_everything_is_there_and_goes_on(old: Hub, data: Path, url: str) -> None:
    room = Room(old)
    name = fill(room)
    before = rows(old.database)
    alice = room.cast.alice
    number = room.number(alice, name)
    old.database.close()

    done = move(data)
    assert done.exit_code == 0, done.output
    assert f"Copied {sum(map(len, before.values()))} rows." in done.output
    assert [path.name for path in data.glob("hub.db*")] == ["hub.db.moved"]
    assert len([table for table, found in before.items() if found]) >= 14

    hub = build_hub(Settings(data=data, database_url=url))
    after = rows(hub.database)
    assert {table: len(found) for table, found in after.items()} == {t: len(found) for t, found in before.items()}
    assert after["tokens"] == before["tokens"]
    assert after["discussion_events"] == before["discussion_events"]
    moved = Room(hub, room.cast)
    assert moved.get(f"/{name}/resolve/main/a.txt").text == "1"
    assert moved.number(alice, name) == number
    moved.write(alice, name, {"b.txt": "2"})
    later = moved.repo(alice, "later")
    assert moved.number(alice, later) > number
    assert (
        moved.post(f"/api/models/{name}/discussions", alice, json={"title": "U", "description": "D"}).json()["num"] == 2
    )
    hub.database.close()


def test_only_into_an_empty_database(old: Hub, data: Path, url: str) -> None:
    fill(Room(old))
    old.database.close()
    assert move(data).exit_code == 0
    (data / "hub.db.moved").rename(data / "hub.db")
    again = move(data)
    assert (again.exit_code, "is not empty" in again.output) == (1, True)
    assert (data / "hub.db").is_file()


def test_not_while_the_hub_runs(old: Hub, data: Path, url: str) -> None:
    held = hold(data)
    refused = move(data)
    os.close(held)
    assert (refused.exit_code, "running" in refused.output) == (1, True)
    database = PostgresDatabase(url)
    assert not database.has_table("repos")
    database.close()


def test_it_says_what_is_missing(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "There is no hub.db" in move(tmp_path).output
    monkeypatch.delenv("PIOCHE_DATABASE_URL")
    assert "database_url" in move(tmp_path).output
