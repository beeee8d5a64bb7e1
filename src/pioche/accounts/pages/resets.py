"""A lost password: asking for a link by mail, and choosing a new one."""

from __future__ import annotations

from starlette.responses import Response

from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done
from pioche.errors import InvalidInput
from pioche.web.call import Call
from pioche.web.routing import Route
from pioche.web.text import _


def show_forgot(call: Call) -> Response:
    return _forgot(call, {}, sent=False)


def forgot(call: Call) -> Response:
    """The same answer whether there is such an account or not."""
    form = call.form()
    try:
        if call.hub.mailer.is_on:
            call.hub.accounts.resets.ask(form.get("name", ""), call.client_address)
    except FAULTS as error:
        values = {"form": form, "sent": False, "mail_on": call.hub.mailer.is_on}
        return again(call, "accounts/forgot.html", values, error)
    return _forgot(call, form, sent=True)


def show_reset(call: Call) -> Response:
    call.hub.accounts.resets.check(call.arg("link"))
    return call.hub.templates.page(call, "accounts/reset.html", {"link": call.arg("link"), "errors": {}})


def reset(call: Call) -> Response:
    form = call.form()
    try:
        if form.get("new", "") != form.get("again", ""):
            raise InvalidInput(_("The two new passwords are not the same."), field="again")
        call.hub.accounts.resets.reset(call.arg("link"), form.get("new", ""))
    except FAULTS as error:
        return again(call, "accounts/reset.html", {"link": call.arg("link")}, error)
    return done(call, "/login", _("Your password is changed. Log in with the new one."))


def _forgot(call: Call, form: dict[str, str], sent: bool) -> Response:
    values = {"form": form, "errors": {}, "sent": sent, "mail_on": call.hub.mailer.is_on}
    return call.hub.templates.page(call, "accounts/forgot.html", values)


routes = [
    Route("GET", "/password/forgot", show_forgot, "html"),
    Route("POST", "/password/forgot", forgot, "html", limit=FORM_LIMIT),
    Route("GET", "/password/reset/{link}", show_reset, "html"),
    Route("POST", "/password/reset/{link}", reset, "html", limit=FORM_LIMIT),
]
