"""The page that a program sends people to: what it asks for, from whom, and yes or no."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from pioche.accounts.pages.forms import FORM_LIMIT
from pioche.errors import OauthRefused
from pioche.oauth.redirects import origin, with_query
from pioche.oauth.types import CodeRequest
from pioche.web.call import Call
from pioche.web.responses import external_id
from pioche.web.routing import Route
from pioche.web.templates import CSP

KEPT = (
    "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "orgIds",
)  # fmt: skip


def show(call: Call) -> Response:
    asked = dict(call.query_items)
    try:
        request = call.hub.oauth.codes.read(asked)
        if request.prompt == "none":
            word = "login_required" if call.actor.is_anonymous else "consent_required"
            raise _refused(request, word, "A person has to look at this.")
    except OauthRefused as error:
        return _send_back(call, error)
    call.hub.accounts.people.me(call.actor)  # sends whoever is not logged in there first
    values = {
        "request": request,
        "asked": {key: asked[key] for key in KEPT if key in asked},
        "host": origin(request.redirect),
        "orgs": org_choices(call, request.orgs),
    }
    # Browsers check where a form leads to the end, over the redirect that answers it.
    csp = CSP.replace("form-action 'self'", f"form-action 'self' {origin(request.redirect)}")
    return call.hub.templates.page(call, "oauth/consent.html", values, headers={"content-security-policy": csp})


def decide(call: Call) -> Response:
    """The form carries the whole request again, which is read as if it were new."""
    form = call.form()
    try:
        request = call.hub.oauth.codes.read(form)
        if form.get("decision") != "approve":
            call.hub.accounts.people.me(call.actor)
            raise _refused(request, "access_denied", "The person refused.")
        code = call.hub.oauth.codes.approve(call.actor, request, chosen_orgs(call, form))
    except OauthRefused as error:
        return _send_back(call, error)
    return _answer(call, request.redirect, {"code": code, "state": request.state})


def org_choices(call: Call, wished: tuple[str, ...]) -> list[tuple[int, str, bool]]:
    """Id, name and whether it is ticked, of the actor's organisations. A program may wish for some by their id."""
    return [(number, name, external_id(number) in wished) for number, name in call.actor.org_names.items()]


def chosen_orgs(call: Call, form: Mapping[str, str]) -> tuple[int, ...]:
    return tuple(number for number in call.actor.orgs if form.get(f"org-{number}"))


def _refused(request: CodeRequest, error: str, message: str) -> OauthRefused:
    return OauthRefused(error, message, redirect=request.redirect, state=request.state)


def _send_back(call: Call, error: OauthRefused) -> Response:
    values = {"error": error.error, "error_description": error.message, "state": error.details["state"]}
    return _answer(call, error.details["redirect"], values)


def _answer(call: Call, redirect: str, values: dict[str, str]) -> Response:
    """To the program. `iss` tells it whose answer this is, if it knows several hubs."""
    kept = {key: value for key, value in values.items() if value} | {"iss": call.base_url}
    headers = {"location": with_query(redirect, kept), "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(b"", 303, headers)


routes = [
    Route("GET", "/oauth/authorize", show, "html"),
    Route("POST", "/oauth/authorize", decide, "html", limit=FORM_LIMIT),
]
