"""Files put together for clients that do not speak Xet."""

import random
import tracemalloc

import pytest

from pioche.errors import BlobNotFound, NotFound
from pioche.protocols.xet import hashes

from .conftest import claim, noise, pack


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_any_range_of_any_scheme_is_right(store, scheme):
    data = noise(40_000) + b"word " * 60_000 + noise(700_000, seed=2)
    first, second = pack(data[:400_000], scheme=scheme), pack(data[400_000:], size=7777, scheme=scheme)
    store.put(first)
    store.put(second)
    file = claim([(first, 0, len(first.chunks)), (second, 0, len(second.chunks))])
    store.register(file)
    assert store.read(file.name) == data
    dice = random.Random(scheme)
    edges = [0, 1, 49_999, 50_000, 50_001, 399_999, 400_000, 400_001, len(data) - 1, len(data)]
    for _ in range(60):
        start, end = sorted((dice.choice(edges), dice.randrange(len(data) + 1)))
        assert store.read(file.name, start, end) == data[start:end]
    assert store.read(file.name, 10, 10) == b""
    assert store.read(file.name, 999_999_999) == b""
    assert store.read(file.name, len(data) - 5, len(data) + 500) == data[-5:]


def test_memory_stays_bounded_when_zeros_pack_into_nothing(store):
    file = store.add(bytes(60_000_000), scheme=1)
    reader = store.xet.open_reader(hashes.to_string(file.name))
    tracemalloc.start()
    total = sum(len(block) for block in reader.blocks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == reader.size == 60_000_000
    assert peak < 6_000_000


def test_a_missing_file_or_a_damaged_xorb_is_not_silent(store):
    with pytest.raises(NotFound):
        store.read(bytes(32))
    data = noise(300_000)
    file = store.add(data)
    (key,) = store.blobs.keys("xorbs")
    path = store.blobs.local_path(key)
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(BlobNotFound):
        store.read(file.name)
    path.unlink()
    with pytest.raises(BlobNotFound):
        store.read(file.name)
