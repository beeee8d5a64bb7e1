"""The nouns of the content store."""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pioche.protocols.xet import hashes
from pioche.protocols.xet.xorb import ChunkTable

_PIECE = struct.Struct("<QIIQ")

TableOf = Callable[[int], ChunkTable]
"""From a xorb's id to what is in it."""


@dataclass(frozen=True, slots=True)
class Xorb:
    id: int
    name: bytes
    chunk_count: int
    raw_size: int
    disk_size: int

    @property
    def key(self) -> str:
        return blob_key(self.name)


@dataclass(frozen=True, slots=True)
class XetFile:
    """A registered file. `sha256` (hex) was computed here from the bytes; None if nobody asked for it."""

    id: int
    name: bytes
    size: int
    sha256: str | None

    @property
    def hash(self) -> str:
        """The string form, for `xetHash` and `X-Xet-Hash`."""
        return hashes.to_string(self.name)


class Piece(NamedTuple):
    """Chunks `[start, end)` of a xorb, up to byte `file_end` of the file."""

    xorb_id: int
    start: int
    end: int
    file_end: int


class Stretch(NamedTuple):
    """Chunks `[start, end)` of a xorb: `length` bytes of the file from `offset` on."""

    xorb_id: int
    start: int
    end: int
    offset: int
    length: int


class Recipe:
    """How a file is put together, in order."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self.pieces = list(pieces)
        self._ends = [piece.file_end for piece in self.pieces]

    @property
    def size(self) -> int:
        return self._ends[-1] if self._ends else 0

    def stretches(self, start: int, end: int, table_of: TableOf) -> Iterator[Stretch]:
        """What to read for bytes `[start, end)` of the file; the first and last are cut to whole chunks."""
        if start >= end:
            return
        for index in range(bisect_right(self._ends, start), len(self.pieces)):
            piece = self.pieces[index]
            offset = self._ends[index - 1] if index else 0
            if offset >= end:
                return
            if offset >= start and piece.file_end <= end:
                yield Stretch(piece.xorb_id, piece.start, piece.end, offset, piece.file_end - offset)
            else:
                yield _cut(piece, offset, (start, end), table_of(piece.xorb_id))

    def pack(self) -> bytes:
        return b"".join(_PIECE.pack(*piece) for piece in self.pieces)

    @classmethod
    def unpack(cls, data: bytes) -> Recipe:
        return cls(map(Piece._make, _PIECE.iter_unpack(data)))


@dataclass(slots=True)
class Progress:
    """How far a registration is, in bytes of the files that it reads; written by one thread, read by another."""

    verified: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class SweepReport:
    """What a garbage collection did: files forgotten, xorbs marked, xorbs deleted and the bytes they had."""

    files: int
    doomed: int
    deleted: int
    freed: int


def blob_key(name: bytes) -> str:
    """Where a xorb lies in the blob store."""
    text = hashes.to_string(name)
    return f"xorbs/{text[:2]}/{text[2:4]}/{text}"


def _cut(piece: Piece, offset: int, wanted: tuple[int, int], table: ChunkTable) -> Stretch:
    base = table.raw_start(piece.start) - offset  # from a byte of the file to a raw byte of the xorb
    first = max(piece.start, bisect_right(table.raw_ends, base + wanted[0]))
    last = min(piece.end, bisect_left(table.raw_ends, base + wanted[1]) + 1)
    return Stretch(piece.xorb_id, first, last, table.raw_start(first) - base, table.raw_length(first, last))
