"""Dedupe answers help who has the data and tell nobody else anything."""

import hashlib
import struct

import pytest

from pioche.protocols.xet import hashes, shard

from .conftest import claim, noise, pack

DATA = noise(300_000, seed=5)


def listed(answer):
    """`(key, {xorb: [keyed chunk hashes]})` of a dedupe answer."""
    key = answer[-200 + 72 : -200 + 104]
    at, found = 96, {}
    while answer[at : at + 32] != b"\xff" * 32:
        name = answer[at : at + 32]
        (count,) = struct.unpack("<I", answer[at + 36 : at + 40])
        found[name] = [answer[at + 48 * n : at + 48 * n + 32] for n in range(1, count + 1)]
        at += 48 * (count + 1)
    return key, found


def keyed(packed, key):
    return [hashes.keyed_chunk_hash(hashes.chunk_hash(chunk), key) for chunk in packed.chunks]


def publish(store, repo_id, public=True):
    with store.database.write() as tx:
        store.xet.set_repo_public(tx, repo_id, public)


def test_the_first_chunk_of_a_file_of_ones_own_is_known(store):
    packed = pack(DATA)
    store.add(DATA, repo_id=1)
    answer = store.xet.cas.known_chunk(store.grant(1), packed.hashes[:32])
    assert shard.decode(answer).xorbs == (packed.name,)
    key, found = listed(answer)
    assert found == {packed.name: keyed(packed, key)}
    assert packed.hashes[:32] not in answer
    created, expires = struct.unpack("<2Q", answer[-200 + 104 : -200 + 120])
    assert expires - created == 3 * 24 * 3600


def test_private_files_of_others_are_not_known_and_public_ones_are(store):
    first = pack(DATA).hashes[:32]
    store.add(DATA, repo_id=1)
    known = store.xet.cas.known_chunk
    assert known(store.grant(2), first) is None
    publish(store, 1)
    assert known(store.grant(2), first) is not None
    publish(store, 1, public=False)
    assert known(store.grant(2), first) is None
    publish(store, 1)
    with store.database.write() as tx:
        store.xet.forget_repo(tx, 1)
    assert known(store.grant(2), first) is None


def test_chunks_in_the_middle_are_not_asked_for(store):
    store.add(DATA, repo_id=1)
    assert store.xet.cas.known_chunk(store.grant(1), pack(DATA).hashes[32:64]) is None


def test_a_chunk_that_clients_ask_for_is_known_anywhere_in_a_file(store):
    seed = next(n for n in range(20_000) if hashes.asked_for(hashes.chunk_hash(b"%d" % n)))
    packed = pack(DATA)
    packed = type(packed)((packed.chunks[0], b"%d" % seed))
    store.put(packed)
    store.register(claim([(packed, 0, 2)]))
    assert store.xet.cas.known_chunk(store.grant(1), packed.hashes[32:]) is not None


def test_private_chunks_in_a_shared_xorb_stay_hidden(store):
    packed = pack(DATA)  # six chunks: three in a public file, three in a private one
    store.put(packed)
    store.register(claim([(packed, 0, 3)]), repo_id=1)
    store.register(claim([(packed, 3, 6)]), repo_id=2)
    publish(store, 1)
    first = packed.hashes[:32]
    key, found = listed(store.xet.cas.known_chunk(store.grant(3), first))
    true = keyed(packed, key)
    assert found[packed.name][:3] == true[:3]
    assert not set(found[packed.name][3:]) & set(true)
    key, found = listed(store.xet.cas.known_chunk(store.grant(2), first))
    assert found[packed.name] == true


def test_neighbours_in_the_file_come_along_but_not_without_end(store):
    parts = [pack(noise(1000, seed=n)) for n in range(40)]
    for packed in parts:
        store.put(packed)
    store.register(claim([(packed, 0, 1) for packed in parts]))
    answer = store.xet.cas.known_chunk(store.grant(), parts[0].hashes)
    assert list(listed(answer)[1]) == [packed.name for packed in parts[:16]]


def test_an_answer_keeps_its_xorbs_from_the_sweep(store):
    from sqlalchemy import text

    store.add(DATA)
    with store.database.write() as tx:
        tx.execute(text("UPDATE xet_xorbs SET touched_at = 0"))
    store.xet.cas.known_chunk(store.grant(), pack(DATA).hashes[:32])
    with store.database.read() as tx:
        assert tx.execute(text("SELECT touched_at FROM xet_xorbs")).scalar_one() > 0


@pytest.mark.parametrize("day", [0, 1])
def test_keys_change_by_the_day(store, day):
    service = store.xet.cas._dedupe
    key = service._key(day * 86_400 + 5)
    assert key == service._key(day * 86_400 + 86_399)
    assert key != service._key((day + 1) * 86_400)
    assert key != hashlib.sha256(b"").digest()


def test_a_private_chunk_is_not_known_because_of_what_lies_beside_it(store):
    seeds = (b"%d" % n for n in range(40_000))
    asked = [seed for seed in seeds if hashes.asked_for(hashes.chunk_hash(seed))][:2]
    packed = type(pack(DATA))(tuple(asked))
    store.put(packed)
    store.register(claim([(packed, 0, 1)]), repo_id=1)
    store.register(claim([(packed, 1, 2)]), repo_id=2)
    publish(store, 1)
    assert store.xet.cas.known_chunk(store.grant(3), packed.hashes[:32]) is not None
    assert store.xet.cas.known_chunk(store.grant(3), packed.hashes[32:]) is None
    assert store.xet.cas.known_chunk(store.grant(2), packed.hashes[32:]) is not None
