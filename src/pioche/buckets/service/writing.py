"""Changing what is in a bucket: many operations at once, each of which may fail alone.

Order: bytes that have to be brought into the content store, then one transaction with all that becomes visible.
Doing the same again changes nothing, so clients may repeat a request whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.buckets import listing, store
from pioche.buckets.service.find import require_bucket
from pioche.buckets.service.sources import Sources
from pioche.buckets.types import (
    EMPTY,
    AddFile,
    Bucket,
    BucketId,
    CopyFile,
    DeleteFile,
    Failure,
    Operation,
    StoredFile,
)
from pioche.errors import Forbidden, HubError, InvalidInput, NotFound, Unauthenticated
from pioche.names import check_path
from pioche.ports.database import Database, Tx
from pioche.repos.service.trees import Trees
from pioche.xet.service import Xet

if TYPE_CHECKING:
    from pioche.xet.service.registration import Claim

T = TypeVar("T")

MAX_OPERATIONS = 2_000
REFUSALS = (NotFound, Forbidden, InvalidInput, Unauthenticated)
"""What is wrong with one operation and not with the request."""

_Sizes = Mapping[bytes, int]


class Writing:
    def __init__(self, database: Database, xet: Xet, trees: Trees) -> None:
        self._database = database
        self._xet = xet
        self._sources = Sources(xet, trees)

    def apply(self, actor: Actor, bucket_id: BucketId, operations: Sequence[Operation]) -> Sequence[Failure]:
        """In order, the last one about a path counts; returns what was left out. The rest is done, all at once."""
        if len(operations) > MAX_OPERATIONS:
            raise InvalidInput(f"Send {MAX_OPERATIONS} operations at a time, not {len(operations)}.")
        with self._database.read() as tx:
            require_bucket(tx, actor, bucket_id, Action.WRITE)
        by_path = [one for one in operations if isinstance(one, CopyFile) and one.name is None]
        fetched = {one: self._fetch(actor, one) for one in dict.fromkeys(by_path)}
        with self._database.write() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.WRITE)
            final, failures = self._resolve(tx, actor, bucket, operations, fetched)
            _record(tx, bucket, final)
        return failures

    def bring(self, actor: Actor, bucket_id: BucketId, file: BinaryIO, sha256: str) -> bytes:
        """Brings bytes in for this bucket; returns their Xet hash, to be listed with `apply`."""
        with self._database.read() as tx:
            require_bucket(tx, actor, bucket_id, Action.WRITE)
        is_empty = not file.read(1)
        file.seek(0)
        claim = None if is_empty else self._xet.intake.pack(file, sha256)
        with self._database.write() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.WRITE)
            name, _ = self._sources.keep(tx, bucket.id, claim)
        return name

    def remove_below(self, actor: Actor, bucket_id: BucketId, folder: str) -> int:
        """Deletes every file in a folder; how many there were."""
        count = 0
        while True:
            with self._database.read() as tx:
                bucket = require_bucket(tx, actor, bucket_id, Action.WRITE)
                paths = [file.path for file in listing.below(tx, bucket.id, f"{folder}/", "", MAX_OPERATIONS)]
            if not paths:
                return count
            self.apply(actor, bucket_id, [DeleteFile(path) for path in paths])
            count += len(paths)

    def _fetch(self, actor: Actor, one: CopyFile) -> Claim | HubError | None:
        try:
            return self._sources.fetch(actor, one)
        except REFUSALS as error:
            return error

    def _resolve(
        self,
        tx: Tx,
        actor: Actor,
        bucket: Bucket,
        operations: Sequence[Operation],
        fetched: Mapping[CopyFile, Claim | HubError | None],
    ) -> tuple[dict[str, StoredFile | None], list[Failure]]:
        """What each path is to be (None: gone), and what cannot be done."""
        copies = [one for one in operations if isinstance(one, CopyFile) and one.name is not None]
        shared = self._sources.share(tx, actor, bucket.id, copies, REFUSALS)
        names = {one.name for one in operations if isinstance(one, AddFile)}
        held = {name: file.size for name, file in self._xet.holdings.find(tx, bucket.id, names).items()}
        final: dict[str, StoredFile | None] = {}
        failures = []
        for one in operations:
            try:
                match one:
                    case DeleteFile():
                        final[one.path] = None
                    case AddFile():
                        final[check_path(one.path)] = _stored(tx, one, one.name, _uploaded(one, held))
                    case CopyFile(name=None):
                        name, size = self._sources.keep(tx, bucket.id, _or_raise(fetched[one]))
                        final[check_path(one.path)] = _stored(tx, one, name, size)
                    case CopyFile():
                        name, size = _or_raise(shared[one])
                        final[check_path(one.path)] = _stored(tx, one, name, size)
            except REFUSALS as error:
                failures.append(Failure(one.path, error.message))
        return final, failures


def _record(tx: Tx, bucket: Bucket, final: Mapping[str, StoredFile | None]) -> None:
    """Writes what differs from what is there, and the log of it."""
    there = listing.files(tx, bucket.id, final.keys())
    put: list[StoredFile] = []
    changes: list[dict[str, Any]] = []
    size = count = 0
    for path, new in final.items():
        old = there.get(path)
        if new is None and old is not None:
            changes.append(_change("delete", path))
            size, count = size - old.size, count - 1
        elif new is not None and (old is None or (old.name, old.mtime) != (new.name, new.mtime)):
            changes.append(_change("update" if old else "add", path, new))
            put.append(new)
            size += new.size - (old.size if old else 0)
            count += 0 if old else 1
    if changes:
        listing.write(tx, bucket.id, [change["path"] for change in changes], put)
        listing.add_up(tx, bucket.id, size, count)
        store.add_changes(tx, bucket.id, changes)


def _change(kind: str, path: str, new: StoredFile | None = None) -> dict[str, Any]:
    values = (None, None, None) if new is None else (new.name, new.size, new.mtime)
    return {"kind": kind, "path": path, "hash": values[0], "size": values[1], "mtime": values[2]}


def _uploaded(one: AddFile, held: _Sizes) -> int:
    if one.name == EMPTY:
        return 0
    if one.name not in held:
        raise NotFound("Its bytes were not uploaded to this bucket. Upload them first, then list the file.")
    return held[one.name]


def _stored(tx: Tx, one: AddFile | CopyFile, name: bytes, size: int) -> StoredFile:
    return StoredFile(one.path, name, size, one.mtime, tx.now)


def _or_raise(found: T | HubError) -> T:
    if isinstance(found, HubError):
        raise found
    return found
