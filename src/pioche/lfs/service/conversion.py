"""From one blob to chunks, later: downloads of a plain file are the fastest, chunks store repeated content once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pioche.lfs import store
from pioche.lfs.types import LargeFile, blob_key
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.settings import Settings

if TYPE_CHECKING:
    from pioche.xet.service import Xet
    from pioche.xet.service.registration import Claim

# Whoever got a path to a blob has so long to open it before the blob goes.
LEFTOVER_DELAY_MS = 15 * 60 * 1000
NO_ROOM_DELAY_MS = 3600 * 1000


class Conversion:
    """The blob stays until nobody can be about to read it; readers see the same bytes before and after."""

    def __init__(self, database: Database, blobs: BlobStore, xet: Xet, queue: Queue, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._xet = xet
        self._queue = queue
        self._settings = settings

    def plan(self, tx: Tx, file: LargeFile, delay_ms: int | None = None) -> None:
        """To be done when the file has been here for a while. Empty files have no chunks and stay."""
        if self._settings.lfs_to_xet and file.size:
            delay = self._settings.lfs_to_xet_after * 1000 if delay_ms is None else delay_ms
            arguments = {"sha256": file.sha256}
            self._queue.enqueue(tx, "lfs.store_as_xet", arguments, unique=file.sha256, delay_ms=delay)

    def run(self, sha256: str) -> bool:
        """True if the file is in the content store afterwards because of this. Safe to run again at any point."""
        with self._database.read() as tx:
            file, holders = store.get(tx, sha256), store.holders(tx, sha256)
        if file is None or not holders:
            return False
        if self._blobs.free_bytes() - file.size < self._settings.free_disk_reserve:
            with self._database.write() as tx:
                self.plan(tx, file, NO_ROOM_DELAY_MS)
            return False
        with self._blobs.open(file.key) as blob:
            claim = self._xet.intake.pack(blob, sha256)
        with self._database.write() as tx:
            return self.switch(tx, sha256, claim)

    def drop_later(self, tx: Tx, sha256: str) -> None:
        """The blob is not needed any more."""
        arguments = {"sha256": sha256}
        self._queue.enqueue(tx, "lfs.drop_leftover", arguments, unique=sha256, delay_ms=LEFTOVER_DELAY_MS)

    def drop(self, sha256: str) -> bool:
        """Deletes the blob of a file that has no row: turned into chunks, or never finished. True if it was there."""
        with self._database.write() as tx:
            if store.get(tx, sha256) is not None or self._blobs.size(blob_key(sha256)) is None:
                return False
            self._blobs.delete(blob_key(sha256))
            return True

    def switch(self, tx: Tx, sha256: str, claim: Claim) -> bool:
        """Everyone who holds the file now holds it in the content store, in the transaction that ends its row.

        Those who lost it while it was cut, and a file that somebody else converted meanwhile, are left as they are.
        """
        holders = store.holders(tx, sha256)
        if not holders:
            return False
        self._xet.intake.keep(tx, holders, claim)
        store.remove(tx, sha256)
        self.drop_later(tx, sha256)
        return True
