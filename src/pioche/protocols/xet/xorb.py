"""Xorb: a run of chunks in one object, named by the hash of its chunk hashes.

Source: Xet specification, page "xorb"; checked against the hf-xet client 1.8.0, which sends no footer.
Shape:  [header 8: version u8 = 0, packed length u24, scheme u8, raw length u24 | packed bytes]*, [footer]
Units:  bytes, little endian; chunk 1 to 128 KiB raw; at most 64 MiB raw in all, headers not counted.
Errors: `InvalidXorb` (bad header, hash mismatch, too long) -> 400; the client must not retry.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pioche.errors import InvalidXorb
from pioche.protocols.xet import hashes
from pioche.protocols.xet.compression import STORED, compress, decompress

HEADER_SIZE = 8
CHUNK_MAX = 131_072
PACKED_MAX = 262_144
RAW_MAX = 67_108_864
CHUNKS_MAX = 16_384
"""The stock client stops at 8,192; others may not."""
BODY_MAX = 65 * 1024 * 1024
"""64 MiB of raw bytes, a header per chunk, and room for a footer."""

_FOOTER_IDENT = b"XETBLOB"


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """What is in a xorb: n chunks.

    `hashes` is 32 * n bytes; `ends[i]` is where chunk i ends in the object, its header included;
    `raw_ends[i]` is where it ends in the unpacked bytes.
    """

    hashes: bytes
    ends: array[int]
    raw_ends: array[int]

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def disk_size(self) -> int:
        return self.ends[-1]

    @property
    def raw_size(self) -> int:
        return self.raw_ends[-1]

    def start(self, chunk: int) -> int:
        """Where chunk `chunk` starts in the object; also right for one past the last."""
        return self.ends[chunk - 1] if chunk else 0

    def raw_start(self, chunk: int) -> int:
        return self.raw_ends[chunk - 1] if chunk else 0

    def raw_length(self, start: int, end: int) -> int:
        """Unpacked bytes of chunks `[start, end)`."""
        return self.raw_start(end) - self.raw_start(start)

    def lengths(self, start: int, end: int) -> list[int]:
        """Unpacked length of each chunk of `[start, end)`."""
        bounds = [self.raw_start(start), *self.raw_ends[start:end]]
        return [b - a for a, b in pairwise(bounds)]

    def hashes_of(self, start: int, end: int) -> bytes:
        return self.hashes[32 * start : 32 * end]

    def pack(self) -> bytes:
        """40 bytes per chunk, in three runs: hashes, ends, raw ends."""
        return self.hashes + self.ends.tobytes() + self.raw_ends.tobytes()

    @classmethod
    def unpack(cls, data: bytes) -> ChunkTable:
        count = len(data) // 40
        ends, raw_ends = array("I"), array("I")
        ends.frombytes(data[32 * count : 36 * count])
        raw_ends.frombytes(data[36 * count :])
        return cls(data[: 32 * count], ends, raw_ends)


def verify(body: memoryview, name: bytes) -> ChunkTable:
    """Read a whole xorb, unpack and hash every chunk, and compare with its name.

    The object to keep is `body[:table.disk_size]`: a footer, if there was one, is not looked at.
    """
    digests: list[bytes] = []
    ends, raw_ends = array("I"), array("I")
    raw_total = 0
    for start, end, scheme, size in walk(body):
        raw_total += size
        if raw_total > RAW_MAX or len(digests) >= CHUNKS_MAX:
            raise InvalidXorb("more chunks or bytes than a xorb may hold")
        digests.append(hashes.chunk_hash(memoryview(decompress(scheme, body[start:end], size))))
        ends.append(end)
        raw_ends.append(raw_total)
    if not digests:
        raise InvalidXorb("a xorb must hold at least one chunk")
    table = ChunkTable(b"".join(digests), ends, raw_ends)
    if hashes.merkle_root(table.hashes, table.lengths(0, len(table))) != name:
        raise InvalidXorb("the content does not match the hash in the address")
    return table


def walk(body: memoryview) -> Iterator[tuple[int, int, int, int]]:
    """`(start, end, scheme, raw length)` of each chunk's packed bytes, headers checked; stops at a footer."""
    at, total = 0, len(body)
    while at < total:
        if total - at < HEADER_SIZE:
            raise InvalidXorb("the last chunk header is cut off")
        if body[at : at + 7] == _FOOTER_IDENT:
            return
        packed, scheme, raw = _header(body, at)
        start = at + HEADER_SIZE
        at = start + packed
        if at > total:
            raise InvalidXorb("the last chunk is cut off")
        yield start, at, scheme, raw


def unpack_chunks(span: memoryview) -> Iterator[bytes | memoryview]:
    """Raw chunks of a span that starts and ends at chunk boundaries; no copy where nothing is compressed."""
    for start, end, scheme, size in walk(span):
        yield decompress(scheme, span[start:end], size)


def encode_chunk(raw: bytes, scheme: int = STORED) -> bytes:
    """One chunk with its header; stored as it is when compression does not make it shorter."""
    packed = compress(scheme, raw)
    if len(packed) >= len(raw):
        scheme, packed = STORED, raw
    return b"\0" + len(packed).to_bytes(3, "little") + bytes((scheme,)) + len(raw).to_bytes(3, "little") + packed


def _header(body: memoryview, at: int) -> tuple[int, int, int]:
    head = int.from_bytes(body[at : at + HEADER_SIZE], "little")
    version, packed = head & 0xFF, head >> 8 & 0xFFFFFF
    scheme, raw = head >> 32 & 0xFF, head >> 40
    if version != 0:
        raise InvalidXorb(f"unknown chunk version {version}")
    if scheme > 2:
        raise InvalidXorb(f"unknown compression scheme {scheme}")
    if not 1 <= raw <= CHUNK_MAX or packed > PACKED_MAX:
        raise InvalidXorb(f"a chunk of {raw} bytes, {packed} packed, is outside the limits")
    return packed, scheme, raw
