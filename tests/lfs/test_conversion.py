"""Files that came whole become chunks, and nobody who reads them can tell."""

from __future__ import annotations

import hashlib
import random
import threading
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from pioche.errors import InvalidInput
from pioche.hub import Hub
from pioche.lfs.types import UploadSlot, blob_key
from pioche.queue.tables import tasks
from pioche.settings import Settings

FILE = random.Random(1).randbytes(1_500_000)
OTHER = random.Random(2).randbytes(300_000)
SHA = hashlib.sha256(FILE).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A hub that converts at once when its queue is worked off."""
    return make_hub(tmp_path)


def make_hub(tmp_path: Path, **settings: int | bool) -> Hub:
    from pioche.app import build_hub

    return build_hub(Settings(data=tmp_path / "data", lfs_to_xet_after=0, **settings))


def upload(hub: Hub, repo_id: int, data: bytes = FILE) -> str:
    slot = UploadSlot(repo_id, hashlib.sha256(data).hexdigest(), len(data))
    incoming = hub.lfs.uploads.receive(slot)
    incoming.write(data)
    hub.lfs.uploads.finish(slot, incoming)
    return slot.sha256


def missing(hub: Hub, repo_id: int, *sha256s: str) -> set[str]:
    with hub.database.read() as tx:
        return hub.lfs.missing(tx, repo_id, sha256s)


def read(hub: Hub, start: int = 0, end: int | None = None) -> bytes:
    with hub.database.read() as tx:
        source = hub.lfs.open_file(tx, SHA)
    assert source.size == len(FILE)
    return b"".join(source.read(start, end))


def waiting(hub: Hub) -> list[str]:
    with hub.database.read() as tx:
        return [row.name for row in tx.execute(select(tasks.c.name).where(tasks.c.name.startswith("lfs.")))]


def test_the_same_bytes_before_and_after(hub: Hub) -> None:
    upload(hub, 1)
    upload(hub, 2)
    with hub.database.read() as tx:
        before = hub.lfs.open_file(tx, SHA)
        assert hub.xet.find_in_repo(tx, 1, [SHA]) == {}, "not yet for Xet clients"
    hub.queue.run_due(hub)
    with hub.database.read() as tx:
        assert hub.lfs.open_file(tx, SHA).local_path is None
        assert hub.lfs.sizes(tx, 1, [SHA]) == {SHA: len(FILE)}
        assert [list(hub.xet.find_in_repo(tx, repo_id, [SHA])) for repo_id in (1, 2, 3)] == [[SHA], [SHA], []]
    assert b"".join(before.read()) == FILE, "whoever opened it before can still read it"
    assert read(hub) == FILE
    assert read(hub, 700_000, 900_001) == FILE[700_000:900_001]
    assert missing(hub, 1, SHA) | missing(hub, 2, SHA) == set()
    assert missing(hub, 3, SHA) == {SHA}
    assert waiting(hub) == ["lfs.drop_leftover"]
    assert hub.lfs.conversion.drop(SHA)
    assert hub.blobs.size(blob_key(SHA)) is None
    assert read(hub) == FILE


def test_a_file_that_comes_again_is_not_stored_twice(hub: Hub) -> None:
    upload(hub, 1)
    hub.queue.run_due(hub)
    hub.lfs.conversion.drop(SHA)
    upload(hub, 2)
    assert missing(hub, 2, SHA) == set()
    with hub.database.read() as tx:
        assert hub.lfs.open_file(tx, SHA).local_path is None
    assert hub.lfs.conversion.drop(SHA), "the blob that came is of no use"
    assert read(hub) == FILE


def test_copies_and_ends_of_repositories_reach_the_content_store(hub: Hub) -> None:
    upload(hub, 1)
    hub.queue.run_due(hub)
    with hub.database.write() as tx:
        hub.lfs.copy_entitlements(tx, 1, 2)
        hub.lfs.forget_repo(tx, 1)
    assert missing(hub, 2, SHA) == set()
    assert missing(hub, 1, SHA) == {SHA}
    with hub.database.write() as tx:
        hub.lfs.entitle(tx, 3, SHA)
    assert missing(hub, 3, SHA) == set()


def test_nobody_left_means_nothing_to_convert(hub: Hub) -> None:
    upload(hub, 1)
    with hub.database.write() as tx:
        hub.lfs.forget_repo(tx, 1)
    assert not hub.lfs.conversion.run(SHA)
    with hub.database.read() as tx:
        assert hub.xet.find_by_sha256(tx, SHA) is None


def test_a_damaged_blob_is_found_and_kept(hub: Hub) -> None:
    """What the disk garbled must not become the truth in another place."""
    upload(hub, 1)
    path = hub.blobs.local_path(blob_key(SHA))
    assert path is not None
    path.write_bytes(FILE[:-1] + b"\x00")
    with pytest.raises(InvalidInput):
        hub.lfs.conversion.run(SHA)
    assert path.exists()
    with hub.database.read() as tx:
        assert hub.lfs.open_file(tx, SHA).local_path == path


def test_running_it_again_does_nothing(hub: Hub) -> None:
    upload(hub, 1)
    assert hub.lfs.conversion.run(SHA)
    assert not hub.lfs.conversion.run(SHA)
    assert read(hub) == FILE


def test_two_at_once_take_nothing_from_a_living_repository(hub: Hub) -> None:
    """The second one finds the row gone, and must not mistake that for a repository that was deleted."""
    upload(hub, 1)
    other = upload(hub, 1, OTHER)
    assert hub.lfs.conversion.run(other)
    start, faults = threading.Barrier(3), []

    def convert() -> None:
        start.wait()
        try:
            hub.lfs.conversion.run(SHA)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=convert) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert missing(hub, 1, SHA, other) == set()
    assert read(hub) == FILE


@pytest.mark.parametrize("stays", [True, False])
def test_a_repository_that_goes_while_its_file_is_cut(hub: Hub, stays: bool) -> None:
    """It gets nothing back, and those who stay get the file."""
    upload(hub, 1)
    if stays:
        upload(hub, 2)
    with hub.blobs.open(blob_key(SHA)) as blob:
        claim = hub.xet.intake.pack(blob, SHA)
    with hub.database.write() as tx:
        hub.lfs.forget_repo(tx, 1)
    with hub.database.write() as tx:
        assert hub.lfs.conversion.switch(tx, SHA, claim) == stays
    assert missing(hub, 1, SHA) == {SHA}
    assert missing(hub, 2, SHA) == (set() if stays else {SHA})


def test_the_delay_the_switch_and_empty_files(tmp_path: Path) -> None:
    off = make_hub(tmp_path / "off", lfs_to_xet=False)
    upload(off, 1)
    assert waiting(off) == []
    on = make_hub(tmp_path / "on")
    upload(on, 1, b"")
    assert waiting(on) == []
    on.queue.run_due(on)
    with on.database.read() as tx:
        assert list(on.lfs.open_file(tx, hashlib.sha256(b"").hexdigest()).read()) == []
    from pioche.app import build_hub

    later = build_hub(Settings(data=tmp_path / "later" / "data"))
    upload(later, 1)
    assert waiting(later) == ["lfs.store_as_xet"]
    later.queue.run_due(later)
    assert waiting(later) == ["lfs.store_as_xet"], "the default leaves the file whole for a while"


def test_without_room_it_waits(tmp_path: Path) -> None:
    hub = make_hub(tmp_path)
    upload(hub, 1)
    with hub.database.write() as tx:
        tx.execute(delete(tasks))
    full = make_hub(tmp_path, free_disk_reserve=2**62)
    assert not full.lfs.conversion.run(SHA)
    assert waiting(full) == ["lfs.store_as_xet"]
    assert read(full) == FILE
