"""Resource groups by API: a team inside of an organisation, who is in it, and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from pioche.accounts.api.profiles import user_json
from pioche.accounts.types import Group, Membership, NewGroup, OrgRole
from pioche.collections.types import CollectionFilter
from pioche.errors import InvalidInput, NotFound
from pioche.web.call import Call
from pioche.web.responses import external_id, internal_id, iso, json_response
from pioche.web.routing import Route

MOST = 1000
"""People in one request."""
COLLECTIONS = 100


class GroupChoice(msgspec.Struct, frozen=True, rename="camel"):
    """`null`: into none."""

    resource_group_id: str | None


class _Member(msgspec.Struct, frozen=True):
    user: str
    role: str


class _AutoJoin(msgspec.Struct, frozen=True):
    enabled: bool
    role: str = "read"


class _NewGroup(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    description: str = ""
    users: list[_Member] = []
    auto_join: _AutoJoin | None = None


class _Description(msgspec.Struct, frozen=True):
    name: str | None = None
    description: str | None = None


class _Settings(msgspec.Struct, frozen=True, rename="camel"):
    auto_join: _AutoJoin | UnsetType = UNSET


class _Members(msgspec.Struct, frozen=True):
    users: list[_Member]


class _Role(msgspec.Struct, frozen=True):
    role: str


def list_groups(call: Call) -> Response:
    found = call.hub.accounts.groups.list(call.actor, call.arg("name"))
    return json_response(_bodies(call, found))


def create(call: Call) -> Response:
    asked = call.json(_NewGroup)
    new = NewGroup(asked.name, asked.description, _role_of(asked.auto_join), _members(asked.users))
    return _answer(call, call.hub.accounts.groups.create(call.actor, call.arg("name"), new))


def show(call: Call) -> Response:
    return _answer(call, call.hub.accounts.groups.get(call.actor, call.arg("name"), _number(call)))


def change(call: Call) -> Response:
    asked = call.json(_Description)
    groups = call.hub.accounts.groups
    group = groups.describe(call.actor, call.arg("name"), _number(call), asked.name, asked.description)
    return _answer(call, group)


def delete(call: Call) -> Response:
    call.hub.accounts.groups.delete(call.actor, call.arg("name"), _number(call))
    return json_response({"success": True})


def change_settings(call: Call) -> Response:
    asked = call.json(_Settings).auto_join
    if asked is UNSET:
        raise InvalidInput("Say what to change: 'autoJoin'.")
    groups = call.hub.accounts.groups
    return _answer(call, groups.set_auto_join(call.actor, call.arg("name"), _number(call), _role_of(asked)))


def add_members(call: Call) -> Response:
    members = _members(call.json(_Members).users)
    groups = call.hub.accounts.groups
    return _answer(call, groups.add_members(call.actor, call.arg("name"), _number(call), members))


def set_role(call: Call) -> Response:
    role = OrgRole.parse(call.json(_Role).role)
    groups = call.hub.accounts.groups
    groups.change_role(call.actor, call.arg("name"), _number(call), call.arg("user"), role)
    return json_response({"success": True, "user": call.arg("user"), "role": role.label})


def remove_member(call: Call) -> Response:
    groups = call.hub.accounts.groups
    groups.remove_member(call.actor, call.arg("name"), _number(call), call.arg("user"))
    return json_response({"success": True})


# -- for the routes of what can be in a group --


def group_number(text: str | None) -> int | None:
    """Of an id as clients know it; raises `NotFound` for what is none."""
    if text is None:
        return None
    number = internal_id(text)
    if number is None:
        raise NotFound("There is no such resource group, or you are not in it.")
    return number


def known_group(call: Call, group_id: int | None) -> dict[str, Any] | None:
    """The group that something is in, for who is in it too; else None, as for what is in none."""
    group = call.hub.accounts.groups.known(call.actor, [group_id]).get(group_id) if group_id is not None else None
    if group is None:
        return None
    return {"id": external_id(group.id), "name": group.name, "numUsers": group.people}


# -- from words to values and back --


def _number(call: Call) -> int:
    number = group_number(call.arg("group"))
    assert number is not None, "an address has an id"
    return number


def _members(asked: Sequence[_Member]) -> tuple[tuple[str, OrgRole], ...]:
    if len(asked) > MOST:
        raise InvalidInput(f"{MOST} people at once are the limit.")
    return tuple((one.user, OrgRole.parse(one.role)) for one in asked)


def _role_of(asked: _AutoJoin | UnsetType | None) -> OrgRole | None:
    return OrgRole.parse(asked.role) if isinstance(asked, _AutoJoin) and asked.enabled else None


def _answer(call: Call, group: Group) -> Response:
    return json_response(_bodies(call, [group])[0])


def _bodies(call: Call, groups: Sequence[Group]) -> list[dict[str, Any]]:
    """With their people, and what is in them as far as the actor may see it."""
    people = call.hub.accounts.groups.members(call.actor, groups)
    followed = call.hub.follows.followed_among(
        call.actor, sorted({member.account.id for one in people.values() for member in one})
    )
    things: dict[int | None, list[dict[str, Any]]] = {}
    for group_id, body in _things(call, [group.id for group in groups]):
        things.setdefault(group_id, []).append(body)

    def user(member: Membership) -> dict[str, Any]:
        body = user_json(call, member.account, member.account.id in followed)
        return {"_id": external_id(member.account.id), **body, "name": member.account.name, "role": member.role.label}

    return [
        {
            **_body(group),
            "users": [user(member) for member in people.get(group.id, ())],
            "repos": things.get(group.id, []),
        }
        for group in groups
    ]


def _body(group: Group) -> dict[str, Any]:
    auto = group.auto_join
    return {
        "id": external_id(group.id),
        "name": group.name,
        "description": group.description,
        "createdAt": iso(group.created_at),
        "numUsers": group.people,
        "autoJoin": {"enabled": False} if auto is None else {"enabled": True, "role": auto.label},
    }


def _things(call: Call, group_ids: Sequence[int]) -> Iterator[tuple[int | None, dict[str, Any]]]:
    for repo in call.hub.repos.grouping.within(call.actor, group_ids):
        yield repo.group_id, _thing(repo.repo_id.kind.value, repo.repo_id.full, repo.private)
    for bucket in call.hub.buckets.within(call.actor, group_ids):
        yield bucket.group_id, _thing("bucket", bucket.bucket_id.full, bucket.private)
    for one in call.hub.collections.list(call.actor, CollectionFilter(groups=group_ids), COLLECTIONS).found:
        found = one.collection
        yield found.group_id, _thing("collection", found.slug, found.private)


def _thing(kind: str, name: str, private: bool) -> dict[str, Any]:
    return {"type": kind, "name": name, "private": private}


_PLACE = "/api/organizations/{name}/resource-groups"
routes = [
    Route("GET", _PLACE, list_groups),
    Route("POST", _PLACE, create),
    Route("GET", _PLACE + "/{group}", show),
    Route("PATCH", _PLACE + "/{group}", change),
    Route("DELETE", _PLACE + "/{group}", delete),
    Route("POST", _PLACE + "/{group}/settings", change_settings),
    Route("POST", _PLACE + "/{group}/users", add_members),
    Route("PATCH", _PLACE + "/{group}/users/{user}", set_role),
    Route("DELETE", _PLACE + "/{group}/users/{user}", remove_member),
]
