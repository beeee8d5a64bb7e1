"""Xorbs: what the client sends is read, and everything else is refused."""

import random

import lz4.frame
import pytest

from pioche.errors import InvalidXorb
from pioche.protocols.xet import compression, hashes, xorb

HELLO = bytes.fromhex("000c0000000c000048656c6c6f20576f726c6421")
HELLO_NAME = hashes.from_string("d8d408e608fb9ca213b9909a65d86d725f2de4d8d540324be8a363e7a6e228cb")


def name_of(chunks: list[bytes]) -> bytes:
    return hashes.merkle_root(b"".join(map(hashes.chunk_hash, chunks)), [len(chunk) for chunk in chunks])


def header(packed: int, scheme: int, raw: int, version: int = 0) -> bytes:
    return bytes((version,)) + packed.to_bytes(3, "little") + bytes((scheme,)) + raw.to_bytes(3, "little")


def verify(body: bytes, name: bytes = HELLO_NAME) -> xorb.ChunkTable:
    return xorb.verify(memoryview(body), name)


def test_the_xorb_the_client_sends_for_hello_world():
    table = verify(HELLO)
    assert (len(table), table.disk_size, table.raw_size) == (1, 20, 12)
    assert table.hashes == HELLO_NAME
    assert xorb.encode_chunk(b"Hello World!") == HELLO


def test_chunks_of_every_scheme_come_back():
    words = b"the quick brown fox " * 3000
    weights = b"".join(bytes((i * 7 % 251, 0, 0x3F, 0xC0)) for i in range(20_000)) + b"xy"
    noise = random.Random(1).randbytes(100_000)
    chunks = [words, weights, noise]
    body = b"".join(xorb.encode_chunk(chunk, scheme) for chunk, scheme in zip(chunks, [1, 2, 1], strict=True))
    assert [scheme for _, _, scheme, _ in xorb.walk(memoryview(body))] == [1, 2, 0]
    table = verify(body, name_of(chunks))
    assert table.lengths(0, 3) == [len(chunk) for chunk in chunks]
    span = memoryview(body)[table.start(1) : table.start(3)]
    assert [bytes(raw) for raw in xorb.unpack_chunks(span)] == chunks[1:]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 9, 10, 11, 4096])
def test_regrouping_is_undone_for_every_remainder(size):
    data = random.Random(size).randbytes(size)
    assert bytes(compression.ungroup(compression.regroup(data))) == data


def test_regrouping_of_ten_bytes():
    assert compression.regroup(bytes(range(10))).hex() == "00040801050902060307"


def test_a_footer_is_cut_off():
    footer = b"XETBLOB\1" + HELLO_NAME + bytes(100)
    assert verify(HELLO + footer).disk_size == len(HELLO)


def test_a_chunk_table_survives_packing():
    table = verify(HELLO)
    again = xorb.ChunkTable.unpack(table.pack())
    assert again == table
    assert len(table.pack()) == 40


BOMB = lz4.frame.compress(bytes(30_000_000))
ODD_FRAME = lz4.frame.compress(b"Hello World!")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HELLO[:7],
        HELLO[:-1],
        HELLO + b"\0",
        HELLO + HELLO[:8],
        HELLO.replace(b"World", b"Earth"),
        header(12, 0, 12, version=1) + b"Hello World!",
        header(12, 99, 12) + b"Hello World!",
        header(12, 3, 12) + b"Hello World!",
        header(12, 0, 13) + b"Hello World!",
        header(0, 0, 0),
        header(131_073, 0, 131_073) + bytes(131_073),
        header(262_145, 1, 12) + bytes(262_145),
        header(len(BOMB), 1, 131_072) + BOMB,
        header(len(ODD_FRAME), 1, 11) + ODD_FRAME,
        header(len(ODD_FRAME), 1, 13) + ODD_FRAME,
        header(len(ODD_FRAME) - 2, 1, 12) + ODD_FRAME[:-2],
        header(len(ODD_FRAME) + 1, 1, 12) + ODD_FRAME + b"!",
        header(12, 1, 12) + b"Hello World!",
        header(len(ODD_FRAME), 2, 12) + ODD_FRAME,
    ],
    ids=[
        "empty", "short header", "short chunk", "stray byte", "header alone", "other content",
        "version", "auto scheme", "unknown scheme", "stored length", "empty chunk",
        "chunk too long", "packed too long", "bomb", "longer than said", "shorter than said",
        "unfinished frame", "after the frame", "no frame", "regrouped",
    ],
)  # fmt: skip
def test_what_is_not_the_named_xorb_is_refused(body):
    with pytest.raises(InvalidXorb):
        verify(body)


def test_a_bomb_is_not_unpacked_before_it_is_refused():
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(InvalidXorb):
        verify(header(len(BOMB), 1, 131_072) + BOMB)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_more_chunks_or_bytes_than_allowed_are_refused():
    with pytest.raises(InvalidXorb, match="more chunks"):
        verify(xorb.encode_chunk(b"x") * 16_385)
    with pytest.raises(InvalidXorb, match="more chunks"):
        verify(xorb.encode_chunk(bytes(131_072), 1) * 513)
