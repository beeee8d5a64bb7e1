"""Making, listing, deleting buckets, and their settings, by API. Moving is with the repositories."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.api.groups import GroupChoice, group_number, known_group
from pioche.buckets.api.place import bucket_of, namespace_of
from pioche.buckets.types import Bucket
from pioche.errors import InvalidInput, RepoExists
from pioche.protocols.hub import buckets as wire
from pioche.web.call import Call
from pioche.web.responses import iso, json_response, page_response
from pioche.web.routing import Route

PAGE = 100


def create(call: Call) -> Response:
    """With `exist_ok` clients read the address from the refusal."""
    wanted = call.json(wire.CreateBucket)
    private = _is_private(wanted) or False
    try:
        group_id = group_number(wanted.resource_group_id)
        bucket = call.hub.buckets.create(call.actor, bucket_of(call), private, group_id)
    except RepoExists as error:
        raise RepoExists(error.message, url=f"{call.base_url}/{error.details['path']}") from error
    return json_response({"url": f"{call.base_url}/{bucket.bucket_id.path}", "id": bucket.bucket_id.full})


def info(call: Call) -> Response:
    return json_response(_info(call.hub.buckets.find(call.actor, bucket_of(call))))


def list_buckets(call: Call) -> Response:
    limit = call.query_int("limit", PAGE, 1, 1000)
    page = call.hub.buckets.list(call.actor, namespace_of(call), call.query("search"), limit, call.query("cursor"))
    return page_response(call, [_info(bucket) for bucket in page.buckets], page.cursor)


def delete(call: Call) -> Response:
    call.hub.buckets.delete(call.actor, bucket_of(call))
    return json_response({})


def change_settings(call: Call) -> Response:
    private = _is_private(call.json(wire.Settings))
    if private is None:
        raise InvalidInput("Say what to change: 'private'.")
    bucket = call.hub.buckets.change_visibility(call.actor, bucket_of(call), private)
    return json_response({"private": bucket.private})


def show_group(call: Call) -> Response:
    return json_response(known_group(call, call.hub.buckets.find(call.actor, bucket_of(call)).group_id))


def set_group(call: Call) -> Response:
    group_id = group_number(call.json(GroupChoice).resource_group_id)
    call.hub.buckets.put_in_group(call.actor, bucket_of(call), group_id)
    return json_response(known_group(call, group_id))


def _is_private(asked: wire.CreateBucket | wire.Settings) -> bool | None:
    """None if nothing was said."""
    match asked.visibility:
        case None:
            return asked.private
        case "public":
            return False
        case "private":
            return True
        case _:
            raise InvalidInput(f"There is no visibility '{asked.visibility[:50]}'. There are: public, private.")


def _info(bucket: Bucket) -> wire.BucketInfo:
    return wire.BucketInfo(
        id=bucket.bucket_id.full,
        author=bucket.bucket_id.namespace,
        private=bucket.private,
        created_at=iso(bucket.created_at),
        updated_at=iso(bucket.updated_at),
        size=bucket.size,
        total_files=bucket.total_files,
    )


routes = [
    Route("GET", "/api/buckets/{ns}", list_buckets, hot=True),
    Route("GET", "/api/buckets/{ns}/{name}", info, hot=True),
    Route("POST", "/api/buckets/{ns}/{name}", create),
    Route("DELETE", "/api/buckets/{ns}/{name}", delete),
    Route("PUT", "/api/buckets/{ns}/{name}/settings", change_settings),
    Route("GET", "/api/buckets/{ns}/{name}/resource-group", show_group),
    Route("POST", "/api/buckets/{ns}/{name}/resource-group", set_group),
]
