"""Collections: making, finding, listing, changing, and what is in them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement

from pioche.accounts.access import Action, may_create, require
from pioche.accounts.service.groups import require_place
from pioche.accounts.types import Actor
from pioche.buckets.service.find import require_bucket
from pioche.buckets.types import BucketId
from pioche.collections import store
from pioche.collections.types import (
    MAX_DESCRIPTION,
    MAX_NOTE,
    MAX_TITLE,
    THEMES,
    Changes,
    Collection,
    CollectionFilter,
    CollectionPage,
    Filled,
    ItemChange,
    NewCollection,
    Slug,
    Target,
    missing,
)
from pioche.errors import Conflict, Forbidden, InvalidInput, NotFound, NotSupported, RepoRenamed, Unauthenticated
from pioche.names import RepoId, RepoKind
from pioche.ports.database import Database, Tx
from pioche.repos.cursors import read_cursor, write_cursor
from pioche.repos.service.find import require_repo

MAX_ITEMS = 1000
MAX_POSITION = 1_000_000
SHOWN = 4
"""Items of each collection in a list."""
_MAX_FILTERS = 40


class Collections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, actor: Actor, slug: str, action: Action = Action.READ) -> Filled:
        """The collection with all that the actor may see in it. Raises as `_require` does."""
        with self._database.read() as tx:
            return store.fill(tx, actor, [_require(tx, actor, slug, action)], MAX_ITEMS)[0]

    def list(self, actor: Actor, wanted: CollectionFilter, limit: int, cursor: str = "") -> CollectionPage:
        """What the actor may see, with the first items of each."""
        with self._database.read() as tx:
            narrowed = _narrowed(tx, actor, wanted)
            found, last = store.page(tx, actor, narrowed, wanted.sort, read_cursor(cursor), limit)
            return CollectionPage(store.fill(tx, actor, found, SHOWN), write_cursor(last) if last else None)

    def count(self, actor: Actor, wanted: CollectionFilter) -> int:
        with self._database.read() as tx:
            return store.count(tx, actor, _narrowed(tx, actor, wanted))

    def has_voted(self, actor: Actor, slug: str) -> bool:
        with self._database.read() as tx:
            collection = _require(tx, actor, slug, Action.READ)
            return actor.user_id is not None and store.has_voted(tx, collection.id, actor.user_id)

    # -- changes --

    def create(self, actor: Actor, new: NewCollection) -> Filled:
        """An empty one. Raises `Conflict` with the `slug` of the owner's other one with that title."""
        if actor.is_anonymous:
            raise Unauthenticated("Log in, or send a token, to make a collection.")
        title, description = _checked_title(new.title), _checked(new.description, MAX_DESCRIPTION, "description")
        key = secrets.token_hex(12)
        with self._database.write() as tx:
            owners = store.owner_ids(tx, [new.owner])
            if not owners or (new.group_id is None and not may_create(actor, owners[0])):
                raise Forbidden(f"You may not make collections under '{new.owner[:100]}'.")
            require_place(tx, actor, owners[0], new.group_id)
            _require_free(tx, owners[0], title)
            values = {"owner_id": owners[0], "title": title, "description": description, "private": new.private}
            values |= {"key": key, "theme": THEMES[int(key, 16) % len(THEMES)], "created_by": actor.user_id}
            values["group_id"] = new.group_id
            store.insert_collection(tx, values)
        return self.find(actor, f"{new.owner}/{key}")

    def change(self, actor: Actor, slug: str, changes: Changes) -> Filled:
        with self._database.write() as tx:
            collection = _require(tx, actor, slug, Action.WRITE)
            store.update(tx, collection.id, _checked_changes(tx, collection, changes))
        return self.find(actor, slug)

    def put_in_group(self, actor: Actor, slug: str, group_id: int | None) -> Filled:
        """None: out of its resource group. For who administers it and may make collections where it goes."""
        with self._database.write() as tx:
            collection = _require(tx, actor, slug, Action.ADMIN)
            require_place(tx, actor, collection.owner_id, group_id)
            store.update(tx, collection.id, {"group_id": group_id})
        return self.find(actor, slug)

    def delete(self, actor: Actor, slug: str) -> None:
        with self._database.write() as tx:
            store.remove(tx, _require(tx, actor, slug, Action.WRITE).id)

    def vote(self, actor: Actor, slug: str, voted: bool) -> None:
        """An upvote, or none. Anyone with an account may who sees it."""
        with self._database.write() as tx:
            collection = _require(tx, actor, slug, Action.DISCUSS)
            if actor.user_id is not None:
                store.set_vote(tx, collection.id, actor.user_id, voted)

    # -- items --

    def add(self, actor: Actor, slug: str, kind: str, name: str, note: str = "") -> Filled:
        """Puts something that the actor may see at the end.

        Raises `Conflict` if it is there, `NotFound`, `NotSupported` for papers.
        """
        note = _checked(note, MAX_NOTE, "note")
        with self._database.write() as tx:
            collection = _require(tx, actor, slug, Action.WRITE)
            target = _target(tx, actor, kind, name)
            if isinstance(target, Collection) and target.id == collection.id:
                raise InvalidInput("A collection cannot be in itself.")
            if store.find_item(tx, collection.id, target) is not None:
                raise Conflict(f"'{name}' is in the collection already.", slug=collection.slug)
            if len(store.item_order(tx, collection.id)) >= MAX_ITEMS:
                raise InvalidInput(f"A collection has {MAX_ITEMS} items at most.")
            store.add_item(tx, collection.id, target, note)
            store.update(tx, collection.id, {})
        return self.find(actor, slug)

    def change_items(self, actor: Actor, slug: str, changes: Sequence[ItemChange]) -> Filled:
        """One after the other, all or none."""
        with self._database.write() as tx:
            collection = _require(tx, actor, slug, Action.WRITE)
            for change in changes:
                _change_item(tx, actor, collection, change)
            store.update(tx, collection.id, {})
        return self.find(actor, slug)

    def remove_item(self, actor: Actor, slug: str, item_id: int) -> Filled:
        with self._database.write() as tx:
            collection = _require_item(tx, actor, slug, item_id)
            store.remove_item(tx, item_id)
            store.update(tx, collection.id, {})
        return self.find(actor, slug)


def _change_item(tx: Tx, actor: Actor, collection: Collection, change: ItemChange) -> None:
    seen = [item.id for item in store.fill(tx, actor, [collection], MAX_ITEMS)[0].items]
    if change.item_id not in seen:
        raise NotFound("There is no such item in this collection.")
    if change.note is not None:
        store.set_note(tx, change.item_id, _checked(change.note, MAX_NOTE, "note"))
    if change.position is not None:
        order = store.item_order(tx, collection.id)
        store.set_order(tx, _moved(order, seen, change.item_id, _checked_position(change.position)))


def _require(tx: Tx, actor: Actor, slug: str, action: Action) -> Collection:
    """The collection, if the actor may do `action` to it.

    Raises `NotFound` (also for what the actor may not see), `Forbidden`, `Unauthenticated`.
    """
    wanted = Slug.parse(slug)
    collection = store.find(tx, wanted.key)
    if collection is None or collection.owner.lower() != wanted.owner.lower():
        raise missing(slug)
    require(actor, action, collection.resource, missing(slug))
    return collection


def _require_item(tx: Tx, actor: Actor, slug: str, item_id: int) -> Collection:
    """The collection, if the actor may write to it and sees this item in it."""
    collection = _require(tx, actor, slug, Action.WRITE)
    seen = store.fill(tx, actor, [collection], MAX_ITEMS)[0].items
    if item_id not in {item.id for item in seen}:
        raise NotFound("There is no such item in this collection.")
    return collection


def _target(tx: Tx, actor: Actor, kind: str, name: str) -> Target:
    """What an item is to be about, if the actor may see it."""
    try:
        return _named(tx, actor, kind, name)
    except RepoRenamed as error:
        return _named(tx, actor, kind, f"{error.namespace}/{error.name}")


def _named(tx: Tx, actor: Actor, kind: str, name: str) -> Target:
    """By its present name; raises `RepoRenamed` for an old one."""
    match kind:
        case "model" | "dataset" | "space" | "kernel":
            return require_repo(tx, actor, RepoId.parse(RepoKind(kind), name), Action.READ)
        case "bucket":
            return require_bucket(tx, actor, BucketId.parse(name), Action.READ)
        case "collection":
            return _require(tx, actor, name, Action.READ)
        case "paper":
            raise NotSupported(
                "This hub has no papers. Collections hold models, datasets, Spaces, buckets, collections."
            )
    raise InvalidInput(f"There is no type '{kind[:50]}'. There are: model, dataset, space, kernel, bucket, collection.")


def _narrowed(tx: Tx, actor: Actor, wanted: CollectionFilter) -> Sequence[ColumnElement[bool]]:
    if len(wanted.owners) + len(wanted.items) > _MAX_FILTERS:
        raise InvalidInput(f"Look for {_MAX_FILTERS} owners and items at most.")
    narrowed = []
    if wanted.owners:
        narrowed.append(store.of_owners(store.owner_ids(tx, wanted.owners)))
    if wanted.groups is not None:
        narrowed.append(store.in_groups(wanted.groups))
    if wanted.items:
        narrowed.append(store.with_targets(_seen_targets(tx, actor, wanted.items)))
    return narrowed


def _seen_targets(tx: Tx, actor: Actor, items: Sequence[str]) -> list[Target]:
    """Those of `models/owner/name`, ... that there are for this actor."""
    found: list[Target] = []
    for item in items:
        plural, _, name = item.partition("/")
        try:
            found.append(_target(tx, actor, plural.removesuffix("s"), name))
        except (NotFound, NotSupported):
            continue
    return found


def _moved(order: Sequence[int], seen: Sequence[int], item_id: int, position: int) -> Sequence[int]:
    """The order with an item before the one that is at `position` of what is seen without it."""
    others = [one for one in seen if one != item_id]
    moved = [one for one in order if one != item_id]
    if position < len(others):
        at = moved.index(others[position])
    else:
        at = moved.index(others[-1]) + 1 if others else len(moved)
    return [*moved[:at], item_id, *moved[at:]]


def _checked_changes(tx: Tx, collection: Collection, changes: Changes) -> dict[str, object]:
    values: dict[str, object] = {}
    if changes.title is not None:
        values["title"] = title = _checked_title(changes.title)
        if title != collection.title:
            _require_free(tx, collection.owner_id, title)
    if changes.description is not None:
        values["description"] = _checked(changes.description, MAX_DESCRIPTION, "description")
    if changes.private is not None:
        values["private"] = changes.private
    if changes.theme is not None:
        if changes.theme not in THEMES:
            raise InvalidInput(f"There is no theme '{changes.theme[:50]}'. There are: {', '.join(THEMES)}.")
        values["theme"] = changes.theme
    if changes.position is not None:
        values["position"] = _checked_position(changes.position)
    return values


def _require_free(tx: Tx, owner_id: int, title: str) -> None:
    other = store.find_titled(tx, owner_id, title)
    if other is not None:
        raise Conflict(f"There is a collection '{title}' already.", slug=other.slug)


def _checked_title(text: str) -> str:
    title = " ".join(_checked(text, MAX_TITLE, "title").split())
    if not title:
        raise InvalidInput("A collection needs a title.")
    return title


def _checked(text: str, limit: int, what: str) -> str:
    text = text.strip()
    if len(text) > limit or "\0" in text:
        raise InvalidInput(f"The {what} has {limit} characters at most.")
    return text


def _checked_position(position: int) -> int:
    if not 0 <= position <= MAX_POSITION:
        raise InvalidInput("Positions count from 0.")
    return position
