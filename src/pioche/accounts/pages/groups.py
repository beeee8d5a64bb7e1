"""Resource groups of an organisation: all of them, making one, and what one is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from pioche.accounts.access import owner_role
from pioche.accounts.api.groups import COLLECTIONS, group_number
from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done
from pioche.accounts.types import Group, NewGroup, OrgRole
from pioche.collections.types import CollectionFilter
from pioche.errors import Conflict, HubError, NotFound
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.responses import external_id, see_other
from pioche.web.routing import Route
from pioche.web.text import _

ROLES = tuple(role.label for role in OrgRole)


@dataclass(frozen=True, slots=True)
class Thing:
    """What is in a group: `place` is where its page is."""

    kind: str
    name: str
    place: str
    private: bool


def show_all(call: Call) -> Response:
    return call.hub.templates.page(call, "accounts/groups.html", {**_list_values(call), "form": {}, "errors": {}})


def create(call: Call) -> Response:
    form = call.form()
    new = NewGroup(form.get("name", ""), form.get("description", ""))
    try:
        group = call.hub.accounts.groups.create(call.actor, call.params["name"], new)
    except FAULTS as error:
        return again(call, "accounts/groups.html", {**_list_values(call), "form": form}, error)
    return done(call, _place(call, group), _("%(name)s is made. Say who is in it.") % {"name": group.name})


def show(call: Call) -> Response:
    values = _values(call)
    return call.hub.templates.page(
        call, "accounts/group.html", {**values, "form": _form(values["group"]), "errors": {}}
    )


def save(call: Call) -> Response:
    form, number, groups = call.form(), _number(call), call.hub.accounts.groups
    role = OrgRole.parse(form["auto_join"]) if form.get("auto_join") else None
    try:
        groups.describe(call.actor, call.params["name"], number, form.get("name"), form.get("description"))
        group = groups.set_auto_join(call.actor, call.params["name"], number, role)
    except FAULTS as error:
        return again(call, "accounts/group.html", {**_values(call), "form": form}, error)
    return done(call, _place(call, group), _("The group is saved."))


def set_member(call: Call) -> Response:
    form = call.form()
    try:
        members = [(form.get("user", ""), OrgRole.parse(form.get("role", "")))]
        group = call.hub.accounts.groups.add_members(call.actor, call.params["name"], _number(call), members)
    except (*FAULTS, NotFound) as error:
        values = _values(call)  # raises where the actor may not see the page: then that is the answer
        return again(call, "accounts/group.html", {**values, "form": {**_form(values["group"]), **form}}, error)
    said = _("%(name)s has the role %(role)s.") % {"name": form["user"].strip(), "role": members[0][1].label}
    return done(call, f"{_place(call, group)}#members", said)


def remove_member(call: Call) -> Response:
    groups, user = call.hub.accounts.groups, call.form().get("user", "")
    group = groups.get(call.actor, call.params["name"], _number(call))
    groups.remove_member(call.actor, call.params["name"], group.id, user)
    return done(call, f"{_place(call, group)}#members", _("%(name)s is not in the group any more.") % {"name": user})


def delete(call: Call) -> Response:
    groups = call.hub.accounts.groups
    group = groups.get(call.actor, call.params["name"], _number(call))
    try:
        groups.delete(call.actor, call.params["name"], group.id)
    except Conflict as error:
        return flash.say(call, see_other(_place(call, group)), error.message, "error")
    return done(call, f"{_org_place(call)}/settings/groups", _("%(name)s is deleted.") % {"name": group.name})


# -- for settings pages of what can be in a group --


def group_choices(call: Call, owner: str) -> list[tuple[str, str]]:
    """(id, name) of the resource groups that the actor may put things of an account into; empty for people."""
    try:
        found = call.hub.accounts.groups.list(call.actor, owner)
    except HubError:
        return []
    return [(external_id(group.id), group.name) for group in found]


# -- how --


def _list_values(call: Call) -> dict[str, Any]:
    org = call.hub.accounts.find_account(call.params["name"])
    groups = call.hub.accounts.groups.list(call.actor, org.name)
    return {"org": org, "groups": groups, "ids": _ids(groups), "can_admin": _administers(call, org.id)}


def _ids(groups: Any) -> Mapping[int, str]:
    return {group.id: external_id(group.id) for group in groups}


def _values(call: Call) -> dict[str, Any]:
    org, groups = call.hub.accounts.find_account(call.params["name"]), call.hub.accounts.groups
    group = groups.get(call.actor, org.name, _number(call))
    can_admin = _administers(call, org.id)
    return {
        "org": org,
        "group": group,
        "place": _place(call, group),
        "members": groups.members(call.actor, [group]).get(group.id, ()),
        "things": list(_things(call, group)),
        "roles": ROLES,
        "can_admin": can_admin,
        "can_manage": can_admin or call.actor.groups.get(group.id) is OrgRole.ADMIN,
    }


def _things(call: Call, group: Group) -> Iterator[Thing]:
    for repo in call.hub.repos.grouping.within(call.actor, [group.id]):
        yield Thing(repo.repo_id.kind.value, repo.repo_id.full, repo.repo_id.path, repo.private)
    for bucket in call.hub.buckets.within(call.actor, [group.id]):
        yield Thing("bucket", bucket.bucket_id.full, bucket.bucket_id.path, bucket.private)
    wanted = CollectionFilter(groups=[group.id])
    for one in call.hub.collections.list(call.actor, wanted, COLLECTIONS).found:
        yield Thing("collection", one.collection.title, one.collection.path, one.collection.private)


def _form(group: Group) -> dict[str, str]:
    auto = "" if group.auto_join is None else group.auto_join.label
    return {"name": group.name, "description": group.description, "auto_join": auto}


def _administers(call: Call, org_id: int) -> bool:
    return call.actor.is_admin or owner_role(call.actor, org_id) >= OrgRole.ADMIN


def _number(call: Call) -> int:
    number = group_number(call.params["group"])
    assert number is not None, "an address has an id"
    return number


def _org_place(call: Call) -> str:
    return f"/organizations/{call.hub.accounts.find_account(call.params['name']).name}"


def _place(call: Call, group: Group) -> str:
    return f"{_org_place(call)}/settings/groups/{external_id(group.id)}"


_ALL = "/organizations/{name}/settings/groups"
routes = [
    Route("GET", _ALL, show_all, "html"),
    Route("POST", _ALL, create, "html", limit=FORM_LIMIT),
    Route("GET", _ALL + "/{group}", show, "html"),
    Route("POST", _ALL + "/{group}", save, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{group}/members", set_member, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{group}/members/remove", remove_member, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{group}/delete", delete, "html", limit=FORM_LIMIT),
]
