"""The page where people type the code that a program shows them. (What programs POST to its address is in `api`.)"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again
from pioche.oauth.pages.consent import chosen_orgs, org_choices
from pioche.oauth.service.devices import shown
from pioche.web.call import Call
from pioche.web.routing import Route


def show(call: Call) -> Response:
    """Without a code the field for it, with one what asks and the two answers."""
    call.hub.accounts.people.me(call.actor)
    code = call.query("user_code")
    values: dict[str, Any] = {"device": None, "form": {"user_code": code[:20]}, "errors": {}}
    if code:
        try:
            device = call.hub.oauth.devices.find(call.actor, code, call.client_address)
        except FAULTS as error:
            return again(call, "oauth/device.html", values, error)
        values |= {"device": device, "user_code": shown(device.user_code), "orgs": org_choices(call, ())}
    return call.hub.templates.page(call, "oauth/device.html", values)


def decide(call: Call) -> Response:
    form = call.form()
    code, approved = form.get("user_code", ""), form.get("decision") == "approve"
    try:
        app = call.hub.oauth.devices.decide(
            call.actor, code, "approved" if approved else "denied", chosen_orgs(call, form), call.client_address
        )
    except FAULTS as error:
        return again(call, "oauth/device.html", {"device": None, "form": {"user_code": code[:20]}}, error)
    # Not a redirect: the program asks every few seconds, and until then the list of connected ones lacks it.
    return call.hub.templates.page(call, "oauth/device_done.html", {"app": app, "approved": approved})


routes = [
    Route("GET", "/oauth/device", show, "html"),
    Route("POST", "/oauth/device/decide", decide, "html", limit=FORM_LIMIT),
]
