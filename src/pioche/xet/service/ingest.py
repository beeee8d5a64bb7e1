"""Plain bytes into the content store: cut, look up, compress, pack. One pass, memory bounded by one xorb."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pioche.errors import InvalidInput
from pioche.protocols.xet import chunking, hashes, xorb
from pioche.protocols.xet.compression import BG4_LZ4, LZ4, STORED
from pioche.xet import store
from pioche.xet.service.registration import Claim
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import Piece, Recipe

BLOCK = 1024 * 1024
CHUNKS_PER_XORB = 8_192
PROBE_EVERY = 32
KNOWN_MAX = 500_000
"""Chunks remembered while a file is packed, at about 200 bytes each."""


@dataclass(slots=True)
class Slot:
    """A xorb that is full, being filled (no id yet), or was here before."""

    xorb_id: int | None = None
    digests: list[bytes] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    raw_size: int = 0


@dataclass(slots=True)
class Run:
    """Chunks `[start, end)` of a slot, `length` bytes in all."""

    slot: Slot
    start: int
    end: int
    length: int


class Packer:
    """Takes the chunks of one file; new ones go into xorbs, known ones become references."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[bytes, tuple[Slot, int]] = {}
        self._runs: list[Run] = []
        self._digests: list[bytes] = []
        self._lengths = array("I")
        self._slot = Slot()
        self._body: BinaryIO | None = None
        self._spool = Path()
        self._scheme = STORED

    def add(self, chunk: bytes) -> None:
        digest = hashes.chunk_hash(chunk)
        if digest not in self._known and (not self._digests or hashes.asked_for(digest)):
            self._look_up(digest)
        self._digests.append(digest)
        self._lengths.append(len(chunk))
        place = self._known.get(digest)
        self._refer(*(self._write(digest, chunk) if place is None else place), len(chunk))

    def finish(self, sha256: str) -> Claim:
        """Everything is stored; the recipe is ready to be recorded."""
        self._close()
        pieces, end = [], 0
        for run in self._runs:
            end += run.length
            assert run.slot.xorb_id is not None
            pieces.append(Piece(run.slot.xorb_id, run.start, run.end, end))
        name = hashes.file_hash(b"".join(self._digests), self._lengths)
        return Claim(name, Recipe(pieces), sha256, self._digests[0])

    def discard(self) -> None:
        """Leave no half-written xorb behind."""
        if self._body is not None:
            self._body.close()
            self._spool.unlink(missing_ok=True)
            self._body = None

    def _look_up(self, digest: bytes) -> None:
        """Learn all chunks of the xorb that holds this one: what follows it is probably there too."""
        with self._shelf.database.read() as tx:
            found = store.xorb_with_chunk(tx, digest)
        if found is None:
            return
        table = self._shelf.table_of(found)
        slot = Slot(xorb_id=found)
        self._forget_some(len(table))
        for chunk in range(len(table)):
            self._known.setdefault(table.hashes_of(chunk, chunk + 1), (slot, chunk))

    def _write(self, digest: bytes, chunk: bytes) -> tuple[Slot, int]:
        if self._slot.raw_size + len(chunk) > xorb.RAW_MAX or len(self._slot.digests) >= CHUNKS_PER_XORB:
            self._close()
        slot, number = self._slot, len(self._slot.digests)
        if self._body is None:
            self._spool = self._shelf.blobs.new_spool()
            self._body = self._spool.open("wb")
        if number % PROBE_EVERY == 0:
            self._scheme = _best_scheme(chunk)
        self._body.write(xorb.encode_chunk(chunk, self._scheme))
        slot.digests.append(digest)
        slot.lengths.append(len(chunk))
        slot.raw_size += len(chunk)
        self._forget_some(1)
        self._known[digest] = (slot, number)
        return slot, number

    def _close(self) -> None:
        """The xorb is full, or the file at its end: store it as an upload is stored, with all checks."""
        if self._body is None:
            return
        self._body.close()
        self._body = None
        slot, self._slot = self._slot, Slot()
        name = hashes.merkle_root(b"".join(slot.digests), slot.lengths)
        self._shelf.store(name, self._spool)
        found = self._shelf.find(name)
        assert found is not None
        slot.xorb_id = found.id

    def _refer(self, slot: Slot, number: int, length: int) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and last.slot is slot and last.end == number:
            last.end += 1
            last.length += length
        else:
            self._runs.append(Run(slot, number, number + 1, length))

    def _forget_some(self, coming: int) -> None:
        if len(self._known) + coming > KNOWN_MAX:
            self._known.clear()


def pack(shelf: Shelf, file: BinaryIO, sha256: str) -> Claim:
    """Store the bytes of `file` as xorbs. `InvalidInput` if they are none, or not those of `sha256`."""
    digest = hashlib.sha256()
    packer = Packer(shelf)
    try:
        for chunk in chunking.cut(_hashed(file, digest)):
            packer.add(chunk)
        if digest.hexdigest() != sha256:
            raise InvalidInput("The file is not what its SHA-256 says.")
        return packer.finish(sha256)
    finally:
        packer.discard()


def _hashed(file: BinaryIO, digest: hashlib._Hash) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        digest.update(block)
        yield block


def _best_scheme(chunk: bytes) -> int:
    """Whatever makes this chunk the shortest; its neighbours are probably alike."""
    sizes = {scheme: len(xorb.encode_chunk(chunk, scheme)) for scheme in (STORED, LZ4, BG4_LZ4)}
    return min(sizes, key=lambda scheme: (sizes[scheme], scheme))
