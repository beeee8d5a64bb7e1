"""Buckets as a whole: making, finding, listing, renaming, settings, deletion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.exc import IntegrityError

from pioche import wiring
from pioche.accounts.access import Action, may_create
from pioche.accounts.service.groups import require_place
from pioche.accounts.types import Actor
from pioche.buckets import store
from pioche.buckets.service.changes import Changes
from pioche.buckets.service.files import Files
from pioche.buckets.service.find import require_bucket
from pioche.buckets.service.tidying import Tidying
from pioche.buckets.service.writing import Writing
from pioche.buckets.types import Bucket, BucketId, BucketPage
from pioche.errors import Forbidden, InvalidInput, NotFound, RepoExists, Unauthenticated
from pioche.events import BucketSettingsChanged
from pioche.names import check_name
from pioche.ports.database import Database, Tx
from pioche.queue.service import Queue
from pioche.repos.cursors import read_cursor, write_cursor
from pioche.repos.service.numbers import take_number
from pioche.repos.service.trees import Trees
from pioche.xet.service import Xet

MAX_PAGE = 1000
MAX_SEARCH = 300


class Buckets:
    """The verbs of whole buckets; `files`, `writing`, `changes` and `tidying` are about what is in them."""

    def __init__(self, database: Database, queue: Queue, xet: Xet, trees: Trees) -> None:
        self._database = database
        self._queue = queue
        self._xet = xet
        self.files = Files(database, xet)
        self.writing = Writing(database, xet, trees)
        self.changes = Changes(database)
        self.tidying = Tidying(database, xet)

    def find(self, actor: Actor, bucket_id: BucketId, action: Action = Action.READ) -> Bucket:
        """The bucket, if the actor may do `action` to it; raises as `require_bucket` does."""
        with self._database.read() as tx:
            return require_bucket(tx, actor, bucket_id, action)

    def list(self, actor: Actor, owner: str, search: str, limit: int, cursor: str = "") -> BucketPage:
        """What the actor may see of it, most recently changed first. Raises `NotFound` for an unknown `owner`."""
        _check_search(search)
        limit = min(limit, MAX_PAGE)
        with self._database.read() as tx:
            found = store.page(tx, actor, _owner_id(tx, owner), search, read_cursor(cursor), limit + 1)
        if len(found) <= limit:
            return BucketPage(found, None)
        last = found[limit - 1]
        return BucketPage(found[:limit], write_cursor((last.updated_at, last.id)))

    def count(self, actor: Actor, owner: str = "", search: str = "") -> int:
        _check_search(search)
        with self._database.read() as tx:
            return store.count(tx, actor, _owner_id(tx, owner), search)

    # -- changes --

    def create(self, actor: Actor, bucket_id: BucketId, private: bool, group_id: int | None = None) -> Bucket:
        """An empty one. Raises `RepoExists`, `Forbidden`, `InvalidName`."""
        try:
            with self._database.write() as tx:
                owner_id = _require_owner(tx, actor, bucket_id, group_id)
                _require_free(tx, bucket_id)
                number = take_number(tx)
                store.insert_bucket(tx, number, owner_id, bucket_id, private, actor.user_id)
                store.set_group(tx, number, group_id)
                self._xet.set_repo_public(tx, number, not private)
        except IntegrityError as error:
            raise _exists(bucket_id) from error
        return self.find(actor, bucket_id)

    def move(self, actor: Actor, bucket_id: BucketId, target: BucketId) -> Bucket:
        """Another name, another owner, or both; the old name leads to the new one. Raises `RepoExists`."""
        try:
            with self._database.write() as tx:
                bucket = require_bucket(tx, actor, bucket_id, Action.ADMIN)
                stays = target.namespace.lower() == bucket.bucket_id.namespace.lower()
                owner_id = _require_owner(tx, actor, target, bucket.group_id if stays else None)
                _require_free(tx, target, but=bucket.id)
                store.rename(tx, bucket, owner_id, target)
        except IntegrityError as error:
            raise _exists(target) from error
        return self.find(actor, target)

    def change_visibility(self, actor: Actor, bucket_id: BucketId, private: bool) -> Bucket:
        with self._database.write() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.ADMIN)
            store.set_private(tx, bucket.id, private)
            self._xet.set_repo_public(tx, bucket.id, not private)
            self._announce(tx, actor, bucket)
        return self.find(actor, bucket_id)

    def put_in_group(self, actor: Actor, bucket_id: BucketId, group_id: int | None) -> None:
        """None: out of it. For who administers it and may make buckets where it goes."""
        with self._database.write() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.ADMIN)
            require_place(tx, actor, bucket.owner_id, group_id)
            store.set_group(tx, bucket.id, group_id)
            self._announce(tx, actor, bucket)

    def within(self, actor: Actor, group_ids: Sequence[int]) -> Sequence[Bucket]:
        """What is in these resource groups, as far as the actor may see it."""
        with self._database.read() as tx:
            return store.in_groups(tx, actor, group_ids, MAX_PAGE) if group_ids else ()

    def delete(self, actor: Actor, bucket_id: BucketId) -> None:
        """Gone for everybody at once; bytes that nobody else uses follow with a later sweep."""
        with self._database.write() as tx:
            bucket = require_bucket(tx, actor, bucket_id, Action.ADMIN)
            self._xet.forget_repo(tx, bucket.id)
            store.remove(tx, bucket.id)

    # -- for whoever runs the hub --

    def names(self, numbers: Sequence[int]) -> dict[int, str]:
        """Those of these ids that are buckets, with their names."""
        with self._database.read() as tx:
            found = [store.get(tx, number) for number in numbers]
        return {bucket.id: bucket.bucket_id.path for bucket in found if bucket is not None}

    def faults(self) -> Iterator[str]:
        """One sentence for each file whose bytes the content store does not have for its bucket."""
        with self._database.read() as tx:
            numbers = store.numbers(tx)
        for number in numbers:
            yield from self.tidying.faults(number)

    def _announce(self, tx: Tx, actor: Actor, bucket: Bucket) -> None:
        wiring.announce(self._queue, tx, BucketSettingsChanged(actor_id=actor.user_id, bucket_id=bucket.id))


def _owner_id(tx: Tx, owner: str) -> int | None:
    """None for all owners."""
    if not owner:
        return None
    found = store.find_owner_id(tx, owner)
    if found is None:
        raise NotFound(f"There is no user or organisation '{owner[:100]}'.")
    return found


def _require_owner(tx: Tx, actor: Actor, bucket_id: BucketId, group_id: int | None) -> int:
    """The id of the account that will own it, if the actor may make buckets there, in that resource group of it."""
    if actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to make a bucket.")
    check_name(bucket_id.name)
    owner_id = store.find_owner_id(tx, bucket_id.namespace)
    if owner_id is None or (group_id is None and not may_create(actor, owner_id)):
        raise Forbidden(f"You may not make buckets under '{bucket_id.namespace[:100]}'.")
    require_place(tx, actor, owner_id, group_id)
    return owner_id


def _require_free(tx: Tx, bucket_id: BucketId, but: int | None = None) -> None:
    """Raises `RepoExists` if another bucket than `but` has the name. Old names are free."""
    found = store.find(tx, bucket_id)
    if found is not None and found.id != but:
        raise _exists(found.bucket_id)


def _exists(bucket_id: BucketId) -> RepoExists:
    return RepoExists(f"The bucket '{bucket_id.full}' exists already.", path=bucket_id.path)


def _check_search(search: str) -> None:
    """More than a person would type, and less than the database refuses."""
    if len(search) > MAX_SEARCH:
        raise InvalidInput(f"Search for {MAX_SEARCH} characters at most.")
