"""Files that came in whole become xorbs, as if a Xet client had sent them."""

import hashlib
import io

import pytest

from pioche.errors import InvalidInput
from pioche.protocols.xet import hashes

from .conftest import noise


def ingest(store, data, repo_id=1):
    return store.xet.ingest(io.BytesIO(data), hashlib.sha256(data).hexdigest(), repo_id)


def stored_bytes(store):
    return sum(store.blobs.size(key) for key in store.blobs.keys("xorbs"))


@pytest.mark.parametrize(
    "data",
    [
        b"Hello World!",
        noise(5_000_000, seed=1),
        noise(70_000_000, seed=2),
        b"".join(b"row %d\n" % n for n in range(300_000)),
        bytes(3_000_000),
        b"".join(n.to_bytes(2, "little") + b"\x80\x3f" for n in range(65_536)) * 10,
    ],
    ids=["tiny", "noise", "two xorbs", "text", "zeros", "weights"],
)
def test_a_file_gets_the_name_the_stock_client_gives_it_and_reads_back(store, data, tmp_path):
    import hf_xet

    path = tmp_path / "file"
    path.write_bytes(data)
    found = ingest(store, data)
    assert found.hash == hf_xet.hash_files([str(path)])[0].hash
    assert (found.size, found.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert hashlib.sha256(store.read(found.name)).hexdigest() == found.sha256
    assert store.xet.cas.file(store.grant(1), found.name) == found
    assert list(store.blobs.keys("spool")) == []


def test_repetition_and_compression_save_room(store):
    ingest(store, noise(1_000_000) * 5)
    assert stored_bytes(store) < 1_500_000
    before = stored_bytes(store)
    ingest(store, b"".join(b"row %d\n" % n for n in range(300_000)))
    assert stored_bytes(store) - before < 2_000_000


def test_what_is_here_already_is_not_stored_again(store):
    data = noise(20_000_000, seed=3)
    ingest(store, data)
    before = stored_bytes(store)
    changed = data[:9_000_000] + b"something new" + data[9_000_000:]
    found = ingest(store, changed, repo_id=2)
    assert stored_bytes(store) - before < 300_000
    assert store.read(found.name) == changed
    ingest(store, data, repo_id=2)
    assert store.count("xet_files") == 2
    assert store.count("xet_repo_files") == 3


def test_bytes_that_are_not_what_they_are_called_are_refused(store):
    with pytest.raises(InvalidInput):
        store.xet.ingest(io.BytesIO(noise(3_000_000)), "00" * 32, 1)
    assert store.count("xet_files") == 0
    assert list(store.blobs.keys("spool")) == []


def test_dedupe_of_clients_finds_what_was_ingested(store):
    data = noise(3_000_000, seed=4)
    ingest(store, data)
    from pioche.protocols.xet import chunking

    first = hashes.chunk_hash(next(chunking.cut([data])))
    assert store.xet.cas.known_chunk(store.grant(1), first) is not None
