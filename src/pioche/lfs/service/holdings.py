"""What large files a repository has a right to, and those that it gave up on purpose."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from pioche.lfs import store
from pioche.lfs.types import Holding
from pioche.ports.database import Tx

if TYPE_CHECKING:
    from pioche.xet.service import Xet


class Holdings:
    def __init__(self, xet: Xet) -> None:
        self._xet = xet

    def all(self, tx: Tx, repo_id: int) -> list[Holding]:
        """Committed or not."""
        found = {one.sha256: one for one in store.holdings(tx, repo_id)}
        for file, since in self._xet.holdings.named(tx, repo_id):
            if file.sha256 is not None:
                found[file.sha256] = Holding(file.sha256, file.size, file.hash, since)
        return list(found.values())

    def give_up(self, tx: Tx, repo_id: int, sha256s: Collection[str]) -> None:
        """Its rights to these end. The bytes stay until `collect`, and for whoever else has a right to them."""
        store.give_up(tx, repo_id, sha256s)
        self._xet.holdings.release_named(tx, repo_id, sha256s)

    def is_given_up(self, tx: Tx, repo_id: int, sha256: str) -> bool:
        """Was it deleted for good from this repository?"""
        return bool(store.given_up(tx, repo_id, [sha256]))
