"""Compressed request bodies, as they stream in."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest

from pioche.errors import InvalidInput
from pioche.git.smart_http import READ_SIZE, unzipped


def read(body: bytes, encoding: str, size: int = 1000) -> list[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    async def whole() -> list[bytes]:
        return [piece async for piece in unzipped(pieces(), encoding)]

    return asyncio.run(whole())


def test_a_plain_body_is_left_alone() -> None:
    assert b"".join(read(b"abc" * 1000, "")) == b"abc" * 1000


def test_a_compressed_body_in_pieces_of_any_size() -> None:
    text = bytes(range(256)) * 500
    for size in (1, 7, 100_000):
        assert b"".join(read(gzip.compress(text), "gzip", size)) == text


def test_a_small_body_that_grows_comes_in_small_pieces() -> None:
    pieces = read(gzip.compress(bytes(20_000_000)), "gzip", 100_000)
    assert sum(map(len, pieces)) == 20_000_000
    assert max(map(len, pieces)) <= READ_SIZE


@pytest.mark.parametrize("body", [b"not gzip at all", gzip.compress(b"abc" * 100, mtime=0)[:-9], b""])
def test_a_broken_body_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(body, "gzip")
