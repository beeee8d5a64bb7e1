"""What the rooms above ask of the content store. SHA-256 digests are hex, file hashes in their string form."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from typing import BinaryIO

import msgspec

from pioche.accounts.grants import Grant, Signer
from pioche.errors import NotFound
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database, Tx
from pioche.protocols.xet import cas, hashes
from pioche.settings import Settings
from pioche.xet import store
from pioche.xet.service.cas import Cas
from pioche.xet.service.holdings import Holdings
from pioche.xet.service.intake import Intake
from pioche.xet.service.reader import Reader
from pioche.xet.service.scrubbing import Scrubber
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import SweepReport, XetFile

DAY_MS = 24 * 3600 * 1000
GRACE_MS = 22 * DAY_MS + store.TOUCH_EVERY_MS
"""Clients refer to what they uploaded in the last three weeks without asking."""
QUARANTINE_MS = DAY_MS
CLOCK_SKEW_SECONDS = 300


class Xet:
    """Files by hash: who may use them, how to read them, and when they go."""

    def __init__(self, database: Database, blobs: BlobStore, signer: Signer, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._signer = signer
        self._shelf = Shelf(database, blobs)
        self.cas = Cas(self._shelf, signer, settings)
        self.intake = Intake(self._shelf)
        self.holdings = Holdings()
        self.scrubber = Scrubber(self._shelf)

    def token(self, tx: Tx, grant: Grant, base_url: str) -> cas.Token:
        """The answer of the token routes; the caller has asked `access`. `base_url` is `scheme://host`.

        The token lives a little longer than it says: a client whose clock is behind does not recover from a 401.
        """
        longer = msgspec.structs.replace(grant, expires=grant.expires + CLOCK_SKEW_SECONDS)
        return cas.Token(self._signer.sign(longer), grant.expires, f"{base_url}{self.path(tx)}")

    def path(self, tx: Tx) -> str:
        """Where the store is: `/cas/<generation>`."""
        return f"/cas/{store.generation_number(tx)}"

    def file(self, tx: Tx, file_hash: str) -> XetFile | None:
        """Any registered file. Says nothing about who may read it."""
        return store.file_by_name(tx, hashes.from_string(file_hash))

    def find_by_sha256(self, tx: Tx, sha256: str) -> XetFile | None:
        """Any registered file. Says nothing about who may read it."""
        return store.file_by_sha256(tx, sha256)

    def find_in_repo(self, tx: Tx, repo_id: int, sha256s: Collection[str]) -> dict[str, XetFile]:
        """Of these files, by SHA-256, those that this repository may use."""
        return store.files_of_repo(tx, repo_id, sha256s)

    def entitle(self, tx: Tx, repo_id: int, sha256: str) -> XetFile | None:
        """Let a repository use a file, because the caller found that the actor may read it somewhere."""
        found = store.file_by_sha256(tx, sha256)
        if found is not None:
            store.entitle(tx, repo_id, found.id)
        return found

    def share(self, tx: Tx, from_repo_id: int, to_repo_id: int) -> None:
        """Let a copy use all files of its origin."""
        store.share(tx, from_repo_id, to_repo_id)

    def set_repo_public(self, tx: Tx, repo_id: int, public: bool) -> None:
        """Whether dedupe answers to others may come from this repository. Unknown ones are private."""
        store.set_public(tx, repo_id, public)

    def forget_repo(self, tx: Tx, repo_id: int) -> None:
        """The repository is gone; files that nobody else uses go with the next sweep."""
        store.forget_repo(tx, repo_id)

    def open_reader(self, file_hash: str) -> Reader:
        """To stream a file to those who do not speak Xet. The caller has asked `access`. Raises `NotFound`."""
        with self._database.read() as tx:
            found = store.file_by_name(tx, hashes.from_string(file_hash))
            recipe = None if found is None else store.recipe(tx, found.id)
        if recipe is None:
            raise NotFound("There is no such file in the content store.")
        return Reader(self._shelf, recipe)

    def ingest(self, file: BinaryIO, sha256: str, repo_id: int) -> XetFile:
        """Store a file that came in whole, for a repository. Takes about 10 s per GB: for background work.

        Raises `InvalidInput` if the bytes are not those of `sha256`, `Busy` if trying again helps.
        """
        claim = self.intake.pack(file, sha256)
        with self._database.write() as tx:
            return self.intake.keep(tx, [repo_id], claim)

    def sweep(self, now_ms: int | None = None) -> SweepReport:
        """Forget files of no repository, mark xorbs of no file after their grace, delete those marked a day ago."""
        now = int(time.time() * 1000) if now_ms is None else now_ms
        with self._database.write() as tx:
            files = store.delete_orphaned_files(tx)
            doomed = store.doom_unused_xorbs(tx, now - GRACE_MS, now)
            waiting = store.sweepable(tx, now - QUARANTINE_MS)
        report = SweepReport(files, doomed, 0, 0)
        for xorb in waiting:
            # Row and bytes go under one lock; `Shelf.store` looks for the bytes under the same one. If we die in
            # between, the row stays doomed, which nobody sees, and the next sweep comes back to it.
            with self._database.write() as tx:
                if store.delete_doomed_xorb(tx, xorb.id):
                    self._blobs.delete(xorb.key)
                    report = replace(report, deleted=report.deleted + 1, freed=report.freed + xorb.disk_size)
        return report
