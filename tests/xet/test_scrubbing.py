"""Stored xorbs are read again in slices, the longest unread first, and what was swept is no fault."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from pioche.protocols.xet import hashes
from pioche.xet.service.scrubbing import SLICE_MAX, SLICES_PER_ROUND, slice_of
from pioche.xet.tables import xorbs
from pioche.xet.types import blob_key

if TYPE_CHECKING:
    from .conftest import Store


def order(store: Store) -> list[int]:
    """Ids, the longest unchecked first."""
    with store.database.read() as tx:
        return [row.id for row in tx.execute(select(xorbs.c.id).order_by(xorbs.c.checked_at, xorbs.c.id))]


def test_each_run_takes_the_longest_unread(store: Store) -> None:
    for number in range(4):
        store.add(bytes([number]) * 70_000)
    with store.database.write() as tx:
        tx.execute(update(xorbs).values(checked_at=10 - xorbs.c.id))
    assert order(store) == [4, 3, 2, 1]
    store.xet.scrubber.run()
    assert order(store) == [3, 2, 1, 4]
    store.xet.scrubber.run()
    assert order(store) == [2, 1, 4, 3]


def test_a_slice_is_bounded() -> None:
    assert slice_of(SLICES_PER_ROUND * 1000) == 1000
    assert slice_of(10**15) == SLICE_MAX


def test_a_fault_is_logged_marked_and_taken_back(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.add(b"a" * 70_000, repo_id=7)
    with store.database.read() as tx:
        name = tx.execute(select(xorbs.c.hash)).scalar_one()
    path = store.blobs.local_path(blob_key(name))
    assert path is not None
    good = path.read_bytes()
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with caplog.at_level(logging.ERROR):
        (fault,) = store.xet.scrubber.run()
    assert hashes.to_string(name) in fault
    assert fault in caplog.text
    assert store.xet.scrubber.marked() == [(fault, [7])]
    path.write_bytes(good)
    assert list(store.xet.scrubber.run()) == []
    assert store.xet.scrubber.marked() == []


def test_what_is_about_to_be_deleted_is_not_read(store: Store) -> None:
    store.add(b"a" * 70_000)
    with store.database.write() as tx:
        tx.execute(update(xorbs).values(doomed_at=1))
    for key in list(store.blobs.keys("xorbs")):
        store.blobs.delete(key)
    assert list(store.xet.scrubber.run()) == []
