"""Shard: which files are made of which chunks of which xorbs. Uploading one is what registers files.

Source: Xet specification, page "shard"; checked against the hf-xet client 1.8.0.
Shape:  header, file section, xorb section, and a footer in what we send but not in uploads. Every record
        has 48 bytes; a section ends with a record of 32 bytes FF and 16 bytes 00.
Units:  bytes, little endian; chunk ranges are half open; lengths are raw bytes.
Errors: `InvalidShard` (cut off, wrong tag or count) -> 400; the client must not retry.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from pioche.errors import InvalidShard
from pioche.protocols.xet import hashes
from pioche.protocols.xet.xorb import ChunkTable

RECORD = 48
BODY_MAX = 68 * 1024 * 1024
"""The client splits at about 64 MiB."""
TAG = bytes.fromhex("48465265706f4d6574614461746100556967456a7b815783a5bdd95ccdd14aa9")
FOOTER_SIZE = 200

_VERSION = 2
_BOOKEND = b"\xff" * 32 + bytes(16)
_WITH_RANGE_HASHES = 1 << 31
_WITH_SHA256 = 1 << 30
_DEDUPE_CHUNK = 1 << 31
_HEADER = struct.Struct("<32sQQ")
_ENTRY = struct.Struct("<32sII8x")
_TERM = struct.Struct("<32sIIII")
_HASH = struct.Struct("<32s16x")
_XORB = struct.Struct("<32sIIII")
_CHUNK = struct.Struct("<32sIIII")
_FOOTER = struct.Struct("<9Q32sQQ48xQQQQ")


@dataclass(frozen=True, slots=True)
class ShardTerm:
    """Chunks `[start, end)` of a xorb, `length` raw bytes in all, as the sender claims."""

    xorb: bytes
    length: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file as the sender claims it. `range_hashes` holds one proof per term, or nothing at all.

    `sha256` is the plain digest in its usual byte order, or None where the sender does not know it.
    """

    name: bytes
    terms: tuple[ShardTerm, ...]
    range_hashes: tuple[bytes, ...]
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Shard:
    files: tuple[ShardFile, ...]
    xorbs: tuple[bytes, ...]
    """Hashes of the xorbs it describes. The chunk lists are not kept: the store knows them first hand."""


@dataclass(frozen=True, slots=True)
class DedupeXorb:
    """A xorb offered in a dedupe answer."""

    name: bytes
    table: ChunkTable


class _Records:
    """Reads records one after another and refuses to read past the end."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def take(self, count: int) -> memoryview:
        # The check comes before anything is allocated: counts are up to the sender.
        if count > (len(self.body) - self.at) // RECORD:
            raise InvalidShard("the shard is cut off, or one of its counts is wrong")
        start = self.at
        self.at += count * RECORD
        return memoryview(self.body)[start : self.at]

    def at_bookend(self) -> bool:
        return self.body[self.at : self.at + 32] == _BOOKEND[:32]

    def take_bookend(self) -> None:
        if bytes(self.take(1)) != _BOOKEND:
            raise InvalidShard("a section of the shard does not end properly")


def decode(body: bytes) -> Shard:
    """Read an uploaded shard completely; nothing it claims has been checked against any xorb yet."""
    records = _Records(body)
    tag, version, footer_size = _HEADER.unpack(records.take(1))
    if tag != TAG or version != _VERSION or footer_size not in (0, FOOTER_SIZE):
        raise InvalidShard("this is not a shard of version 2")
    files = []
    while not records.at_bookend():
        files.append(_decode_file(records))
    records.take_bookend()
    xorbs = []
    while not records.at_bookend():
        xorbs.append(_decode_xorb(records))
    records.take_bookend()
    if len(body) - records.at not in (0, footer_size):
        raise InvalidShard("there is something behind the end of the shard")
    return Shard(tuple(files), tuple(xorbs))


def encode(files: Iterable[ShardFile], xorbs: Iterable[DedupeXorb]) -> bytes:
    """An upload in the form that clients send: no footer, chunk hashes in clear."""
    parts = [_HEADER.pack(TAG, _VERSION, 0)]
    for file in files:
        parts += _encode_file(file)
    parts.append(_BOOKEND)
    for xorb in xorbs:
        parts += _encode_xorb(xorb, None)
    parts.append(_BOOKEND)
    return b"".join(parts)


def encode_dedupe(xorbs: Iterable[DedupeXorb], key: bytes, created: int, expires: int) -> bytes:
    """A dedupe answer: chunk lists with keyed hashes. `created` and `expires` are unix seconds.

    The lookup tables are left empty, which makes the client scan the section.
    """
    parts = [_HEADER.pack(TAG, _VERSION, FOOTER_SIZE), _BOOKEND]
    disk = raw = 0
    for xorb in xorbs:
        parts += _encode_xorb(xorb, key)
        disk += xorb.table.disk_size
        raw += xorb.table.raw_size
    parts.append(_BOOKEND)
    end = sum(map(len, parts))
    parts.append(_FOOTER.pack(1, RECORD, 2 * RECORD, end, 0, end, 0, end, 0, key, created, expires, disk, 0, raw, end))
    return b"".join(parts)


def _decode_file(records: _Records) -> ShardFile:
    name, flags, count = _ENTRY.unpack(records.take(1))
    if flags & ~(_WITH_RANGE_HASHES | _WITH_SHA256):
        raise InvalidShard("a file of the shard has unknown flags")
    terms = tuple(
        ShardTerm(xorb, length, start, end) for xorb, _, length, start, end in _TERM.iter_unpack(records.take(count))
    )
    proofs: tuple[bytes, ...] = ()
    if flags & _WITH_RANGE_HASHES:
        proofs = tuple(proof for (proof,) in _HASH.iter_unpack(records.take(count)))
    sha256 = None
    if flags & _WITH_SHA256:
        # The client parses the hex digest as if it were a Xet hash, so each 8-byte group arrives reversed.
        sha256 = bytes.fromhex(hashes.to_string(bytes(records.take(1)[:32])))
    return ShardFile(name, terms, proofs, sha256)


def _decode_xorb(records: _Records) -> bytes:
    name, _, count, _, _ = _XORB.unpack(records.take(1))
    records.take(count)
    return bytes(name)


def _encode_file(file: ShardFile) -> list[bytes]:
    flags = _WITH_RANGE_HASHES if file.range_hashes else 0
    flags |= _WITH_SHA256 if file.sha256 else 0
    parts = [_ENTRY.pack(file.name, flags, len(file.terms))]
    parts += [_TERM.pack(term.xorb, 0, term.length, term.start, term.end) for term in file.terms]
    parts += [_HASH.pack(proof) for proof in file.range_hashes]
    if file.sha256:
        parts.append(_HASH.pack(hashes.from_string(file.sha256.hex())))
    return parts


def _encode_xorb(xorb: DedupeXorb, key: bytes | None) -> list[bytes]:
    table = xorb.table
    disk_size = table.disk_size if key else 0
    parts = [_XORB.pack(xorb.name, 0, len(table), table.raw_size, disk_size)]
    for chunk, length in enumerate(table.lengths(0, len(table))):
        digest = table.hashes_of(chunk, chunk + 1)
        flags = _DEDUPE_CHUNK if key and hashes.asked_for(digest) else 0
        shown = hashes.keyed_chunk_hash(digest, key) if key else digest
        parts.append(_CHUNK.pack(shown, table.raw_start(chunk), length, flags, 0))
    return parts
