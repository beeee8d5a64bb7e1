"""Collections by API."""

from __future__ import annotations

import html

from msgspec import UNSET
from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.accounts.api.groups import group_number, known_group
from pioche.buckets.types import Bucket
from pioche.collections.types import (
    Changes,
    Collection,
    CollectionFilter,
    Filled,
    Item,
    ItemChange,
    NewCollection,
    Sort,
)
from pioche.errors import InvalidInput, NotFound
from pioche.protocols.hub import collection as wire
from pioche.repos.types import Repo
from pioche.web.call import Call
from pioche.web.responses import avatar_url, external_id, internal_id, iso, json_response, page_response
from pioche.web.routing import Route

PAGE = 100
MOST_CHANGES = 200


def list_collections(call: Call) -> Response:
    limit = call.query_int("limit", PAGE, 1, PAGE)
    page = call.hub.collections.list(call.actor, filter_of(call), limit, call.query("cursor"))
    return page_response(call, [_collection(call, one) for one in page.found], page.cursor)


def show(call: Call) -> Response:
    return _answer(call, call.hub.collections.find(call.actor, slug_of(call)))


def create(call: Call) -> Response:
    asked = call.json(wire.NewCollection)
    owner = asked.namespace or call.actor.name
    group_id = group_number(asked.resource_group_id)
    new = NewCollection(owner, asked.title, asked.description or "", asked.private, group_id)
    return _answer(call, call.hub.collections.create(call.actor, new))


def change(call: Call) -> Response:
    asked = call.json(wire.Changes)
    changes = Changes(asked.title, asked.description, asked.private, asked.theme, asked.position)
    filled = call.hub.collections.change(call.actor, slug_of(call), changes)
    return json_response({"success": True, "data": _whole(call, filled)})


def delete(call: Call) -> Response:
    call.hub.collections.delete(call.actor, slug_of(call))
    return json_response({"success": True})


def add_item(call: Call) -> Response:
    asked = call.json(wire.NewItem)
    named = asked.item
    return _answer(call, call.hub.collections.add(call.actor, slug_of(call), named.type, named.id, asked.note or ""))


def change_item(call: Call) -> Response:
    asked = call.json(wire.ItemChanges)
    change = ItemChange(item_of(call), asked.note, asked.position)
    filled = call.hub.collections.change_items(call.actor, slug_of(call), [change])
    return json_response({"success": True, "data": _whole(call, filled)})


def change_items(call: Call) -> Response:
    asked = call.json(list[wire.BatchChange])
    if len(asked) > MOST_CHANGES or any(one.action != "update" for one in asked):
        raise InvalidInput(f"'action' can only be 'update', and {MOST_CHANGES} at once are the limit.")
    changes = [ItemChange(_item_number(one.id), one.data.note, one.data.position) for one in asked]
    filled = call.hub.collections.change_items(call.actor, slug_of(call), changes)
    return json_response({"success": True, "data": _whole(call, filled)})


def remove_item(call: Call) -> Response:
    call.hub.collections.remove_item(call.actor, slug_of(call), item_of(call))
    return json_response({"success": True})


def set_resource_group(call: Call) -> Response:
    call.hub.collections.find(call.actor, slug_of(call), Action.ADMIN)  # the body is nobody else's business
    group_id = group_number(call.json(wire.ResourceGroup).resource_group_id)
    return _answer(call, call.hub.collections.put_in_group(call.actor, slug_of(call), group_id))


def show_resource_group(call: Call) -> Response:
    filled = call.hub.collections.find(call.actor, slug_of(call))
    return json_response(known_group(call, filled.collection.group_id))


def slug_of(call: Call) -> str:
    return f"{call.arg('ns')}/{call.arg('slug')}"


def item_of(call: Call) -> int:
    return _item_number(call.arg("item"))


def _item_number(text: str) -> int:
    number = internal_id(text)
    if number is None:
        raise NotFound("There is no such item in this collection.")
    return number


def filter_of(call: Call) -> CollectionFilter:
    owners, items = (tuple(filter(None, call.query_list(key))) for key in ("owner", "item"))
    return CollectionFilter(owners, items, _sort(call.query("sort") or "lastModified"))


def _sort(text: str) -> Sort:
    match text:
        case "lastModified" | "trending" | "upvotes":
            return text
    raise InvalidInput("'sort' is one of: lastModified, trending, upvotes.")


def _answer(call: Call, filled: Filled) -> Response:
    return json_response(_whole(call, filled))


def _whole(call: Call, filled: Filled) -> wire.Collection:
    answer = _collection(call, filled)
    answer.position = filled.collection.position
    return answer


def _collection(call: Call, filled: Filled) -> wire.Collection:
    """As lists show it: without its position."""
    one = filled.collection
    owner = wire.Owner(
        id=external_id(one.owner_id),
        name=one.owner,
        fullname=one.owner_fullname or one.owner,
        type=one.owner_kind,
        avatar_url=avatar_url(call, one.owner),
    )
    return wire.Collection(
        slug=one.slug,
        title=one.title,
        owner=owner,
        items=[_item(item) for item in filled.items],
        last_updated=iso(one.updated_at),
        private=one.private,
        theme=one.theme,
        upvotes=one.upvotes,
        number_items=filled.count,
        description=one.description or UNSET,
    )


def _item(item: Item) -> wire.Item:
    target = item.target
    answer = wire.Item(
        object_id=external_id(item.id),
        id=item.name,
        type=item.kind,
        position=item.position,
        author=item.name.partition("/")[0],
        private=target.private,
        last_modified=iso(target.updated_at),
        note=wire.Note(item.note, html.escape(item.note)) if item.note else UNSET,
    )
    match target:
        case Repo():
            answer.repo_type, answer.likes, answer.downloads = item.kind, target.likes, target.downloads
            answer.pipeline_tag = target.pipeline_tag or UNSET
        case Bucket():
            answer.repo_type = item.kind
        case Collection():
            answer.slug, answer.title = target.slug, target.title
    return answer


routes = [
    Route("GET", "/api/collections", list_collections),
    Route("POST", "/api/collections", create),
    Route("GET", "/api/collections/{ns}/{slug}", show),
    Route("PATCH", "/api/collections/{ns}/{slug}", change),
    Route("DELETE", "/api/collections/{ns}/{slug}", delete),
    Route("POST", "/api/collections/{ns}/{slug}/items", add_item),
    Route("POST", "/api/collections/{ns}/{slug}/items/batch", change_items),
    Route("PATCH", "/api/collections/{ns}/{slug}/items/{item}", change_item),
    Route("DELETE", "/api/collections/{ns}/{slug}/items/{item}", remove_item),
    Route("GET", "/api/collections/{ns}/{slug}/resource-group", show_resource_group),
    Route("POST", "/api/collections/{ns}/{slug}/resource-group", set_resource_group),
]
