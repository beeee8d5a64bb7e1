"""Garbage goes, after its time, and nothing else does."""

import time

import pytest

from pioche.errors import InvalidShard, NotFound
from pioche.xet.service.xet import DAY_MS, GRACE_MS, QUARANTINE_MS

from .conftest import claim, noise, pack

DATA = noise(200_000, seed=8)
NOW = int(time.time() * 1000)
LATER = NOW + GRACE_MS + DAY_MS


def forget(store, repo_id=1):
    with store.database.write() as tx:
        store.xet.forget_repo(tx, repo_id)


def test_what_a_repository_uses_stays(store):
    file = store.add(DATA)
    for now in (LATER, LATER + 2 * QUARANTINE_MS):
        report = store.xet.sweep(now)
        assert (report.files, report.doomed, report.deleted) == (0, 0, 0)
    assert store.read(file.name) == DATA


def test_a_forgotten_file_goes_at_once_and_its_xorbs_after_their_time(store):
    file = store.add(DATA)
    forget(store)
    assert store.xet.sweep(NOW + GRACE_MS - DAY_MS).doomed == 0
    with pytest.raises(NotFound):
        store.read(file.name)
    assert store.xet.cas.has_xorb(pack(DATA).name) is not None
    assert store.xet.sweep(LATER).doomed == 1
    assert store.xet.cas.has_xorb(pack(DATA).name) is None
    assert len(list(store.blobs.keys("xorbs"))) == 1
    report = store.xet.sweep(LATER + 2 * QUARANTINE_MS)
    assert (report.deleted, report.freed) == (1, len(pack(DATA).body))
    assert list(store.blobs.keys("xorbs")) == []
    assert [store.count(t) for t in ("xet_xorbs", "xet_xorb_chunks", "xet_dedupe", "xet_files")] == [0, 0, 0, 0]


def test_a_xorb_that_another_file_uses_stays(store):
    packed = pack(DATA)
    store.add(DATA, repo_id=1)
    store.register(claim([(packed, 1, 2)]), repo_id=2)
    forget(store, 1)
    report = store.xet.sweep(LATER)
    assert (report.files, report.doomed) == (1, 0)
    assert store.read(claim([(packed, 1, 2)]).name) == packed.chunks[1]


def test_an_upload_without_a_shard_goes_too(store):
    store.put(pack(DATA))
    assert store.xet.sweep(LATER).doomed == 1


def test_a_doomed_xorb_can_not_be_built_upon_but_is_saved_by_a_new_upload(store):
    packed = pack(DATA)
    store.put(packed)
    store.xet.sweep(LATER)
    with pytest.raises(InvalidShard, match="no xorb"):
        store.register(claim([(packed, 0, 4)]))
    assert store.put(packed) is True
    store.register(claim([(packed, 0, 4)]))
    assert store.xet.sweep(LATER + 2 * QUARANTINE_MS).deleted == 0
    assert store.read(claim([(packed, 0, 4)]).name) == DATA


def test_a_crash_between_bytes_and_row_is_mended(store):
    packed = pack(DATA)
    store.put(packed)
    store.xet.sweep(LATER)
    store.blobs.delete(next(store.blobs.keys("xorbs")))  # as if we died before the row was gone
    assert store.put(packed) is True
    store.register(claim([(packed, 0, 4)]))
    assert store.read(claim([(packed, 0, 4)]).name) == DATA


def test_a_deleted_xorb_does_not_leave_its_chunks_in_the_cache(store):
    first, second = pack(DATA), pack(noise(100_000, seed=77))
    store.put(first)
    store.register(claim([(first, 0, 4)]))
    store.read(claim([(first, 0, 4)]).name)
    forget(store)
    store.xet.sweep(LATER)
    store.xet.sweep(LATER + 2 * QUARANTINE_MS)
    store.put(second)
    store.register(claim([(second, 0, 2)]))
    assert store.read(claim([(second, 0, 2)]).name) == noise(100_000, seed=77)
