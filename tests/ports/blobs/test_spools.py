"""Spools: what a crash leaves goes, what is in use stays. A new implementation adds itself to `IMPLEMENTATIONS`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pioche.ports.blobs import BlobStore
from pioche.ports.blobs.local import LocalBlobStore

IMPLEMENTATIONS: dict[str, Callable[[Path], BlobStore]] = {"local": LocalBlobStore}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return IMPLEMENTATIONS[request.param](tmp_path / "blobs")


def test_at_start_up_files_go_and_uploads_in_parts_stay(blobs: BlobStore) -> None:
    lone, parts = blobs.new_spool(), blobs.new_spool()
    lone.write_bytes(b"x")
    parts.mkdir()
    (parts / "1").write_bytes(b"part")
    kept = blobs.new_spool()
    kept.write_bytes(b"kept")
    blobs.put_file("lfs/aa", kept)
    assert blobs.drop_abandoned_spools() == 1
    assert not lone.exists()
    assert (parts / "1").read_bytes() == b"part"
    assert blobs.size("lfs/aa") == 4
    assert blobs.drop_abandoned_spools() == 0


def test_stale_spools_go_and_those_in_use_stay(blobs: BlobStore) -> None:
    old, fresh, parts = blobs.new_spool(), blobs.new_spool(), blobs.new_spool()
    old.write_bytes(b"x")
    fresh.write_bytes(b"x")
    parts.mkdir()
    (parts / "1").write_bytes(b"part")
    os.utime(old, (1, 1))
    os.utime(parts, (1, 1))
    assert blobs.drop_stale_spools(3600) == 1
    assert not old.exists()
    assert fresh.exists()
    assert parts.exists(), "a part came a moment ago"
    os.utime(parts / "1", (1, 1))
    os.utime(parts, (1, 1))
    assert blobs.drop_stale_spools(3600) == 1
    assert not parts.exists()
