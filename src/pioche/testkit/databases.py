"""Which database the hubs of the tests use: SQLite, or with `pytest --database postgres` a server made for the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pioche.ports.database import Database
    from pioche.settings import Settings
    from pioche.testkit.postgres import Cluster


class _State:
    cluster: Cluster | None = None
    everywhere = False  # a hub that names no database gets one on the cluster


def cluster() -> Cluster:
    """Of this run, started when it is first asked for."""
    from pioche.testkit.postgres import Cluster

    if _State.cluster is None:
        _State.cluster = Cluster()
    return _State.cluster


def postgres_is_installed() -> bool:
    from pioche.testkit.postgres import program

    return bool(program("initdb"))


def stop() -> None:
    if _State.cluster is not None:
        _State.cluster.stop()
        _State.cluster = None


def use_postgres() -> None:
    """From now on every hub in this process, and every `Server`, that names no database."""
    import pioche.app

    _State.everywhere = True
    opened = pioche.app.open_database

    def open_database(settings: Settings) -> Database:
        return opened(replace(settings, database_url=settings.database_url or url_of(settings.data)))

    pioche.app.open_database = open_database


def url_of(data: Path) -> str:
    """For the hub with this data folder; empty where it is SQLite."""
    return cluster().of_hub(data.resolve()) if _State.everywhere else ""


def drop_below(folder: Path) -> None:
    if _State.cluster is not None:
        _State.cluster.drop_below(folder.resolve())
