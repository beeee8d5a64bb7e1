"""Letting go of what a bucket has a right to and does not list, so that the content store can free it.

Uploads bring bytes in before they are listed, so a file that is not listed may be on its way: it is let go when it has
not been listed for `GRACE_MS`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pioche.buckets import listing, store
from pioche.buckets.types import EMPTY, StoredFile
from pioche.ports.database import Database
from pioche.protocols.xet import hashes
from pioche.xet.service import Xet

BATCH = 1_000
GRACE_MS = 3 * 24 * 3600 * 1000


class Tidying:
    def __init__(self, database: Database, xet: Xet) -> None:
        self._database = database
        self._xet = xet

    def run(self, grace_ms: int = GRACE_MS) -> int:
        """Goes through all buckets; how many files were let go."""
        with self._database.read() as tx:
            numbers = store.numbers(tx)
        return sum(self._tidy(number, grace_ms) for number in numbers)

    def faults(self, number: int) -> Iterator[str]:
        """One sentence for each listed file that the content store does not have for its bucket."""
        start: str | None = ""
        while start is not None:
            with self._database.read() as tx:
                bucket = store.get(tx, number)
                page = listing.page(tx, number, "", start, BATCH)
                files = [entry for entry in page.entries if isinstance(entry, StoredFile)]
                held = self._xet.holdings.find(tx, number, {file.name for file in files})
            if bucket is None:
                return
            for file in files:
                known = held.get(file.name)
                if file.name != EMPTY and (known is None or known.size != file.size):
                    name = hashes.to_string(file.name)
                    yield f"{bucket.bucket_id.path}: the file '{file.path}' ({name}) is missing in the content store"
            start = page.next_start

    def _tidy(self, number: int, grace_ms: int) -> int:
        last, count = 0, 0
        while True:
            with self._database.write() as tx:
                held = self._xet.holdings.after(tx, number, last, BATCH)
                if not held or store.get(tx, number) is None:
                    return count
                listed = listing.listed(tx, number, [file.name for file in held])
                seen = listing.leftovers(tx, number)
                unused = [file for file in held if file.name not in listed]
                gone = [file for file in unused if tx.now - seen.get(file.name, tx.now) >= grace_ms]
                self._xet.holdings.release(tx, number, gone)
                listing.drop_leftovers(tx, number, {*listed, *(file.name for file in gone)} & seen.keys())
                names = {file.name for file in unused} - {file.name for file in gone} - seen.keys()
                listing.add_leftovers(tx, number, names)
            last, count = held[-1].id, count + len(gone)
