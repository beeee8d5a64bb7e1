"""Files that came in whole, on their way into the content store: first the bytes, then, at once, the rights."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from pioche.ports.database import Tx
from pioche.xet import store
from pioche.xet.service.ingest import pack
from pioche.xet.service.registration import Claim, record, require_xorbs
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import XetFile


class Intake:
    """Two halves, so that whoever decides who gets the file decides it in the transaction that gives it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def pack(self, file: BinaryIO, sha256: str) -> Claim:
        """The slow half, about 10 s per GB: the bytes are stored, and nobody may use them yet.

        Raises `InvalidInput` if the bytes are not those of `sha256`.
        """
        return pack(self._shelf, file, sha256)

    def keep(self, tx: Tx, repo_ids: Collection[int], claim: Claim) -> XetFile:
        """The quick half: these repositories have the file. Raises `Busy` if packing it again helps."""
        require_xorbs(tx, {piece.xorb_id for piece in claim.recipe.pieces})
        for repo_id in repo_ids:
            record(tx, repo_id, claim)
        found = store.file_by_name(tx, claim.name)
        assert found is not None, "a file is kept for at least one repository"
        return found
