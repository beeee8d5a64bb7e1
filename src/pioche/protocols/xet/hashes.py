"""Hashes: how chunks, xorbs, files and ranges are named.

Source: Xet specification, page "hashing"; checked against the hf-xet client 1.8.0.
Shape:  32 raw bytes, BLAKE3 in keyed mode; the string form prints four little-endian u64 as 64 hex digits.
Units:  many hashes travel as one `bytes` of 32 * n; lengths are raw (uncompressed) bytes.
Errors: `InvalidInput` for a string that is not a hash.
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Sequence

from blake3 import blake3

from pioche.errors import InvalidInput

SIZE = 32
NO_HASH = bytes(SIZE)
"""The hash of the empty file."""

DATA_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
RANGE_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")

_STRING_FORM = re.compile(r"[0-9a-f]{64}")
_GROUP_MAX = 9
_DEDUPE_MODULUS = 1024


def to_string(digest: bytes) -> str:
    """The form used in URLs, JSON and the text of Merkle nodes: each 8-byte group reversed, then hex."""
    return _swap_groups(digest).hex()


def from_string(text: str) -> bytes:
    """The 32 bytes behind a string form; `InvalidInput` for anything else."""
    if not _STRING_FORM.fullmatch(text):
        raise InvalidInput(f"not a Xet hash: {text[:80]!r}")
    return _swap_groups(bytes.fromhex(text))


def chunk_hash(data: bytes | memoryview) -> bytes:
    """The name of a chunk: its raw bytes, keyed."""
    return blake3(data, key=DATA_KEY).digest()


def merkle_root(hashes: bytes, lengths: Sequence[int]) -> bytes:
    """The root over chunk hashes (32 * n bytes) and their raw lengths: the name of a xorb of those chunks."""
    if not lengths:
        return NO_HASH
    while len(lengths) > 1:
        hashes, lengths = _parents(hashes, lengths)
    return hashes


def file_hash(hashes: bytes, lengths: Sequence[int]) -> bytes:
    """The name of a file with these chunks in this order, wherever they are stored."""
    if not lengths:
        return NO_HASH
    return blake3(merkle_root(hashes, lengths), key=NO_HASH).digest()


def range_hash(hashes: bytes | memoryview) -> bytes:
    """Proof that the sender knows every chunk hash of a term."""
    return blake3(hashes, key=RANGE_KEY).digest()


def keyed_chunk_hash(digest: bytes | memoryview, key: bytes) -> bytes:
    """A chunk hash as dedupe answers show it: comparable by who has the chunk, useless to who has not."""
    return blake3(digest, key=key).digest()


def asked_for(digest: bytes | memoryview) -> bool:
    """Whether clients ask for this chunk even when it is not the first of a file (about one in 1024)."""
    return int.from_bytes(digest[24:32], "little") % _DEDUPE_MODULUS == 0


def _swap_groups(data: bytes) -> bytes:
    groups = array("Q", data)
    groups.byteswap()
    return groups.tobytes()


def _parents(hashes: bytes, lengths: Sequence[int]) -> tuple[bytes, list[int]]:
    """One level up. A group ends after a node whose hash says so, or after nine."""
    marks = hashes[24::32]
    parents, sums, start, count = [], [], 0, len(lengths)
    while start < count:
        end = _group_end(marks, start)
        text = _swap_groups(hashes[32 * start : 32 * end]).hex()
        lines = [f"{text[64 * i : 64 * i + 64]} : {lengths[start + i]}\n" for i in range(end - start)]
        parents.append(blake3("".join(lines).encode(), key=NODE_KEY).digest())
        sums.append(sum(lengths[start:end]))
        start = end
    return b"".join(parents), sums


def _group_end(marks: bytes, start: int) -> int:
    left = len(marks) - start
    if left <= 2:
        return len(marks)
    last = start + min(_GROUP_MAX, left)
    for i in range(start + 2, last):
        if marks[i] & 3 == 0:
            return i + 1
    return last


if sys.byteorder != "little":  # pragma: no cover
    raise ImportError("the Xet formats are read in place and need a little-endian machine")
