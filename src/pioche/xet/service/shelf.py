"""Xorbs on the blob store, with what is in them at hand."""

from __future__ import annotations

import mmap
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

from pioche.errors import Busy, InvalidXorb, NotFound
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database
from pioche.protocols.xet import hashes, xorb
from pioche.protocols.xet.xorb import ChunkTable
from pioche.xet import store
from pioche.xet.types import Xorb, blob_key

CACHED_CHUNKS = 400_000
"""40 bytes each: 16 MB, the tables of about 25 GB of data."""


class Shelf:
    """Stores and finds xorbs. Safe to use from several threads."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self.database = database
        self.blobs = blobs
        self._tables: OrderedDict[int, ChunkTable] = OrderedDict()
        self._chunks = 0
        self._lock = threading.Lock()

    def find(self, name: bytes) -> Xorb | None:
        with self.database.read() as tx:
            return store.xorb_by_name(tx, name)

    def store(self, name: bytes, spool: Path) -> bool:
        """Check the body in `spool` and keep it, durably, before anyone can refer to it; False if it was here.

        Takes `spool` over. Raises `InvalidXorb`.
        """
        try:
            if self.find(name) is not None:
                return False
            table = _verify(spool, name)
            if spool.stat().st_size > table.disk_size:
                os.truncate(spool, table.disk_size)
            self.blobs.put_file(blob_key(name), spool)
        finally:
            spool.unlink(missing_ok=True)
        return self._record(name, table)

    def table_of(self, xorb_id: int) -> ChunkTable:
        with self._lock:
            table = self._tables.get(xorb_id)
            if table is not None:
                self._tables.move_to_end(xorb_id)
                return table
        with self.database.read() as tx:
            table = store.chunk_table(tx, xorb_id)
        if table is None:
            raise NotFound("A part of this file is not stored here any more.")
        self._keep(xorb_id, table)
        return table

    def xorbs(self, ids: set[int]) -> dict[int, Xorb]:
        with self.database.read() as tx:
            return store.xorbs_by_id(tx, ids)

    def open(self, found: Xorb) -> BinaryIO:
        return self.blobs.open(found.key)

    def _record(self, name: bytes, table: ChunkTable) -> bool:
        with self.database.write() as tx:
            # A sweep may have deleted the file between `put_file` finding it there and this lock.
            if self.blobs.size(blob_key(name)) is None:
                raise Busy("The xorb was being deleted while it arrived. Send it again.")
            if store.xorb_by_name(tx, name) is not None:
                return False
            if store.revive(tx, name):
                return True
            xorb_id = store.add_xorb(tx, name, table)
            digests = (table.hashes_of(chunk, chunk + 1) for chunk in range(len(table)))
            store.add_dedupe(tx, ((digest, xorb_id) for digest in digests if hashes.asked_for(digest)))
        return True

    def _keep(self, xorb_id: int, table: ChunkTable) -> None:
        with self._lock:
            if xorb_id in self._tables:
                return
            self._tables[xorb_id] = table
            self._chunks += len(table)
            while self._chunks > CACHED_CHUNKS and len(self._tables) > 1:
                _, dropped = self._tables.popitem(last=False)
                self._chunks -= len(dropped)


def _verify(spool: Path, name: bytes) -> ChunkTable:
    with spool.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise InvalidXorb("a xorb must hold at least one chunk")
        # Mapped at once, without a fault per page: it was just written, so it is in memory.
        # Never closed by hand: an error on its way out still holds slices. It goes with the last of them.
        body = mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ)
    return xorb.verify(memoryview(body), name)
