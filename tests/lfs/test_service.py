"""What the hub holds, for whom, and what goes when nobody holds it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pioche.errors import BlobNotFound, Busy, InvalidInput, QuotaExceeded, TooLarge
from pioche.hub import Hub
from pioche.lfs.service.incoming import Incoming
from pioche.lfs.types import UploadSlot, blob_key

FILE = b"weights" * 300_000
SHA = hashlib.sha256(FILE).hexdigest()


def upload(hub: Hub, repo_id: int, data: bytes) -> str:
    sha256 = hashlib.sha256(data).hexdigest()
    slot = UploadSlot(repo_id, sha256, len(data))
    write_and_finish(hub, slot, hub.lfs.uploads.receive(slot), data)
    return sha256


def write_and_finish(hub: Hub, slot: UploadSlot, incoming: Incoming, data: bytes) -> None:
    incoming.write(data)
    hub.lfs.uploads.finish(slot, incoming)


def missing(hub: Hub, repo_id: int, *sha256s: str) -> set[str]:
    with hub.database.read() as tx:
        return hub.lfs.missing(tx, repo_id, sha256s)


def read(hub: Hub, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    with hub.database.read() as tx:
        source = hub.lfs.open_file(tx, sha256)
    return b"".join(source.read(start, end))


def spools(hub: Hub) -> list[Path]:
    return list((hub.settings.data / "blobs" / "spool").iterdir())


def test_a_file_that_came_is_the_repositorys_and_nobody_elses(hub: Hub) -> None:
    upload(hub, 1, FILE)
    assert missing(hub, 1, SHA) == set()
    assert missing(hub, 2, SHA) == {SHA}
    assert read(hub, SHA) == FILE
    assert read(hub, SHA, 5, 1_500_000) == FILE[5:1_500_000]
    with hub.database.read() as tx:
        assert hub.lfs.sizes(tx, 1, [SHA, "0" * 64]) == {SHA: len(FILE)}
        assert hub.lfs.open_file(tx, SHA).local_path is not None
    assert spools(hub) == []


def test_what_nobody_sent_is_not_here(hub: Hub) -> None:
    with pytest.raises(BlobNotFound):
        read(hub, SHA)
    with hub.database.write() as tx, pytest.raises(BlobNotFound):
        hub.lfs.entitle(tx, 1, SHA)


@pytest.mark.parametrize("sent", [FILE[:-1], FILE + b"x", FILE[:-1] + b"x", b""])
def test_other_bytes_than_announced_leave_nothing(hub: Hub, sent: bytes) -> None:
    slot = UploadSlot(1, SHA, len(FILE))
    incoming = hub.lfs.uploads.receive(slot)
    with pytest.raises(InvalidInput):
        write_and_finish(hub, slot, incoming, sent)
    incoming.discard()
    assert missing(hub, 1, SHA) == {SHA}
    assert hub.blobs.size(blob_key(SHA)) is None
    assert spools(hub) == []


def test_the_same_file_for_two_repositories_is_stored_once(hub: Hub) -> None:
    upload(hub, 1, FILE)
    upload(hub, 2, FILE)
    assert missing(hub, 2, SHA) == set()
    assert list(hub.blobs.keys("lfs")) == [blob_key(SHA)]


def test_a_copy_of_a_repository_may_use_its_files(hub: Hub) -> None:
    other = upload(hub, 2, b"other")
    upload(hub, 1, FILE)
    for _ in range(2):
        with hub.database.write() as tx:
            hub.lfs.copy_entitlements(tx, 1, 2)
    assert missing(hub, 2, SHA, other) == set()
    assert missing(hub, 1, SHA, other) == {other}


def test_a_file_goes_after_its_last_repository_and_not_before(hub: Hub) -> None:
    upload(hub, 1, FILE)
    upload(hub, 2, FILE)
    with hub.database.write() as tx:
        hub.lfs.forget_repo(tx, 1)
    assert hub.lfs.collect(0) == (0, 0)
    with hub.database.write() as tx:
        hub.lfs.forget_repo(tx, 2)
    assert hub.lfs.collect(1) == (0, 0), "the days of grace are not over"
    with hub.database.read() as tx:
        assert hub.lfs.unheld(tx, 0) == [(SHA, len(FILE))]
    assert hub.lfs.collect(0) == (1, len(FILE))
    assert list(hub.blobs.keys("lfs")) == []
    with pytest.raises(BlobNotFound):
        read(hub, SHA)


def test_a_blob_without_a_row_is_dropped_and_one_with_a_row_is_not(hub: Hub) -> None:
    """A hub that dies between storing the bytes and recording them leaves such a blob."""
    upload(hub, 1, FILE)
    assert not hub.lfs.conversion.drop(SHA)
    spool = hub.blobs.new_spool()
    spool.write_bytes(b"left")
    left = hashlib.sha256(b"left").hexdigest()
    hub.blobs.put_file(blob_key(left), spool)
    assert hub.lfs.leftovers(older_than_seconds=0) == [left]
    assert hub.lfs.leftovers(older_than_seconds=3600) == []
    assert hub.lfs.conversion.drop(left)
    assert list(hub.blobs.keys("lfs")) == [blob_key(SHA)]


def test_collecting_while_the_same_file_comes_again(hub: Hub) -> None:
    """Whoever was told that the file is theirs can read it, however the two fall together."""
    for _ in range(25):
        upload(hub, 1, FILE)
        with hub.database.write() as tx:
            hub.lfs.forget_repo(tx, 1)
        with ThreadPoolExecutor(2) as threads:
            collected, came = threads.submit(hub.lfs.collect, 0), threads.submit(upload, hub, 2, FILE)
            collected.result()
            if not isinstance(came.exception(), Busy):
                came.result()
                assert read(hub, SHA) == FILE
        with hub.database.write() as tx:
            hub.lfs.forget_repo(tx, 2)


def test_stale_spools_go_and_fresh_ones_stay(hub: Hub) -> None:

    fresh, stale, folder = (hub.blobs.new_spool() for _ in range(3))
    fresh.write_bytes(b"1")
    stale.write_bytes(b"2")
    folder.mkdir()
    (folder / "1").write_bytes(b"3")
    for path in (stale, folder / "1", folder):
        os.utime(path, (0, 0))
    assert hub.blobs.drop_stale_spools(3600) == 2
    assert spools(hub) == [fresh]


def test_what_cannot_be_taken_is_said_before_it_is_sent(tmp_path: Path) -> None:
    from pioche.app import build_hub
    from pioche.settings import Settings

    hub = build_hub(Settings(data=tmp_path / "data", large_file_limit=1000))
    fault = hub.lfs.uploads.fault
    assert fault(SHA, 1000) is None
    assert isinstance(fault(SHA, 1001), TooLarge)
    assert isinstance(fault(SHA, -1), InvalidInput)
    assert isinstance(fault(SHA.upper(), 5), InvalidInput)
    assert isinstance(fault("../../etc/passwd", 5), InvalidInput)
    full = build_hub(Settings(data=tmp_path / "full", free_disk_reserve=2**62))
    assert isinstance(full.lfs.uploads.fault(SHA, 5), QuotaExceeded)
    with pytest.raises(QuotaExceeded):
        full.lfs.uploads.receive(UploadSlot(1, SHA, 5))


@pytest.mark.skipif(os.geteuid() != 0, reason="making a small disk needs root")
def test_a_full_disk_is_said_as_such(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        incoming = Incoming(tmp_path / "spool", 10_000_000)
        with pytest.raises(QuotaExceeded):
            incoming.write(bytes(1_000_000))
        incoming.discard()
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
