"""What a Xet client asks for, one verb each. The caller has checked the grant or link with the verb for that."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from pioche.accounts.grants import Grant, Signer
from pioche.errors import Forbidden, NotFound, QuotaExceeded, RangeNotSatisfiable, TooLarge, Unauthenticated
from pioche.ports.database import Tx
from pioche.protocols.xet import cas, hashes
from pioche.protocols.xet.xorb import BODY_MAX, ChunkTable
from pioche.settings import Settings
from pioche.xet import store
from pioche.xet.service.dedupe import Dedupe
from pioche.xet.service.links import RANGES_PER_LINK, Links
from pioche.xet.service.registration import Registrar
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import Progress, Stretch, XetFile, Xorb

WORKERS = 4


class Cas:
    def __init__(self, shelf: Shelf, signer: Signer, settings: Settings) -> None:
        self.shelf = shelf
        self.links = Links(signer, settings.link_seconds)
        self._signer = signer
        self._reserve = settings.free_disk_reserve
        self._dedupe = Dedupe(shelf, signer)
        self._registrar = Registrar(shelf, settings.large_file_limit)
        # Checking takes long and little else may wait for it, so it has threads of its own.
        self.workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="xet")

    def grant(self, authorization: str, scope: Literal["read", "write"]) -> Grant:
        """The grant in an `Authorization` header, if it allows `scope`."""
        kind, _, text = authorization.partition(" ")
        if kind.lower() != "bearer":
            raise Unauthenticated("Send the Xet token of the repository as a bearer token.")
        grant = self._signer.read(Grant, text.strip())
        if scope == "write" and grant.scope != "write":
            raise Forbidden("This Xet token may only read.")
        return grant

    def drop_client_caches(self, tx: Tx) -> None:
        """Move the store to a new address, after a restore or a forced delete: clients forget what they sent."""
        store.raise_generation(tx)

    def has_xorb(self, name: bytes) -> Xorb | None:
        """The xorb, if it is here; who asks may then build on it without sending it."""
        found = self.shelf.find(name)
        if found is not None:
            self._touch(found)
        return found

    def request_upload(self, name: bytes, length: int, base: str) -> cas.Upload | None:
        """Leave to send a xorb to an address under `base`; None if it is here already."""
        if self.has_xorb(name) is not None:
            return None
        if length > BODY_MAX:
            raise TooLarge(f"A xorb of {length} bytes is larger than the {BODY_MAX} that are allowed.")
        if self.shelf.blobs.free_bytes() - length < self._reserve:
            raise QuotaExceeded("The disk of this hub is full. Ask its admin to make room.")
        text = hashes.to_string(name)
        token = self.links.upload(text)
        return cas.Upload("upload", "PUT", f"{base}/uploads/{text}?t={token}", {})

    def store_xorb(self, name: bytes, spool: Path) -> bool:
        """Keep an uploaded body, if it is what its name says; False if it was here. Takes `spool` over."""
        return self.shelf.store(name, spool)

    def register(self, grant: Grant, body: bytes, progress: Progress) -> bool:
        """Register the files of a shard for the repository of the grant: all or none. True if any is new."""
        return self._registrar.register(grant.repo_id, body, progress)

    def known_chunk(self, grant: Grant, chunk: bytes) -> bytes | None:
        """A dedupe answer, or None."""
        return self._dedupe.known_chunk(grant.repo_id, chunk)

    def file(self, grant: Grant, name: bytes) -> XetFile:
        """A file of the grant's repository. A hash alone opens nothing, so others do not exist."""
        with self.shelf.database.read() as tx:
            found = store.file_of_repo(tx, grant.repo_id, name)
        if found is None:
            raise NotFound("This repository has no such file.")
        return found

    def reconstruct(self, grant: Grant, name: bytes, wanted: tuple[int, int | None], base: str) -> cas.Reconstruction:
        """How to put bytes `wanted` (end inclusive, or None) of a file together, with links under `base`."""
        found = self.file(grant, name)
        start, last = wanted
        if start >= found.size:
            raise RangeNotSatisfiable("The range starts behind the end of the file.", size=found.size)
        end = found.size if last is None else min(found.size, last + 1)
        with self.shelf.database.read() as tx:
            recipe = store.recipe(tx, found.id)
        if recipe is None:
            raise NotFound("This repository has no such file.")
        stretches = list(recipe.stretches(start, end, self.shelf.table_of))
        xorbs = self.shelf.xorbs({stretch.xorb_id for stretch in stretches})
        texts = {xorb.id: hashes.to_string(xorb.name) for xorb in xorbs.values()}
        terms = [cas.Term(texts[one.xorb_id], one.length, cas.ChunkRange(one.start, one.end)) for one in stretches]
        sources = {
            texts[xorb_id]: list(self._sources(texts[xorb_id], self.shelf.table_of(xorb_id), ranges, base))
            for xorb_id, ranges in _merged(stretches).items()
        }
        return cas.Reconstruction(start - stretches[0].offset if stretches else 0, terms, sources)

    def _sources(
        self, text: str, table: ChunkTable, ranges: list[tuple[int, int]], base: str
    ) -> Iterable[cas.XorbSource]:
        for at in range(0, len(ranges), RANGES_PER_LINK):
            part = ranges[at : at + RANGES_PER_LINK]
            spans = [(table.start(start), table.start(end) - 1) for start, end in part]
            listed = [
                cas.XorbRange(cas.ChunkRange(*chunks), cas.ByteRange(*span))
                for chunks, span in zip(part, spans, strict=True)
            ]
            yield cas.XorbSource(f"{base}/xorbs/{text}?{self.links.read(text, spans)}", listed)

    def _touch(self, found: Xorb) -> None:
        with self.shelf.database.read() as tx:
            stale = store.stale(tx, [found.id])
        if stale:
            with self.shelf.database.write() as tx:
                store.touch(tx, stale)


def _merged(stretches: Iterable[Stretch]) -> dict[int, list[tuple[int, int]]]:
    """Chunk ranges of each xorb, in order, with those that touch or overlap made one."""
    merged: dict[int, list[tuple[int, int]]] = {}
    for xorb_id, start, end, _, _ in sorted(stretches):
        ranges = merged.setdefault(xorb_id, [])
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], end))
        else:
            ranges.append((start, end))
    return merged
