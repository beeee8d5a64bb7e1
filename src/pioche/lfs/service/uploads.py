"""Bytes coming in: whole or in parts, spooled, hashed, and visible only once they are what they claim to be."""

from __future__ import annotations

import hashlib
import shutil
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from pioche.errors import Busy, Conflict, HubError, InvalidInput, QuotaExceeded, TooLarge
from pioche.lfs import store
from pioche.lfs.service.conversion import Conversion
from pioche.lfs.service.incoming import Incoming
from pioche.lfs.types import UploadSlot, blob_key
from pioche.names import is_sha256
from pioche.ports.blobs import BlobStore
from pioche.ports.database import Database
from pioche.settings import Settings

if TYPE_CHECKING:
    from pioche.xet.service import Xet

# Fewer parts than this are not worth their requests.
MULTIPART_FROM_PARTS = 5
BLOCK = 4 * 1024 * 1024


class Uploads:
    """`UploadSlot` says what comes and for which repository; the caller has asked `access` about that."""

    def __init__(
        self, database: Database, blobs: BlobStore, xet: Xet, conversion: Conversion, settings: Settings
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._xet = xet
        self._conversion = conversion
        self._settings = settings

    def fault(self, sha256: str, size: int) -> HubError | None:
        """Why this file cannot be taken, or None if it can."""
        if not is_sha256(sha256):
            return InvalidInput("The oid must be a SHA-256: 64 lowercase hex digits.")
        if size < 0:
            return InvalidInput("The size must be a number of bytes.")
        limit = self._settings.large_file_limit
        if size > limit:
            return TooLarge(f"The file has {size:,} bytes, and this hub takes files of up to {limit:,} bytes.")
        if self._blobs.free_bytes() - size < self._settings.free_disk_reserve:
            return QuotaExceeded("The disk of this hub has no room left for this file. Tell its admin.")
        return None

    def wants_parts(self, size: int) -> bool:
        return size > MULTIPART_FROM_PARTS * self._settings.lfs_part_size

    def start_parts(self, slot: UploadSlot) -> tuple[UploadSlot, list[UploadSlot]]:
        """The slot to complete, and one for each part, in order. The hub keeps nothing of them: they are signed."""
        upload_id = self._blobs.new_spool().name
        numbers = range(1, self._part_count(slot) + 1)
        return slot.part_of(upload_id, 0), [slot.part_of(upload_id, number) for number in numbers]

    def receive(self, slot: UploadSlot) -> Incoming:
        """To write the file's bytes to, then `finish`. Raises what `fault` returns."""
        fault = self.fault(slot.sha256, slot.size)
        if fault is not None:
            raise fault
        return Incoming(self._blobs.new_spool(), slot.size)

    def finish(self, slot: UploadSlot, incoming: Incoming) -> None:
        """Makes the file the repository's. Raises `InvalidInput` if the bytes are not the ones announced."""
        incoming.check(slot.sha256)
        self._keep(slot, incoming.path)

    def receive_part(self, slot: UploadSlot) -> Incoming:
        folder = self._folder(slot)
        folder.mkdir(exist_ok=True)
        return Incoming(folder / self._blobs.new_spool().name, self._part_size(slot))

    def finish_part(self, slot: UploadSlot, incoming: Incoming) -> str:
        """The part's digest. A part that comes again replaces the one before."""
        digest = incoming.check("")
        try:
            incoming.path.replace(self._folder(slot) / str(slot.part))
        except FileNotFoundError as error:
            raise Conflict("This upload was completed or given up in the meantime.") from error
        return digest

    def complete(self, slot: UploadSlot) -> None:
        """Puts the parts together. Raises `InvalidInput` if they do not make the file; then all must come again."""
        folder = self._folder(slot)
        closed = folder.with_name(f"{folder.name}-closed")
        try:
            # From here on no part can be added or replaced, and a second request of the same kind finds nothing.
            folder.rename(closed)
        except FileNotFoundError as error:
            if self.is_held(slot):
                return
            raise Conflict("There are no parts of this file here. Start the upload again.") from error
        try:
            self._keep(slot, self._assemble(slot, closed))
        finally:
            shutil.rmtree(closed, ignore_errors=True)

    def is_held(self, slot: UploadSlot) -> bool:
        """Does the repository have the file, with that size?"""
        with self._database.read() as tx:
            plain = store.get(tx, slot.sha256)
            if plain is not None and slot.sha256 in store.held(tx, slot.repo_id, [slot.sha256]):
                return plain.size == slot.size
            chunked = self._xet.find_in_repo(tx, slot.repo_id, [slot.sha256]).get(slot.sha256)
            return chunked is not None and chunked.size == slot.size

    def _keep(self, slot: UploadSlot, path: Path) -> None:
        """`path` holds the right bytes: they become durable, then the repository's."""
        key = blob_key(slot.sha256)
        self._blobs.put_file(key, path)
        with self._database.write() as tx:
            if self._blobs.size(key) is None:
                # It was there already, unused, and was deleted just now. No client gives up on this answer.
                raise Busy("The file was being cleaned away. Send it again.")
            if store.get(tx, slot.sha256) is None and self._xet.entitle(tx, slot.repo_id, slot.sha256):
                self._conversion.drop_later(tx, slot.sha256)
                return
            file = store.add(tx, slot.sha256, slot.size)
            store.hold(tx, slot.repo_id, slot.sha256)
            self._conversion.plan(tx, file)

    def _assemble(self, slot: UploadSlot, folder: Path) -> Path:
        """Appends every part to the first one, hashing; the disk holds at most one part twice."""
        parts = [folder / str(number) for number in range(1, self._part_count(slot) + 1)]
        absent = [part.name for part in parts if not part.exists()]
        if absent:
            raise InvalidInput(f"These parts did not arrive: {', '.join(absent[:20])}. Start the upload again.")
        whole = folder / "whole"
        hasher = hashlib.sha256()
        if parts:
            parts[0].rename(whole)
        with whole.open("a+b", buffering=0) as out:
            out.seek(0)
            while block := out.read(BLOCK):
                hasher.update(block)
            for part in parts[1:]:
                _append(part, out, hasher)
        if hasher.hexdigest() != slot.sha256:
            raise InvalidInput("The parts do not make the file that was announced. Start the upload again.")
        return whole

    def _part_count(self, slot: UploadSlot) -> int:
        return -(-slot.size // self._settings.lfs_part_size)

    def _part_size(self, slot: UploadSlot) -> int:
        size = self._settings.lfs_part_size
        return min(size, slot.size - size * (slot.part - 1))

    def _folder(self, slot: UploadSlot) -> Path:
        # Beside the other spools, so that the whole file can be renamed into the store.
        return self._blobs.new_spool().with_name(slot.upload_id)


def _append(part: Path, out: FileIO, hasher: hashlib._Hash) -> None:
    with part.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            hasher.update(block)
            view = memoryview(block)
            while view:
                view = view[out.write(view) :]
    part.unlink()
