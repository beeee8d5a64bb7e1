"""The programs that a person has let in, and the button that shuts them out."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.pages.forms import FORM_LIMIT, done, int_arg
from pioche.web.call import Call
from pioche.web.routing import Route
from pioche.web.text import _


def show(call: Call) -> Response:
    values = {"connected": call.hub.oauth.connections.list(call.actor), "org_names": call.actor.org_names}
    return call.hub.templates.page(call, "oauth/connected.html", values)


def revoke(call: Call) -> Response:
    call.hub.oauth.connections.revoke(call.actor, int_arg(call, "app"))
    return done(call, "/settings/connected", _("The program is locked out."))


routes = [
    Route("GET", "/settings/connected", show, "html"),
    Route("POST", "/settings/connected/{app}/revoke", revoke, "html", limit=FORM_LIMIT),
]
