"""Which files of the content store a repository may use, by their Xet hashes in raw bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pioche.ports.database import Tx
from pioche.xet import store
from pioche.xet.types import XetFile


class Holdings:
    """`repo_id` is a repository or a bucket that the caller has asked `access` about."""

    def find(self, tx: Tx, repo_id: int, names: Collection[bytes]) -> dict[bytes, XetFile]:
        """Those of these files that it may use."""
        return store.held(tx, repo_id, names)

    def after(self, tx: Tx, repo_id: int, file_id: int, limit: int) -> Sequence[XetFile]:
        """All that it may use, in pieces: those with a greater id than `file_id`."""
        return store.held_after(tx, repo_id, file_id, limit)

    def give(self, tx: Tx, repo_id: int, files: Collection[XetFile]) -> None:
        """It may use them from now on, because the actor may read them somewhere."""
        for file in files:
            store.entitle(tx, repo_id, file.id)

    def release(self, tx: Tx, repo_id: int, files: Collection[XetFile]) -> None:
        """It needs them no more; what nobody needs goes with a later sweep."""
        store.release(tx, repo_id, [file.id for file in files])

    def named(self, tx: Tx, repo_id: int) -> list[tuple[XetFile, int]]:
        """What it may use and has a SHA-256, and since when that is known (Unix milliseconds)."""
        return store.named_files(tx, repo_id)

    def release_named(self, tx: Tx, repo_id: int, sha256s: Collection[str]) -> None:
        """As `release`, by SHA-256."""
        store.release_named(tx, repo_id, sha256s)
