"""Applications that a person registered: list, make, change, new secret, delete. A secret is shown once."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done, int_arg
from pioche.oauth.types import SCOPES, App, NewApp
from pioche.web.call import Call
from pioche.web.routing import Route
from pioche.web.text import _

LIST = "/settings/applications"


def show_list(call: Call) -> Response:
    return call.hub.templates.page(call, "oauth/apps.html", {"apps": call.hub.oauth.apps.list(call.actor)})


def show_new(call: Call) -> Response:
    call.hub.accounts.people.me(call.actor)
    form = {"kind": "confidential"} | {f"scope-{scope}": "on" for scope in ("openid", "profile")}
    return call.hub.templates.page(call, "oauth/app_new.html", {"form": form, "errors": {}, "scopes": SCOPES})


def create(call: Call) -> Response:
    form = call.form()
    try:
        app, secret = call.hub.oauth.apps.create(call.actor, _new_app(form), _https(call))
    except FAULTS as error:
        return again(call, "oauth/app_new.html", {"form": form, "scopes": SCOPES}, error)
    return _page(call, app, secret)


def show(call: Call) -> Response:
    return _page(call, call.hub.oauth.apps.get(call.actor, int_arg(call, "app"))[0])


def change(call: Call) -> Response:
    app, users = call.hub.oauth.apps.get(call.actor, int_arg(call, "app"))
    form = call.form()
    try:
        call.hub.oauth.apps.change(call.actor, app.id, _new_app(form), _https(call))
    except FAULTS as error:
        values = {"app": app, "users": users, "secret": "", "form": form, "scopes": SCOPES}
        return again(call, "oauth/app.html", values, error)
    return done(call, f"{LIST}/{app.id}", _("The application is changed."))


def new_secret(call: Call) -> Response:
    return _page(call, *call.hub.oauth.apps.new_secret(call.actor, int_arg(call, "app")))


def delete(call: Call) -> Response:
    call.hub.oauth.apps.delete(call.actor, int_arg(call, "app"))
    return done(call, LIST, _("The application is deleted. Nobody is connected to it any more."))


def _page(call: Call, app: App, secret: str = "") -> Response:
    form: dict[str, str] = {"name": app.name, "website": app.website, "redirects": "\n".join(app.redirects)}
    form |= {f"scope-{scope}": "on" for scope in app.scopes}
    users = call.hub.oauth.apps.get(call.actor, app.id)[1]
    values: dict[str, Any] = {"app": app, "users": users, "secret": secret, "form": form, "scopes": SCOPES}
    return call.hub.templates.page(call, "oauth/app.html", {**values, "errors": {}})


def _new_app(form: dict[str, str]) -> NewApp:
    scopes = tuple(scope for scope in SCOPES if form.get(f"scope-{scope}"))
    website, redirects = form.get("website", ""), form.get("redirects", "")
    return NewApp(form.get("name", ""), website, redirects, scopes, form.get("kind") == "confidential")


def _https(call: Call) -> bool:
    return call.base_url.startswith("https:")


routes = [
    Route("GET", LIST, show_list, "html"),
    Route("POST", LIST, create, "html", limit=FORM_LIMIT),
    Route("GET", f"{LIST}/new", show_new, "html"),
    Route("GET", LIST + "/{app}", show, "html"),
    Route("POST", LIST + "/{app}", change, "html", limit=FORM_LIMIT),
    Route("POST", LIST + "/{app}/secret", new_secret, "html", limit=FORM_LIMIT),
    Route("POST", LIST + "/{app}/delete", delete, "html", limit=FORM_LIMIT),
]
