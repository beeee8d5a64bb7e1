"""Shards: what is true is registered, and of what is not, nothing is visible afterwards."""

import hashlib
from dataclasses import replace

import pytest

from pioche.errors import InvalidShard, TooLarge
from pioche.protocols.xet import hashes, shard
from pioche.xet.types import Progress

from .conftest import claim, noise, pack

DATA = noise(260_000, seed=3)


def everything(store):
    tables = ("xet_files", "xet_file_xorbs", "xet_repo_files", "xet_dedupe")
    return [store.count(table) for table in tables]


def test_a_file_is_registered_and_can_be_found_and_read(store):
    file = store.add(DATA)
    with store.database.read() as tx:
        found = store.xet.find_by_sha256(tx, hashlib.sha256(DATA).hexdigest())
        assert found == store.xet.file(tx, hashes.to_string(file.name))
        assert found == store.xet.find_in_repo(tx, 1, [found.sha256])[found.sha256]
        assert store.xet.find_in_repo(tx, 2, [found.sha256]) == {}
    assert (found.size, found.hash) == (len(DATA), hashes.to_string(file.name))
    assert store.read(file.name) == DATA


def test_registering_again_changes_nothing_and_says_so(store):
    packed = pack(DATA)
    store.put(packed)
    file = claim([(packed, 0, 6)])
    assert store.register(file) is True
    before = everything(store)
    assert store.register(file) is False
    assert store.register(file, file) is False
    assert everything(store) == before
    assert store.register(file, repo_id=2) is True


def test_the_same_file_from_other_xorbs_keeps_its_first_recipe(store):
    whole, half, other = pack(DATA), pack(DATA[:150_000]), pack(DATA[150_000:])
    for packed in (whole, half, other):
        store.put(packed)
    first = claim([(whole, 0, 6)])
    second = claim([(half, 0, 3), (other, 0, 3)])
    assert first.name == second.name
    store.register(first)
    assert store.register(second) is False
    assert store.count("xet_file_xorbs") == 1
    assert store.read(first.name) == DATA


def test_terms_may_repeat_and_come_in_any_order(store):
    packed = pack(DATA)
    store.put(packed)
    parts = [(packed, 3, 5), (packed, 0, 1), (packed, 0, 1), (packed, 2, 6)]
    file = claim(parts)
    store.register(file)
    expected = b"".join(b"".join(packed.chunks[start:end]) for _, start, end in parts)
    assert store.read(file.name) == expected


def test_a_sha256_may_come_later_but_is_always_proven(store):
    packed = pack(DATA)
    store.put(packed)
    file = claim([(packed, 0, 6)])
    store.register(replace(file, sha256=None))
    with store.database.read() as tx:
        assert store.xet.find_by_sha256(tx, file.sha256.hex()) is None
    progress = Progress()
    with pytest.raises(InvalidShard, match="SHA-256"):
        store.register(replace(file, sha256=bytes(32)))
    store.xet.cas.register(store.grant(), shard.encode([file], []), progress)
    assert (progress.verified, progress.total) == (len(DATA), len(DATA))
    with store.database.read() as tx:
        assert store.xet.find_by_sha256(tx, file.sha256.hex()).hash == hashes.to_string(file.name)
    with pytest.raises(InvalidShard, match="SHA-256"):
        store.register(replace(file, sha256=bytes(32)))


def first_term(file, **changes):
    return replace(file, terms=(replace(file.terms[0], **changes), *file.terms[1:]))


FALSE = {
    "unknown xorb": lambda file: first_term(file, xorb=bytes(32)),
    "range beyond the xorb": lambda file: first_term(file, end=7),
    "far beyond": lambda file: first_term(file, end=0xFFFFFFFF),
    "empty range": lambda file: first_term(file, end=0),
    "backward range": lambda file: first_term(file, start=5, end=2),
    "wrong length": lambda file: first_term(file, length=1),
    "other range": lambda file: first_term(file, end=5, length=250_000),
    "wrong file hash": lambda file: replace(file, name=bytes(32)),
    "no proof": lambda file: replace(file, range_hashes=()),
    "wrong proof": lambda file: replace(file, range_hashes=(bytes(32),)),
    "proof is the hash itself": lambda file: replace(file, range_hashes=(file.terms[0].xorb,)),
    "no terms": lambda file: replace(file, terms=(), range_hashes=()),
    "empty file without terms": lambda file: replace(file, name=bytes(32), terms=(), range_hashes=()),
    "false sha256": lambda file: replace(file, sha256=hashlib.sha256(b"other").digest()),
}


@pytest.mark.parametrize("lie", FALSE.values(), ids=FALSE)
def test_a_shard_with_one_lie_registers_none_of_its_files(store, lie):
    packed, other = pack(DATA), pack(noise(90_000, seed=4))
    store.put(packed)
    store.put(other)
    before = everything(store)
    honest = claim([(other, 0, 2)])
    with pytest.raises(InvalidShard):
        store.register(honest, lie(claim([(packed, 0, 6)])))
    assert everything(store) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-1],
        lambda body: body[:-48],
        lambda body: b"X" + body[1:],
        lambda body: body[:84] + b"\xff\xff\xff\xff" + body[88:],
        lambda body: body[:84] + b"\0\0\0\x80" + body[88:],
        lambda body: b"",
    ],
    ids=["cut", "no bookend", "tag", "huge count", "wrapping count", "empty"],
)
def test_a_malformed_shard_is_refused(store, spoil):
    packed = pack(DATA)
    store.put(packed)
    before = everything(store)
    with pytest.raises(InvalidShard):
        store.register_body(spoil(shard.encode([claim([(packed, 0, 6)])], [])))
    assert everything(store) == before


def test_a_listed_xorb_must_be_here_too(store):
    packed, missing = pack(DATA), pack(noise(1000, seed=9))
    store.put(packed)
    from pioche.protocols.xet import xorb

    table = xorb.verify(memoryview(missing.body), missing.name)
    body = shard.encode([claim([(packed, 0, 6)])], [shard.DedupeXorb(missing.name, table)])
    with pytest.raises(InvalidShard, match="no xorb"):
        store.register_body(body)


def test_a_file_over_the_limit_is_refused(store, tmp_path):
    from pioche.xet.service.registration import Registrar

    packed = pack(DATA)
    store.put(packed)
    small = Registrar(store.xet.cas.shelf, len(DATA) - 1)
    with pytest.raises(TooLarge):
        small.register(1, shard.encode([claim([(packed, 0, 6)])], []), Progress())
    assert store.count("xet_files") == 0


def test_entitlements_are_given_shared_and_taken(store):
    file = store.add(DATA, repo_id=1)
    sha256 = file.sha256.hex()
    with store.database.write() as tx:
        assert store.xet.entitle(tx, 2, sha256).hash == hashes.to_string(file.name)
        assert store.xet.entitle(tx, 2, sha256) is not None
        assert store.xet.entitle(tx, 2, "00" * 32) is None
        store.xet.share(tx, 2, 3)
        store.xet.share(tx, 2, 3)
        assert sha256 in store.xet.find_in_repo(tx, 3, [sha256, "00" * 32])
        store.xet.forget_repo(tx, 2)
        assert store.xet.find_in_repo(tx, 2, [sha256]) == {}
        assert sha256 in store.xet.find_in_repo(tx, 3, [sha256, "00" * 32])


def test_a_file_without_bytes_needs_nothing(store):
    """Clients register them like others; there is nothing to prove and nothing to keep."""
    empty = shard.ShardFile(bytes(32), (), (), None)
    assert not store.register(empty)
    assert store.count("xet_files") == 0
    kept = store.add(noise(100_000))
    store.register(empty, kept)
    assert store.count("xet_files") == 1
