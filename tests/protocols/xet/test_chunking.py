"""Chunks end where the stock client ends them."""

import hashlib
import random
import struct
import time

import pytest

from pioche.protocols.xet import chunking, gear, hashes


def det(size):
    blocks = (hashlib.sha256(f"xet:{number}".encode()).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def name_of(data, block):
    chunks = list(chunking.cut(data[at : at + block] for at in range(0, len(data), block)))
    assert b"".join(chunks) == data
    lengths = [len(chunk) for chunk in chunks]
    digests = b"".join(map(hashes.chunk_hash, chunks))
    return lengths, hashes.to_string(hashes.file_hash(digests, lengths))


def test_the_table_is_the_public_one():
    digest = hashlib.sha256(struct.pack("<256Q", *gear.GEAR)).hexdigest()
    assert digest == "e1d3936666d7ae7a977c958e9afcc75f90aaca758ce5fbe4ece61dffefe1912c"


@pytest.mark.parametrize("block", [1000, 4096, 100_000, 1 << 20, 11 << 20])
def test_ten_mebibytes_are_cut_as_the_client_cuts_them(block):
    lengths, name = name_of(det(10 << 20), block)
    assert len(lengths) == 160
    assert lengths[:5] == [17807, 131072, 36549, 51054, 13764]
    assert name == "eafe2bf12caf2aff1cec45049c5788f5bd2dc257ab5ecffb7a3cd63d93f9b979"


@pytest.mark.parametrize(
    ("data", "count", "name"),
    [
        (b"", 0, "0" * 64),
        (b"a", 1, "49a7fffaf5f34109d4a191757f3e541e26437dcd1e0e83153454a503757856be"),
        (bytes(8191), 1, "80c25c0cf8afd7a10eabd09184c813addb4328bd727089be2b62a77028848772"),
        (bytes(200_000), 2, "753801ebbdc0e156435374c2b13d99a1dc2fa0427cbce41bbf6cd2e2692b9727"),
        (bytes(range(256)) * 4096, 8, "64ced0eb807e8cdd2a45f3766c186f2e59106b04f97b3c4dee241ce52bebc779"),
    ],
    ids=["empty", "a", "short zeros", "zeros", "pattern"],
)
def test_short_and_monotonous_files(data, count, name):
    lengths, got = name_of(data, 1 << 16)
    assert (len(lengths), got) == (count, name)


def test_the_stock_library_agrees_on_files_of_all_kinds(tmp_path):
    import hf_xet

    dice = random.Random(4)
    kinds = {
        "noise": dice.randbytes(5_000_000),
        "text": b"".join(b'{"row": %d}\n' % dice.randrange(1000) for _ in range(300_000)),
        "weights": b"".join(struct.pack("<f", dice.gauss(0, 1)) for _ in range(500_000)),
        "low": bytes(dice.choices(b"\0\1", k=2_000_000)),
    }
    paths = []
    for name, data in kinds.items():
        path = tmp_path / name
        path.write_bytes(data)
        paths.append(str(path))
    for info, data in zip(hf_xet.hash_files(paths), kinds.values(), strict=True):
        assert name_of(data, 1 << 20)[1] == info.hash


def test_it_is_fast_enough_for_background_work():
    data = random.Random(5).randbytes(20_000_000)
    start = time.process_time()
    assert sum(1 for _ in chunking.cut(data[at : at + 1048576] for at in range(0, len(data), 1048576))) > 200
    assert len(data) / (time.process_time() - start) > 15_000_000
