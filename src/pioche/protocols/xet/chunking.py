"""Chunking: where files are cut, so that equal parts of different files become equal chunks.

Source: Xet specification, page "chunking"; checked against the hf-xet client 1.8.0.
Shape:  gear hash `h = (h << 1) + GEAR[byte]` modulo 2^64; a chunk ends after a byte that makes the upper 16 bits zero.
Units:  bytes; a chunk has 8 KiB to 128 KiB, the last of a file may be shorter.
Errors: none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pioche.protocols.xet.gear import GEAR

if TYPE_CHECKING:
    from numpy import uint64
    from numpy.typing import NDArray

CHUNK_MIN = 8_192
CHUNK_MAX = 131_072

# A byte is shifted out after 64 steps, and no chunk is shorter than that. So whether a cut is possible behind a byte
# depends on the 64 bytes up to it alone, and a whole block can be looked at in parallel.
_WINDOW = 64
_BLOCK = 32 * 1024  # what fits the processor's cache; larger blocks halve the speed
_LIMIT = 1 << 48


def cut(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks of a file that comes in blocks of any size."""
    pending = b""
    start = 0  # where `pending` starts in the file
    marks: deque[int] = deque()
    finder = _Finder()
    for block in blocks:
        marks.extend(finder.feed(block))
        pending += block
        at = 0
        while length := _length(marks, start + at, len(pending) - at):
            yield pending[at : at + length]
            at += length
        pending, start = pending[at:], start + at
    if pending:
        yield pending


def _length(marks: deque[int], start: int, have: int) -> int:
    """Of the chunk at `start`; 0 while what has come of it may be only its beginning."""
    while marks and marks[0] - start < CHUNK_MIN:
        marks.popleft()
    if marks and marks[0] - start <= CHUNK_MAX:
        return marks[0] - start
    return CHUNK_MAX if have >= CHUNK_MAX else 0


class _Finder:
    """Finds all places where the hash allows a cut, whatever the chunk lengths."""

    def __init__(self) -> None:
        import numpy as np  # late, because the hub must start fast

        self._numpy = np
        self._table: NDArray[uint64] = np.array(GEAR, np.uint64)
        self._tail = b""
        self._seen = 0

    def feed(self, block: bytes) -> Iterator[int]:
        for at in range(0, len(block), _BLOCK):
            yield from self._find(block[at : at + _BLOCK])

    def _find(self, part: bytes) -> list[int]:
        np = self._numpy
        data = self._tail + part
        value = self._table[np.frombuffer(data, np.uint8)]
        shift = 1
        while shift < _WINDOW:  # sums of 1, 2, 4 .. 64 neighbours
            value[shift:] += value[:-shift] << np.uint64(shift)
            shift *= 2
        first = self._seen - len(self._tail)
        found = np.flatnonzero(value[len(self._tail) :] < _LIMIT) + (first + len(self._tail) + 1)
        self._seen += len(part)
        self._tail = data[-(_WINDOW - 1) :]
        cuts: list[int] = found.tolist()
        return cuts
