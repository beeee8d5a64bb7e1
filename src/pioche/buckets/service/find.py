"""Finding a bucket for an actor: the first line of every verb."""

from __future__ import annotations

from pioche.accounts.access import Action, require
from pioche.accounts.types import Actor
from pioche.buckets import store
from pioche.buckets.types import Bucket, BucketId
from pioche.errors import RepoNotFound, RepoRenamed
from pioche.ports.database import Tx


def require_bucket(tx: Tx, actor: Actor, bucket_id: BucketId, action: Action) -> Bucket:
    """The bucket, if the actor may do `action` to it.

    Raises `RepoNotFound` (also for what the actor may not see), `RepoRenamed`, `Forbidden`, `Unauthenticated`.
    """
    missing = RepoNotFound(f"There is no bucket '{bucket_id.full}', or you have no access to it.")
    bucket = store.find(tx, bucket_id)
    if bucket is not None:
        require(actor, action, bucket.resource, missing)
        return bucket
    moved = store.find_moved(tx, bucket_id)
    if moved is not None:
        require(actor, Action.READ, moved.resource, missing)
        raise RepoRenamed(moved.bucket_id.namespace, moved.bucket_id.name)
    raise missing
