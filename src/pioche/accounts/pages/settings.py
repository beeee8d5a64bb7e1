"""A person's own settings: profile, password and log-ins, organisations."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done, profile_text
from pioche.errors import InvalidInput
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _


def show_index(_call: Call) -> Response:
    return see_other("/settings/profile")


def show_profile(call: Call) -> Response:
    me = call.hub.accounts.people.me(call.actor)
    form = {"fullname": me.fullname, "bio": me.bio, "website": me.website, **me.socials, "email": call.actor.email}
    return call.hub.templates.page(call, "accounts/profile.html", {"form": form, "errors": {}})


def save_profile(call: Call) -> Response:
    form = call.form()
    text = profile_text(form)
    try:
        call.hub.accounts.people.change_profile(call.actor, text, form.get("email", ""))
    except FAULTS as error:
        return again(call, "accounts/profile.html", {"form": form}, error)
    return done(call, "/settings/profile", _("Your profile is saved."))


def show_account(call: Call) -> Response:
    return call.hub.templates.page(call, "accounts/account.html", {**_account_values(call), "errors": {}})


def change_password(call: Call) -> Response:
    form = call.form()
    try:
        if form.get("new", "") != form.get("again", ""):
            raise InvalidInput(_("The two new passwords are not the same."), field="again")
        call.hub.accounts.people.change_password(
            call.actor, form.get("old", ""), form.get("new", ""), call.client_address
        )
    except FAULTS as error:
        return again(call, "accounts/account.html", _account_values(call), error)
    return done(call, "/settings/account", _("Your password is changed, and your other log-ins have ended."))


def close_others(call: Call) -> Response:
    call.hub.accounts.log_ins.close_others(call.actor)
    return done(call, "/settings/account", _("All your other log-ins have ended."))


def show_orgs(call: Call) -> Response:
    call.hub.accounts.people.me(call.actor)
    profile = call.hub.accounts.profile(call.actor, call.actor.name)
    return call.hub.templates.page(call, "accounts/my_orgs.html", {"orgs": profile.orgs})


def _account_values(call: Call) -> dict[str, Any]:
    me = call.hub.accounts.people.me(call.actor)
    return {"account": me, "sessions": call.hub.accounts.log_ins.list(call.actor)}


routes = [
    Route("GET", "/settings", show_index, "html"),
    Route("GET", "/settings/profile", show_profile, "html"),
    Route("POST", "/settings/profile", save_profile, "html", limit=FORM_LIMIT),
    Route("GET", "/settings/account", show_account, "html"),
    Route("POST", "/settings/account/password", change_password, "html", limit=FORM_LIMIT),
    Route("POST", "/settings/account/sessions/close", close_others, "html", limit=FORM_LIMIT),
    Route("GET", "/settings/organizations", show_orgs, "html"),
]
