"""Compression of one chunk: stored, LZ4, or bytes regrouped by position and then LZ4 (BG4).

Source: Xet specification, page "xorb"; checked against the hf-xet client 1.8.0.
Shape:  scheme 0 stored; 1 LZ4 frame (not block); 2 bytes 0, 4, 8.. then 1, 5, 9.. then 2.. then 3.., as LZ4
        frame.
        When the length is no multiple of four, the first `length % 4` groups are one byte longer.
Units:  bytes.
Errors: `InvalidXorb` for data that does not unpack to exactly the stated length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lz4.frame

from pioche.errors import InvalidXorb

if TYPE_CHECKING:
    from collections.abc import Callable

STORED = 0
LZ4 = 1
BG4_LZ4 = 2


def decompress(scheme: int, data: bytes | memoryview, size: int) -> bytes | memoryview:
    """The raw chunk of `size` bytes. Never unpacks more than a byte beyond `size`, whatever the data says."""
    if scheme == STORED:
        if len(data) != size:
            raise InvalidXorb(f"a stored chunk has {len(data)} bytes but claims {size}")
        return data
    unpack = _UNPACK.get(scheme)
    if unpack is None:
        raise InvalidXorb(f"unknown compression scheme {scheme}")
    return unpack(data, size)


def regroup(data: bytes | memoryview) -> bytes:
    """Sort bytes by their position modulo four: the first half of BG4."""
    return b"".join(bytes(data[group::4]) for group in range(4))


def ungroup(data: bytes) -> memoryview:
    """Undo `regroup`."""
    import numpy as np  # late, because the hub must start fast and most of it never needs numpy

    grouped = np.frombuffer(data, np.uint8)
    whole, rest = divmod(len(data), 4)
    out = np.empty(len(data), np.uint8)
    start = 0
    for group in range(4):
        end = start + whole + (group < rest)
        out[group::4] = grouped[start:end]
        start = end
    return out.data


def compress(scheme: int, raw: bytes) -> bytes:
    """Pack one chunk; the reader's checks hold for the result."""
    if scheme == STORED:
        return raw
    return lz4.frame.compress(regroup(raw) if scheme == BG4_LZ4 else raw, store_size=False)  # type: ignore[no-any-return]


def _unpack_lz4(data: bytes | memoryview, size: int) -> bytes:
    decoder = lz4.frame.LZ4FrameDecompressor()
    try:
        # One byte of slack makes a chunk that is too long visible without unpacking all of it (an LZ4 bomb).
        raw: bytes = decoder.decompress(data, max_length=size + 1)
    except (RuntimeError, EOFError) as error:
        raise InvalidXorb(f"a chunk is not a readable LZ4 frame: {error}") from error
    if len(raw) != size or not decoder.eof or decoder.unused_data:
        raise InvalidXorb(f"a chunk does not unpack to exactly {size} bytes")
    return raw


def _unpack_bg4(data: bytes | memoryview, size: int) -> memoryview:
    return ungroup(_unpack_lz4(data, size))


_UNPACK: dict[int, Callable[[bytes | memoryview, int], bytes | memoryview]] = {
    LZ4: _unpack_lz4,
    BG4_LZ4: _unpack_bg4,
}
