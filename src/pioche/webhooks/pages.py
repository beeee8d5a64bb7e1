"""Webhooks in the settings: what one has, how each does, what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done, int_arg
from pioche.errors import InvalidInput, QuotaExceeded
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _
from pioche.webhooks.api import checked_domains, checked_kind
from pioche.webhooks.types import DOMAINS, Wanted, Watched, Webhook

LIST = "/settings/webhooks"


def show_list(call: Call) -> Response:
    return call.hub.templates.page(call, "webhooks/list.html", {"hooks": call.hub.webhooks.hooks.list(call.actor)})


def show_new(call: Call) -> Response:
    call.hub.webhooks.hooks.list(call.actor)  # asks who it is
    form = {"watched": call.query("watch"), **{f"domain-{domain}": "on" for domain in DOMAINS}}
    return call.hub.templates.page(call, "webhooks/new.html", {"form": form, "errors": {}})


def create(call: Call) -> Response:
    form = call.form()
    try:
        hook = call.hub.webhooks.hooks.create(call.actor, _wanted(form))
    except (*FAULTS, QuotaExceeded) as error:
        return again(call, "webhooks/new.html", {"form": form}, error)
    return done(call, f"{LIST}/{hook.id}", _("The webhook is made. Send a ping to see whether it arrives."))


def show(call: Call) -> Response:
    return _page(call, call.hub.webhooks.hooks.find(call.actor, int_arg(call, "id")))


def change(call: Call) -> Response:
    form, number = call.form(), int_arg(call, "id")
    hook = call.hub.webhooks.hooks.find(call.actor, number)
    try:
        call.hub.webhooks.hooks.change(call.actor, number, _wanted(form))
    except FAULTS as error:
        return again(call, "webhooks/show.html", _values(call, hook, form), error)
    return done(call, f"{LIST}/{number}", _("Saved."))


def act(call: Call) -> Response:
    """`do`: enable, disable, ping or delete."""
    hooks, number = call.hub.webhooks.hooks, int_arg(call, "id")
    match call.form().get("do"):
        case "enable":
            hooks.enable(call.actor, number, enabled=True)
            said = _("Messages are sent again.")
        case "disable":
            hooks.enable(call.actor, number, enabled=False)
            said = _("Nothing is sent until you enable it.")
        case "ping":
            call.hub.webhooks.delivering.ping(call.actor, number)
            said = _("A ping is on its way. Look at this page again in a moment.")
        case "delete":
            hooks.delete(call.actor, number)
            return done(call, LIST, _("The webhook is deleted."))
        case _:
            raise InvalidInput(_("'do' is one of: enable, disable, ping, delete."))
    return done(call, f"{LIST}/{number}", said)


def show_delivery(call: Call) -> Response:
    number = int_arg(call, "id")
    hook = call.hub.webhooks.hooks.find(call.actor, number)
    one = call.hub.webhooks.delivering.find(call.actor, number, int_arg(call, "log"))
    pretty = msgspec.json.format(one.payload.encode(), indent=2).decode()
    return call.hub.templates.page(call, "webhooks/delivery.html", {"hook": hook, "one": one, "payload": pretty})


def replay(call: Call) -> Response:
    number = int_arg(call, "id")
    made = call.hub.webhooks.delivering.replay(call.actor, number, int_arg(call, "log"))
    return see_other(f"{LIST}/{number}/deliveries/{made.id}")


def _page(call: Call, hook: Webhook) -> Response:
    form = {
        "url": hook.url,
        "secret": hook.secret,
        "watched": "\n".join(_place(one) for one in hook.watched),
        **{f"domain-{domain}": "on" for domain in hook.domains},
    }
    return call.hub.templates.page(call, "webhooks/show.html", {**_values(call, hook, form), "errors": {}})


def _values(call: Call, hook: Webhook, form: Mapping[str, str]) -> dict[str, Any]:
    text = call.query("before")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    deliveries = call.hub.webhooks.delivering.page(call.actor, hook.id, before)
    return {"hook": hook, "form": form, "deliveries": deliveries}


def _wanted(form: Mapping[str, str]) -> Wanted:
    watched = tuple(_watched(line) for line in form.get("watched", "").split())
    domains = checked_domains([domain for domain in DOMAINS if form.get(f"domain-{domain}")])
    return Wanted(form.get("url", "").strip(), watched, domains, form.get("secret", "").strip())


def _watched(line: str) -> Watched:
    """As in addresses: `alice/model`, `datasets/alice/data`; `user/alice` or `org/lab` for all of an account."""
    head, _slash, rest = line.strip("/").partition("/")
    if head in ("user", "org"):
        return Watched(checked_kind(head), rest)
    for kind in ("dataset", "space", "model"):
        if head == f"{kind}s" and "/" in rest:
            return Watched(checked_kind(kind), rest)
    return Watched("model", line.strip("/"))


def _place(one: Watched) -> str:
    match one.kind:
        case "model":
            return one.name
        case "dataset" | "space":
            return f"{one.kind}s/{one.name}"
        case _:
            return f"{one.kind}/{one.name}"


routes = [
    Route("GET", LIST, show_list, "html"),
    Route("POST", LIST, create, "html", limit=FORM_LIMIT),
    Route("GET", f"{LIST}/new", show_new, "html"),
    Route("GET", f"{LIST}/{{id}}", show, "html"),
    Route("POST", f"{LIST}/{{id}}", change, "html", limit=FORM_LIMIT),
    Route("POST", f"{LIST}/{{id}}/do", act, "html", limit=FORM_LIMIT),
    Route("GET", f"{LIST}/{{id}}/deliveries/{{log}}", show_delivery, "html"),
    Route("POST", f"{LIST}/{{id}}/deliveries/{{log}}/replay", replay, "html", limit=FORM_LIMIT),
]
