"""Webhooks by API."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput, NotFound, NotSupported
from pioche.web.call import Call
from pioche.web.responses import external_id, json_response
from pioche.web.routing import Route
from pioche.webhooks.types import DOMAINS, WATCHED_KINDS, Domain, Wanted, Watched, WatchedKind, Webhook

HIGHEST = 2**31 - 1


class WatchedItem(msgspec.Struct):
    type: str
    name: str


class HookRequest(msgspec.Struct, rename="camel"):
    watched: list[WatchedItem] = []
    url: str | None = None
    job_source_id: str | None = None
    domains: list[str] | None = None
    secret: str | None = None
    secrets: dict[str, str] | None = None


def list_hooks(call: Call) -> Response:
    return json_response([_body(one) for one in call.hub.webhooks.hooks.list(call.actor)])


def show(call: Call) -> Response:
    return _answer(call.hub.webhooks.hooks.find(call.actor, id_of(call)))


def create(call: Call) -> Response:
    return _answer(call.hub.webhooks.hooks.create(call.actor, _wanted(call.json(HookRequest))))


def change(call: Call) -> Response:
    return _answer(call.hub.webhooks.hooks.change(call.actor, id_of(call), _wanted(call.json(HookRequest))))


def enable(call: Call) -> Response:
    return _answer(call.hub.webhooks.hooks.enable(call.actor, id_of(call), enabled=True))


def disable(call: Call) -> Response:
    return _answer(call.hub.webhooks.hooks.enable(call.actor, id_of(call), enabled=False))


def delete(call: Call) -> Response:
    call.hub.webhooks.hooks.delete(call.actor, id_of(call))
    return json_response({"success": True})


def replay(call: Call) -> Response:
    made = call.hub.webhooks.delivering.replay(call.actor, id_of(call), id_of(call, "log"))
    return json_response({"success": True, "id": external_id(made.id)})


def id_of(call: Call, name: str = "id") -> int:
    """As clients know it, in hex; raises `NotFound`."""
    text = call.arg(name)
    try:
        number = int(text, 16) if len(text) <= 24 and text.isascii() and text.isalnum() else 0
    except ValueError:
        number = 0
    if not 0 < number <= HIGHEST:
        raise NotFound("You have no such webhook.")
    return number


def _wanted(asked: HookRequest) -> Wanted:
    if asked.job_source_id is not None:
        raise NotSupported("This hub runs no jobs, so a webhook cannot start one. Give it a 'url'.")
    if asked.secrets:
        raise InvalidInput("'secrets' are for webhooks that start jobs; 'secret' is sent to an address.")
    return Wanted(
        asked.url,
        tuple(Watched(checked_kind(one.type), one.name) for one in asked.watched) or None,
        None if asked.domains is None else checked_domains(asked.domains),
        asked.secret,
    )


def checked_kind(text: str) -> WatchedKind:
    kind = next((kind for kind in WATCHED_KINDS if kind == text), None)
    if kind is None:
        raise InvalidInput(
            f"What is watched is one of: {', '.join(WATCHED_KINDS)}; not '{text[:30]}'.", field="watched"
        )
    return kind


def checked_domains(texts: list[str]) -> tuple[Domain, ...]:
    if unknown := next((text for text in texts if text not in DOMAINS), None):
        raise InvalidInput(f"'domains' are 'repo' and 'discussion', not '{unknown[:30]}'.", field="domains")
    return tuple(domain for domain in DOMAINS if domain in texts)


def _answer(hook: Webhook) -> Response:
    return json_response({"webhook": _body(hook)})


def _body(hook: Webhook) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": external_id(hook.id),
        "url": hook.url,
        "watched": [{"type": one.kind, "name": one.name} for one in hook.watched],
        "domains": hook.domains,
        "disabled": hook.disabled,
    }
    return {**body, "secret": hook.secret} if hook.secret else body


routes = [
    Route("GET", "/api/settings/webhooks", list_hooks),
    Route("POST", "/api/settings/webhooks", create),
    Route("GET", "/api/settings/webhooks/{id}", show),
    Route("POST", "/api/settings/webhooks/{id}", change),
    Route("DELETE", "/api/settings/webhooks/{id}", delete),
    Route("POST", "/api/settings/webhooks/{id}/enable", enable, body="none"),
    Route("POST", "/api/settings/webhooks/{id}/disable", disable, body="none"),
    Route("POST", "/api/settings/webhooks/{id}/replay/{log}", replay, body="none"),
]
