"""Reading plain large files again, the longest unread first, as `xet` does with what is in chunks."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence

from pioche.errors import BlobNotFound
from pioche.lfs import store
from pioche.lfs.types import LargeFile
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database
from pioche.xet.service.scrubbing import BATCH, slice_of

log = logging.getLogger("pioche.lfs")

BLOCK = 1024 * 1024


class Scrubber:
    """Checks plain files against their SHA-256."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs

    def run(self) -> Sequence[str]:
        """Checks the next slice, marks what it finds, and returns it in words."""
        with self._database.read() as tx:
            left = slice_of(store.stored_bytes(tx))
            oldest = store.longest_unchecked(tx, BATCH)
        checked: list[tuple[LargeFile, str]] = []
        for file in oldest:
            checked.append((file, self.fault_of(file)))
            left -= file.size
            if left <= 0:
                break
        with self._database.write() as tx:
            # What was turned into chunks in the meantime is no fault.
            faults = [_words(file, fault) for file, fault in checked if store.set_checked(tx, file.sha256, fault)]
        told = [fault for fault in faults if fault]
        for fault in told:
            log.error("%s", fault)
        return told

    def fault_of(self, file: LargeFile) -> str:
        """What is wrong with its bytes; empty if nothing is."""
        digest, size = hashlib.sha256(), 0
        try:
            with self._blobs.open(file.key) as blob:
                while block := blob.read(BLOCK):
                    digest.update(block)
                    size += len(block)
        except BlobNotFound as error:
            return error.message
        if size != file.size:
            return f"It has {size} bytes, not {file.size}."
        return "" if digest.hexdigest() == file.sha256 else "Its bytes have another SHA-256."

    def marked(self) -> Sequence[tuple[str, Sequence[int]]]:
        """What `run` found and nobody has repaired: in words, and the repositories that need it."""
        with self._database.read() as tx:
            return [(_words(file, fault), store.holders(tx, file.sha256)) for file, fault in store.faulty(tx)]

    def check_all(self) -> Iterator[tuple[str, Sequence[int]]]:
        """Reads everything; the faults, in words, with the repositories that need those bytes. Marks nothing."""
        after = ""
        while True:
            with self._database.read() as tx:
                batch = store.files_after(tx, after, BATCH)
            if not batch:
                return
            for file in batch:
                fault = self.fault_of(file)
                if fault:
                    with self._database.read() as tx:
                        if store.get(tx, file.sha256) is not None:
                            yield _words(file, fault), store.holders(tx, file.sha256)
            after = batch[-1].sha256


def _words(file: LargeFile, fault: str) -> str:
    return f"the large file {file.sha256} is damaged or missing: {fault}" if fault else ""
