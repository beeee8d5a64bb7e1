"""Files for everyone who does not speak Xet: bytes put together from xorbs, in blocks of about 1 MiB."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import BinaryIO

from pioche.errors import BlobNotFound
from pioche.protocols.xet.xorb import HEADER_SIZE, PACKED_MAX, ChunkTable, unpack_chunks
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import Recipe, Stretch

BLOCK = 1024 * 1024
_BUFFER = BLOCK + PACKED_MAX + HEADER_SIZE


class Reader:
    """One file. `blocks` may run several times, also in different threads; each run holds about 4 MB."""

    def __init__(self, shelf: Shelf, recipe: Recipe) -> None:
        self._shelf = shelf
        self._recipe = recipe
        self.size = recipe.size

    def blocks(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Bytes `[start, end)` in order. Close the generator to leave early. Raises `BlobNotFound`."""
        end = self.size if end is None else min(end, self.size)
        for at, chunks in self._spans(start, end):
            yield _cut(b"".join(chunks), start - at, end - at)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """All of it, chunk by chunk and not copied: a chunk is gone when the next one is asked for."""
        for _, chunks in self._spans(0, self.size):
            yield from chunks

    def _spans(self, start: int, end: int) -> Iterator[tuple[int, Iterator[bytes | memoryview]]]:
        """Where each run of about `BLOCK` bytes starts in the file, and its chunks."""
        buffer = memoryview(bytearray(min(_BUFFER, max(0, end - start) + 2 * PACKED_MAX)))
        stretches = self._recipe.stretches(start, end, self._shelf.table_of)
        for stretch, file in self._opened(stretches):
            table = self._shelf.table_of(stretch.xorb_id)
            at = stretch.offset
            for first, last in _spans(table, stretch):
                yield at, unpack_chunks(_read(file, buffer, table.start(first), table.start(last)))
                at += table.raw_length(first, last)

    def _opened(self, stretches: Iterator[Stretch]) -> Iterator[tuple[Stretch, BinaryIO]]:
        """Each stretch with its xorb, opened once for those that follow each other."""
        file, opened = None, None
        try:
            for stretch in stretches:
                if file is None or stretch.xorb_id != opened:
                    if file is not None:
                        file.close()
                    file, opened = self._open(stretch.xorb_id), stretch.xorb_id
                yield stretch, file
        finally:
            if file is not None:
                file.close()

    def _open(self, xorb_id: int) -> BinaryIO:
        found = self._shelf.xorbs({xorb_id}).get(xorb_id)
        if found is None:
            raise BlobNotFound("A part of this file is not stored here any more.")
        return self._shelf.open(found)


def _spans(table: ChunkTable, stretch: Stretch) -> Iterator[tuple[int, int]]:
    """Runs of chunks of about `BLOCK` bytes, both as stored and unpacked: zeros pack into next to nothing."""
    first = stretch.start
    while first < stretch.end:
        packed = bisect_right(table.ends, table.start(first) + BLOCK, first, stretch.end)
        raw = bisect_right(table.raw_ends, table.raw_start(first) + BLOCK, first, stretch.end)
        last = max(first + 1, min(packed, raw))
        yield first, last
        first = last


def _read(file: BinaryIO, buffer: memoryview, start: int, end: int) -> memoryview:
    span = buffer[: end - start]
    file.seek(start)
    filled = 0
    while filled < len(span):
        count = file.readinto(span[filled:])  # type: ignore[attr-defined]
        if not count:
            raise BlobNotFound("A part of this file is damaged on the disk of this hub.")
        filled += count
    return span


def _cut(block: bytes, start: int, end: int) -> bytes:
    """The part of `block` between two offsets that may lie outside of it."""
    return block if start <= 0 and end >= len(block) else block[max(0, start) : end]
