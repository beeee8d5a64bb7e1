"""Reading what is stored again, the longest unread first: clients do not check, and disks forget in silence."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from pioche.errors import HubError
from pioche.protocols.xet import hashes, xorb
from pioche.xet import store
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import Xorb

log = logging.getLogger("pioche.xet")

SLICES_PER_ROUND = 30 * 24
"""One an hour: every stored byte is read about once a month."""
SLICE_MAX = 4 * 1024**3
BATCH = 500


def slice_of(total: int) -> int:
    """Bytes to read in one go, when `total` are stored. One object is always read, however large."""
    return min(SLICE_MAX, total // SLICES_PER_ROUND)


class Scrubber:
    """Checks xorbs against their names: every chunk is unpacked and hashed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def run(self) -> Sequence[str]:
        """Checks the next slice, marks what it finds, and returns it in words."""
        with self._shelf.database.read() as tx:
            left = slice_of(store.stored_bytes(tx))
            oldest = store.longest_unchecked(tx, BATCH)
        checked: list[tuple[Xorb, str]] = []
        for found in oldest:
            checked.append((found, self.fault_of(found)))
            left -= found.disk_size
            if left <= 0:
                break
        with self._shelf.database.write() as tx:
            # What a sweep deleted in the meantime is no fault.
            faults = [_words(found, fault) for found, fault in checked if store.set_checked(tx, found.id, fault)]
        told = [fault for fault in faults if fault]
        for fault in told:
            log.error("%s", fault)
        return told

    def fault_of(self, found: Xorb) -> str:
        """What is wrong with its bytes; empty if nothing is."""
        try:
            with self._shelf.open(found) as file:
                body = file.read(found.disk_size)
            xorb.verify(memoryview(body), found.name)
        except HubError as error:
            return error.message
        return ""

    def marked(self) -> Sequence[tuple[str, Sequence[int]]]:
        """What `run` found and nobody has repaired: in words, and the repositories that need it."""
        with self._shelf.database.read() as tx:
            return [
                (_words(found, fault), store.repos_with_xorb(tx, found.id)) for found, fault in store.faulty_xorbs(tx)
            ]

    def check_all(self) -> Iterator[tuple[str, Sequence[int]]]:
        """Reads everything; the faults, in words, with the repositories that need those bytes. Marks nothing."""
        after = 0
        while True:
            with self._shelf.database.read() as tx:
                batch = store.xorbs_after(tx, after, BATCH)
            if not batch:
                return
            for found in batch:
                fault = self.fault_of(found)
                if fault:
                    with self._shelf.database.read() as tx:
                        if store.xorbs_by_id(tx, [found.id]):
                            yield _words(found, fault), store.repos_with_xorb(tx, found.id)
            after = batch[-1].id


def _words(found: Xorb, fault: str) -> str:
    return f"the xorb {hashes.to_string(found.name)} is damaged or missing: {fault}" if fault else ""
