"""What an account used, in the page."""

from __future__ import annotations

from starlette.responses import Response

from pioche.errors import Unauthenticated
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _


def own(call: Call) -> Response:
    if call.actor.is_anonymous:
        raise Unauthenticated(_("Log in to see what you used."))
    return see_other(f"/jobs/{call.actor.name}/usage")


def show(call: Call) -> Response:
    standing, months = call.hub.plans.usage(call.actor, call.arg("ns"))
    owners = list(dict.fromkeys([call.actor.name, *call.actor.org_names.values(), call.arg("ns")]))
    values = {"standing": standing, "months": months, "price": call.hub.plans.price, "plans": call.hub.plans.plans}
    return call.hub.templates.page(call, "plans/usage.html", {**values, "owner": standing.account, "owners": owners})


routes = [
    Route("GET", "/settings/usage", own, "html"),
    Route("GET", "/jobs/{ns}/usage", show, "html"),
]
