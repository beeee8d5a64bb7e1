"""Collections and their items.

Source: Hub API as `huggingface_hub` 2.4 speaks it (`list_collections` to `delete_collection_item`).
Shape:  JSON. `position` of a collection is left out in lists: the client counts them itself, and refuses two.
        A collection in a collection has a `slug`, which is its `id` too.
Units:  positions count from 0; dates ISO 8601 that end in Z.
Errors: `InvalidInput` for a body of another shape.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class NewCollection(msgspec.Struct, frozen=True, rename="camel"):
    title: str
    namespace: str = ""
    private: bool = False
    description: str | None = None
    resource_group_id: str | None = None


class ResourceGroup(msgspec.Struct, frozen=True, rename="camel"):
    resource_group_id: str | None


class Changes(msgspec.Struct, frozen=True):
    title: str | None = None
    description: str | None = None
    position: int | None = None
    private: bool | None = None
    theme: str | None = None


class Named(msgspec.Struct, frozen=True):
    id: str
    type: str


class NewItem(msgspec.Struct, frozen=True):
    item: Named
    note: str | None = None


class ItemChanges(msgspec.Struct, frozen=True):
    note: str | None = None
    position: int | None = None


class BatchChange(msgspec.Struct, frozen=True):
    """One line of many changes. `action` can only be `update`."""

    id: str = msgspec.field(name="_id")
    action: str = "update"
    data: ItemChanges = ItemChanges()


class Note(msgspec.Struct):
    text: str
    html: str


class Owner(msgspec.Struct, rename="camel"):
    id: str = msgspec.field(name="_id")
    name: str
    fullname: str
    type: str
    avatar_url: str


class Item(msgspec.Struct, rename="camel"):
    object_id: str = msgspec.field(name="_id")
    id: str
    type: str
    position: int
    author: str
    private: bool
    last_modified: str
    note: Note | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    repo_type: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    downloads: int | UnsetType = UNSET
    likes: int | UnsetType = UNSET
    pipeline_tag: str | UnsetType = msgspec.field(name="pipeline_tag", default=UNSET)


class Collection(msgspec.Struct, rename="camel"):
    slug: str
    title: str
    owner: Owner
    items: list[Item]
    last_updated: str
    private: bool
    theme: str
    upvotes: int
    number_items: int
    description: str | UnsetType = UNSET
    position: int | UnsetType = UNSET
