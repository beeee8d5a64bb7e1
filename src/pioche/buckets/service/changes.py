"""What changed in a bucket, for those who follow it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.buckets import store
from pioche.buckets.service.find import require_bucket
from pioche.buckets.types import BucketId, Change
from pioche.ports.database import Database

BATCH = 500
KEPT_MS = 24 * 3600 * 1000
"""How far back the log reaches."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a follower is: after the change `last`, and not interested in what happened before `since`.

    `newest`: the last change of any bucket so far. `lost`: some of what it wants to hear has been forgotten.
    """

    last: int
    since: int = 0
    newest: int = 0
    lost: bool = False


class Changes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, actor: Actor, bucket_id: BucketId, cursor: int | None, since: int | None) -> Position:
        """Of a follower that saw the change `cursor`, or knows how it was at `since`, or wants only what comes."""
        with self._database.read() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.READ)
            newest = store.last_change(tx)
        # The log may be empty by now, and its ids go on from where they were.
        newest = max(newest, bucket.log_start[0])
        if cursor is not None:
            # A cursor from the future is one from before a backup was put back.
            return Position(cursor, 0, newest, lost=cursor < bucket.log_start[0] or cursor > newest)
        if since is not None:
            return Position(bucket.log_start[0], since, newest, lost=since < bucket.log_start[1])
        return Position(newest, 0, newest)

    def after(self, actor: Actor, bucket_id: BucketId, position: Position) -> Sequence[Change]:
        """The next ones, a few hundred at most. Asks again whether the actor may read the bucket."""
        with self._database.read() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.READ)
            return store.changes_after(tx, bucket.id, position.last, position.since, BATCH)

    def forget(self) -> None:
        """What nobody who is still following can need."""
        with self._database.write() as tx:
            store.forget_changes(tx, tx.now - KEPT_MS)
