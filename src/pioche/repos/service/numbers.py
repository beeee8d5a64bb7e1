"""Numbers of repositories for what is no repository but has rights in the content store as one."""

from __future__ import annotations

from pioche.ports.database import Tx
from pioche.repos import store


def take_number(tx: Tx) -> int:
    """A number that no repository has had and none will get. Nothing is swept up for it."""
    number = store.reserve_number(tx)
    store.drop_number(tx, number)
    return number
