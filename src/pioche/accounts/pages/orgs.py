"""Organisations: making one, its profile and its members."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done, profile_text
from pioche.accounts.types import OrgRole
from pioche.errors import Conflict, HubError, NotFound
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _

ROLES = tuple(role.label for role in OrgRole)


def show_new(call: Call) -> Response:
    call.hub.accounts.people.me(call.actor)
    return call.hub.templates.page(call, "accounts/org_new.html", {"form": {}, "errors": {}})


def create(call: Call) -> Response:
    form = call.form()
    try:
        org = call.hub.accounts.orgs.create(call.actor, form.get("name", ""), form.get("fullname", ""))
    except FAULTS as error:
        return again(call, "accounts/org_new.html", {"form": form}, error)
    return done(
        call, f"/organizations/{org.name}/settings", _("%(name)s is made. Add its members here.") % {"name": org.name}
    )


def show_settings(call: Call) -> Response:
    values = _values(call)
    org = values["org"]
    form = {"fullname": org.fullname, "bio": org.bio, "website": org.website, **org.socials}
    return call.hub.templates.page(call, "accounts/org_settings.html", {**values, "form": form, "errors": {}})


def save_profile(call: Call) -> Response:
    form = call.form()
    text = profile_text(form)
    try:
        call.hub.accounts.orgs.change_profile(call.actor, call.params["name"], text)
    except FAULTS as error:
        return again(call, "accounts/org_settings.html", {**_values(call), "form": form}, error)
    return done(call, _place(call), _("The profile is saved."))


def set_member(call: Call) -> Response:
    form = call.form()
    try:
        role = OrgRole.parse(form.get("role", ""))
        call.hub.accounts.orgs.set_member(call.actor, call.params["name"], form.get("user", ""), role)
    except (*FAULTS, NotFound) as error:
        return _members_again(call, form, error)
    said = _("%(name)s has the role %(role)s.") % {"name": form["user"].strip(), "role": role.label}
    return done(call, f"{_place(call)}#members", said)


def remove_member(call: Call) -> Response:
    form = call.form()
    user = form.get("user", "")
    try:
        call.hub.accounts.orgs.remove_member(call.actor, call.params["name"], user)
    except Conflict as error:
        back = "/settings/organizations" if user == call.actor.name else f"{_place(call)}#members"
        return flash.say(call, see_other(back), error.message, "error")
    if user.lower() == call.actor.name.lower():
        return done(call, "/settings/organizations", _("You have left %(name)s.") % {"name": call.params["name"]})
    return done(call, f"{_place(call)}#members", _("%(name)s is not a member any more.") % {"name": user})


def _members_again(call: Call, form: dict[str, str], error: HubError) -> Response:
    values = _values(call)  # raises where the actor may not see the page: then that is the answer
    org = values["org"]
    profile = {"fullname": org.fullname, "bio": org.bio, "website": org.website, **org.socials}
    return again(call, "accounts/org_settings.html", {**values, "form": {**profile, **form}}, error)


def _values(call: Call) -> dict[str, Any]:
    org, members = call.hub.accounts.orgs.get(call.actor, call.params["name"])
    return {"org": org, "members": members, "roles": ROLES}


def _place(call: Call) -> str:
    return f"/organizations/{call.hub.accounts.find_account(call.params['name']).name}/settings"


routes = [
    Route("GET", "/organizations/new", show_new, "html"),
    Route("POST", "/organizations/new", create, "html", limit=FORM_LIMIT),
    Route("GET", "/organizations/{name}/settings", show_settings, "html"),
    Route("POST", "/organizations/{name}/settings", save_profile, "html", limit=FORM_LIMIT),
    Route("POST", "/organizations/{name}/members", set_member, "html", limit=FORM_LIMIT),
    Route("POST", "/organizations/{name}/members/remove", remove_member, "html", limit=FORM_LIMIT),
]
