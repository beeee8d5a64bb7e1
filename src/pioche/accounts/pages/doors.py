"""The doors: joining, log-in, log-out, and the set-up of an empty hub."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again
from pioche.accounts.types import NewUser
from pioche.errors import NotFound
from pioche.web.auth import SESSION_COOKIE
from pioche.web.call import Call
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _


def show_login(call: Call) -> Response:
    if not call.actor.is_anonymous:
        return see_other(call.query("next", "/"))
    values = {"form": {"next": call.query("next", "/")}, "errors": {}}
    return call.hub.templates.page(call, "accounts/login.html", values)


def login(call: Call) -> Response:
    form = call.form()
    try:
        return _open_session(call, form.get("name", ""), form.get("password", ""), form.get("next", "/"))
    except FAULTS as error:
        return again(call, "accounts/login.html", {"form": form}, error)


def logout(call: Call) -> Response:
    call.hub.accounts.log_ins.close(call.actor)
    response = see_other("/")
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response


def show_signup(call: Call) -> Response:
    if not call.actor.is_anonymous:
        return see_other("/")
    values = {"form": {"next": call.query("next", "/")}, "errors": {}, "closed": _closed(call)}
    return call.hub.templates.page(call, "accounts/signup.html", values, 403 if values["closed"] else 200)


def signup(call: Call) -> Response:
    form = call.form()
    try:
        call.hub.accounts.sign_up(call.actor, _new_user(form), call.client_address)
    except FAULTS as error:
        return again(call, "accounts/signup.html", {"form": form, "closed": ""}, error)
    return _open_session(call, form["name"], form["password"], form.get("next", "/"))


def show_setup(call: Call) -> Response:
    key = call.query("key")
    if not call.hub.accounts.is_setup_key(key):
        raise NotFound(_("This set-up link does not work (any more). The hub prints the current one when it starts."))
    values = {"form": {"key": key}, "errors": {}}
    return call.hub.templates.page(call, "accounts/setup.html", values)


def setup(call: Call) -> Response:
    form = call.form()
    try:
        call.hub.accounts.set_up(form.get("key", ""), _new_user(form))
    except FAULTS as error:
        return again(call, "accounts/setup.html", {"form": form}, error)
    return _open_session(call, form["name"], form["password"], "/")


def _closed(call: Call) -> str:
    """Why nobody can join: "empty" hub, "closed" by its admin; or "" if anybody can."""
    if call.hub.accounts.setup_key() is not None:
        return "empty"
    return "" if call.hub.settings.signup_open else "closed"


def _new_user(form: dict[str, str]) -> NewUser:
    return NewUser(form.get("name", ""), form.get("email", ""), form.get("password", ""), form.get("fullname", ""))


def _open_session(call: Call, name: str, password: str, following: str) -> Response:
    """Logs in and goes on to `following`, if it is an address of this hub."""
    cookie = call.hub.accounts.log_in(name, password, call.client_address, call.header("user-agent"))
    response = see_other(following)
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=call.hub.settings.session_days * 86_400,
        httponly=True,
        samesite="lax",
        secure=call.base_url.startswith("https:"),
    )
    return response


routes = [
    Route("GET", "/login", show_login, "html"),
    Route("POST", "/login", login, "html", limit=FORM_LIMIT),
    Route("POST", "/logout", logout, "html", limit=FORM_LIMIT),
    Route("GET", "/signup", show_signup, "html"),
    Route("GET", "/join", show_signup, "html"),
    Route("POST", "/signup", signup, "html", limit=FORM_LIMIT),
    Route("GET", "/setup", show_setup, "html"),
    Route("POST", "/setup", setup, "html", limit=FORM_LIMIT),
]
