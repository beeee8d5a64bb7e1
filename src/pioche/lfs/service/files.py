"""What the hub holds, and for whom. A file is in one blob of its own or in the content store; here is where either
is read, so nobody else has to ask which.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from pioche.accounts.grants import Signer
from pioche.errors import BlobNotFound
from pioche.lfs import store
from pioche.lfs.service.conversion import Conversion
from pioche.lfs.service.holdings import Holdings
from pioche.lfs.service.links import Links
from pioche.lfs.service.locks import Locks
from pioche.lfs.service.scrubbing import Scrubber
from pioche.lfs.service.uploads import Uploads
from pioche.lfs.types import LargeFileSource, blob_key
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.settings import Settings

if TYPE_CHECKING:
    from pioche.xet.service import Xet

# Small reads halve the speed of a download.
READ_SIZE = 1024 * 1024
LEFTOVER_SECONDS = 24 * 3600
DAY_MS = 24 * 3600 * 1000


class Lfs:
    """Large files by SHA-256. `repo_id` is a repository that the caller has asked `access` about."""

    def __init__(
        self, database: Database, blobs: BlobStore, xet: Xet, queue: Queue, signer: Signer, settings: Settings
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._xet = xet
        self.conversion = Conversion(database, blobs, xet, queue, settings)
        self.uploads = Uploads(database, blobs, xet, self.conversion, settings)
        self.locks = Locks(database)
        self.holdings = Holdings(xet)
        self.scrubber = Scrubber(database, blobs)
        self.links = Links(signer, settings.link_seconds)

    def open_file(self, tx: Tx, sha256: str) -> LargeFileSource:
        """The bytes, whoever they belong to: the caller has made sure that the actor may read them.

        May be read after `tx` ends. Raises `BlobNotFound`.
        """
        plain = store.get(tx, sha256)
        if plain is not None:
            path = self._blobs.local_path(plain.key)
            return LargeFileSource(sha256, plain.size, path, lambda start, end: self._read(sha256, start, end))
        chunked = self._xet.find_by_sha256(tx, sha256)
        if chunked is None:
            raise _unknown(sha256)
        name = chunked.hash
        return LargeFileSource(
            sha256, chunked.size, None, lambda start, end: self._xet.open_reader(name).blocks(start, end)
        )

    def open_held(self, tx: Tx, repo_id: int, sha256: str) -> LargeFileSource:
        """As `open_file`, for a pointer in this repository. A pointer proves nothing: a merge can put one together
        from lines of two files. Raises `BlobNotFound` for what was never uploaded to this repository.
        """
        if self.missing(tx, repo_id, [sha256]):
            raise _unknown(sha256)
        return self.open_file(tx, sha256)

    def missing(self, tx: Tx, repo_id: int, sha256s: Collection[str]) -> set[str]:
        """Those that were never uploaded to this repository, whether or not the hub knows them."""
        left = set(sha256s)
        left -= store.held(tx, repo_id, left)
        return left - self._xet.find_in_repo(tx, repo_id, left).keys()

    def entitle(self, tx: Tx, repo_id: int, sha256: str) -> None:
        """Gives the repository a file that the hub has. Raises `BlobNotFound`."""
        if store.get(tx, sha256) is not None:
            store.hold(tx, repo_id, sha256)
        elif self._xet.entitle(tx, repo_id, sha256) is None:
            raise _unknown(sha256)

    def copy_entitlements(self, tx: Tx, source_repo_id: int, target_repo_id: int) -> None:
        """The target may use all that the source may use."""
        store.copy_holdings(tx, source_repo_id, target_repo_id)
        self._xet.share(tx, source_repo_id, target_repo_id)

    def forget_repo(self, tx: Tx, repo_id: int) -> None:
        """The repository is gone: its rights and locks end. The bytes stay until `collect`."""
        store.drop_holdings(tx, repo_id)
        store.remove_locks(tx, repo_id)
        self._xet.forget_repo(tx, repo_id)

    def sizes(self, tx: Tx, repo_id: int, sha256s: Collection[str]) -> dict[str, int]:
        """Bytes of those that the hub holds whole, or in chunks for this repository."""
        sizes = {sha256: file.size for sha256, file in store.get_many(tx, sha256s).items()}
        chunked = self._xet.find_in_repo(tx, repo_id, set(sha256s) - sizes.keys())
        return sizes | {sha256: file.size for sha256, file in chunked.items()}

    # -- garbage --

    def unheld(self, tx: Tx, grace_days: int) -> list[tuple[str, int]]:
        """`(sha256, bytes)` of plain files that no repository has had a right to for so many days."""
        files = store.unheld(tx, tx.now - grace_days * DAY_MS)
        return [(file.sha256, file.size) for file in files]

    def collect(self, grace_days: int) -> tuple[int, int]:
        """Deletes what `unheld` lists, and leftovers; returns how many files and bytes. Safe while the hub serves."""
        with self._database.read() as tx:
            doomed = self.unheld(tx, grace_days)
        count = freed = 0
        for sha256, size in doomed:
            if self._collect_one(sha256, grace_days):
                count, freed = count + 1, freed + size
        for sha256 in self.leftovers(LEFTOVER_SECONDS):
            size = self._blobs.size(blob_key(sha256)) or 0
            if self.conversion.drop(sha256):
                count, freed = count + 1, freed + size
        return count, freed

    def leftovers(self, older_than_seconds: float) -> list[str]:
        """SHA-256 of blobs on this disk without a row: what a crash leaves between the bytes and the record."""
        now = time.time()
        names = [key.rpartition("/")[2] for key in self._blobs.keys("lfs")]
        with self._database.read() as tx:
            known = store.get_many(tx, names)
        left = [name for name in names if name not in known]
        paths = {name: self._blobs.local_path(blob_key(name)) for name in left}
        return [name for name, path in paths.items() if path and now - path.stat().st_mtime >= older_than_seconds]

    def _collect_one(self, sha256: str, grace_days: int) -> bool:
        # The blob goes while the write lock is held: an upload of the same bytes looks for it under that lock.
        with self._database.write() as tx:
            if not store.unheld(tx, tx.now - grace_days * DAY_MS, sha256):
                return False
            store.remove(tx, sha256)
            self._blobs.delete(blob_key(sha256))
            return True

    def _read(self, sha256: str, start: int, end: int) -> Iterator[bytes]:
        with self._blobs.open(blob_key(sha256)) as file:
            file.seek(start)
            while start < end:
                piece = file.read(min(READ_SIZE, end - start))
                if not piece:
                    raise BlobNotFound(f"The large file {sha256} is shorter than the hub recorded.")
                start += len(piece)
                yield piece


def _unknown(sha256: str) -> BlobNotFound:
    return BlobNotFound(f"The hub does not hold the large file {sha256}.")
