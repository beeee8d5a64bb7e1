"""Shards: the client's own bytes, dedupe answers, and what is refused."""

import struct
from dataclasses import replace

import pytest

from pioche.errors import InvalidShard
from pioche.protocols.xet import hashes, shard, xorb

HELLO = bytes.fromhex(
    """
    48465265706f4d6574614461746100556967456a7b815783a5bdd95ccdd14aa902000000000000000000000000000000
    bd60b088ade0daa9b195cfbd7ac8e7d74f6db014045ac9326571b887d268eb6b000000c0010000000000000000000000
    a29cfb08e608d4d8726dd8659a90b9134b3240d5d8e42d5fcb28e2a6e763a3e8000000000c0000000000000001000000
    4ccb988e4563cb8923b7a7a5506bbe7592e648535df0824b2b86c35daf1ab75f00000000000000000000000000000000
    53fcf17f65b1837f5dd6a14881c12db92877d6a31f4b2dfc69906d1200d2dd4a00000000000000000000000000000000
    ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000000000000000000000000000
    a29cfb08e608d4d8726dd8659a90b9134b3240d5d8e42d5fcb28e2a6e763a3e800000000010000000c00000000000000
    a29cfb08e608d4d8726dd8659a90b9134b3240d5d8e42d5fcb28e2a6e763a3e8000000000c0000000000000000000000
    ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000000000000000000000000000
    """
)
NAME = hashes.chunk_hash(b"Hello World!")
TABLE = xorb.verify(memoryview(xorb.encode_chunk(b"Hello World!")), NAME)


def test_the_shard_the_client_sends_for_hello_world():
    assert len(HELLO) == 432
    decoded = shard.decode(HELLO)
    (file,) = decoded.files
    assert hashes.to_string(file.name) == "a9dae0ad88b060bdd7e7c87abdcf95b132c95a0414b06d4f6beb68d287b87165"
    assert file.sha256.hex() == "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"
    assert file.terms == (shard.ShardTerm(NAME, 12, 0, 1),)
    assert file.range_hashes == (hashes.range_hash(NAME),)
    assert decoded.xorbs == (NAME,)


def test_what_we_encode_is_what_the_client_sends():
    assert shard.encode(shard.decode(HELLO).files, [shard.DedupeXorb(NAME, TABLE)]) == HELLO


def test_files_without_proofs_or_sha256_are_read_as_such():
    (file,) = shard.decode(HELLO).files
    bare = replace(file, range_hashes=(), sha256=None)
    assert shard.decode(shard.encode([bare, file], [])).files == (bare, file)


def test_a_dedupe_answer_has_keyed_hashes_and_a_footer():
    key = bytes(range(32))
    body = shard.encode_dedupe([shard.DedupeXorb(NAME, TABLE)], key, 1000, 2000)
    assert shard.decode(body).xorbs == (NAME,)
    assert struct.unpack("<Q", body[40:48]) == (200,)
    listed = body[3 * 48 : 3 * 48 + 32]
    assert hashes.to_string(listed) == "213944381648fd3a12bf8dfc98576416734cf1afdb7ddced216b33a217c15167"
    footer = body[-200:]
    end = len(body) - 200
    assert struct.unpack("<9Q", footer[:72]) == (1, 48, 96, end, 0, end, 0, end, 0)
    assert footer[72:104] == key
    assert struct.unpack("<2Q", footer[104:120]) == (1000, 2000)
    assert struct.unpack("<4Q", footer[168:200]) == (20, 0, 12, end)


def patched(at: int, value: bytes) -> bytes:
    return HELLO[:at] + value + HELLO[at + len(value) :]


HUGE = b"\xff\xff\xff\xff"
HALF = b"\xff\xff\xff\x7f"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HELLO[:47],
        patched(0, b"X"),
        patched(32, b"\x03"),
        patched(40, b"\x07"),
        HELLO[:48],
        HELLO[:-48],
        HELLO[:-1],
        HELLO[:200],
        HELLO + bytes(48),
        HELLO + b"\0",
        patched(48 + 36, HUGE),
        patched(48 + 36, HALF),
        patched(48 + 36, b"\0\0\0\x80"),
        patched(6 * 48 + 36, HUGE),
        patched(48 + 32, b"\x01"),
        patched(5 * 48 + 40, b"\x01"),
    ],
    ids=[
        "empty", "short", "tag", "version", "footer size", "header alone", "no last bookend",
        "cut bookend", "cut file", "more records", "more bytes", "files huge", "count wraps",
        "count wraps to one", "chunks huge", "unknown flag", "odd bookend",
    ],
)  # fmt: skip
def test_malformed_shards_are_refused(body):
    with pytest.raises(InvalidShard):
        shard.decode(body)


def test_a_footer_in_an_upload_is_tolerated():
    assert shard.decode(patched(40, b"\xc8") + bytes(200)) == shard.decode(HELLO)
    assert shard.decode(patched(40, b"\xc8")) == shard.decode(HELLO)
