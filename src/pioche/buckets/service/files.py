"""Reading: listings, files, and the tokens of Xet clients."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Literal

from pioche.accounts.access import Action
from pioche.accounts.grants import Grant
from pioche.accounts.types import Actor
from pioche.buckets import listing
from pioche.buckets.service.find import require_bucket
from pioche.buckets.types import EMPTY, BucketId, FileAt, Listing, StoredBytes, StoredFile
from pioche.errors import EntryNotFound, InvalidInput
from pioche.ports.database import Database
from pioche.protocols.xet import hashes
from pioche.protocols.xet.cas import Token
from pioche.xet.service import Xet

PAGE = 1_000
MAX_PATHS = 1_000


class Files:
    def __init__(self, database: Database, xet: Xet) -> None:
        self._database = database
        self._xet = xet

    def tree(
        self, actor: Actor, bucket_id: BucketId, prefix: str, recursive: bool, cursor: str = "", limit: int = PAGE
    ) -> Listing:
        """A page of what begins with `prefix`, letter by letter: all files, or the folders and files one level down.

        `next_start` of the answer is the next `cursor`.
        """
        start = _read_cursor(cursor)
        with self._database.read() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.READ)
            read = listing.page if recursive else listing.folder_page
            found = read(tx, bucket.id, prefix, start, min(limit, PAGE))
        return Listing(found.entries, None if found.next_start is None else _write_cursor(found.next_start))

    def paths(self, actor: Actor, bucket_id: BucketId, paths: Sequence[str]) -> Sequence[StoredFile]:
        """Those of `paths` that are files, each once, in the order asked for."""
        if len(paths) > MAX_PATHS:
            raise InvalidInput(f"Ask for {MAX_PATHS} paths at a time, not {len(paths)}.")
        with self._database.read() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.READ)
            found = listing.files(tx, bucket.id, paths)
        return [found[path] for path in dict.fromkeys(paths) if path in found]

    def file(self, actor: Actor, bucket_id: BucketId, path: str) -> FileAt:
        """Raises `EntryNotFound`, also for folders."""
        with self._database.read() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.READ)
            found = listing.file(tx, bucket.id, path)
            if found is None:
                raise EntryNotFound(f"There is no file '{path[:200]}' in the bucket '{bucket_id.full}'.")
            return FileAt(bucket, found, self._xet.path(tx))

    def open(self, file: StoredFile) -> StoredBytes:
        """The bytes, for those who do not speak Xet. The caller got the file from `file`."""
        if file.name == EMPTY:
            return StoredBytes(0, lambda start, end: iter(()))
        name = hashes.to_string(file.name)

        def read(start: int, end: int) -> Iterator[bytes]:
            return self._xet.open_reader(name).blocks(start, end)

        return StoredBytes(file.size, read)

    def token(
        self, actor: Actor, bucket_id: BucketId, scope: Literal["read", "write"], base_url: str, seconds: int
    ) -> Token:
        """What a Xet client needs to read from this bucket, or to bring files in, for so many seconds."""
        action = Action.READ if scope == "read" else Action.WRITE
        with self._database.read() as tx:
            bucket = require_bucket(tx, actor, bucket_id, action)
            return self._xet.token(tx, Grant(bucket.id, scope, tx.now // 1000 + seconds, actor.user_id), base_url)


def _write_cursor(start: str) -> str:
    return base64.urlsafe_b64encode(start.encode()).rstrip(b"=").decode()


def _read_cursor(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError as error:
        raise InvalidInput("The cursor is not one that this hub gave. Start from the first page.") from error
