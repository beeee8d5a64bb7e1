"""Service accounts of an organisation: all of them with their tokens, in one page."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.api.service_accounts import account_number, token_number, token_role
from pioche.accounts.pages.forms import FAULTS, FORM_LIMIT, again, done
from pioche.accounts.types import NewToken, OrgRole, TokenInfo
from pioche.web.call import Call
from pioche.web.responses import external_id
from pioche.web.routing import Route
from pioche.web.text import _

ROLES = tuple(role.label for role in OrgRole if role is not OrgRole.ADMIN)


def show(call: Call) -> Response:
    return _page(call, None)


def create(call: Call) -> Response:
    form, accounts = call.form(), call.hub.accounts.service_accounts
    try:
        role = OrgRole.parse(form.get("role", ""))
        one = accounts.create(call.actor, call.params["name"], form.get("name", ""), form.get("fullname", ""), role)
    except FAULTS as error:
        return again(call, "accounts/service_accounts.html", {**_values(call, None), "form": form}, error)
    said = _("%(name)s is made. Give it a token now.") % {"name": one.account.name}
    return done(call, f"{_place(call)}#account-{one.account.id}", said)


def delete(call: Call) -> Response:
    accounts, number = call.hub.accounts.service_accounts, account_number(call)
    name = accounts.get(call.actor, call.params["name"], number).account.name
    accounts.delete(call.actor, call.params["name"], number)
    return done(call, _place(call), _("%(name)s is deleted. Its tokens open nothing any more.") % {"name": name})


def add_token(call: Call) -> Response:
    form, accounts = call.form(), call.hub.accounts.service_accounts
    try:
        new = NewToken(form.get("token_name", ""), token_role(form.get("token_role", "")))
        made = accounts.add_token(call.actor, call.params["name"], account_number(call), new)
    except FAULTS as error:
        return again(call, "accounts/service_accounts.html", {**_values(call, None), "form": {}}, error)
    return _page(call, made)


def rotate_token(call: Call) -> Response:
    accounts, number = call.hub.accounts.service_accounts, account_number(call)
    return _page(call, accounts.rotate_token(call.actor, call.params["name"], number, token_number(call)))


def delete_token(call: Call) -> Response:
    accounts, number = call.hub.accounts.service_accounts, account_number(call)
    accounts.delete_token(call.actor, call.params["name"], number, token_number(call))
    return done(call, _place(call), _("The token is deleted. Programs that use it are locked out."))


def _page(call: Call, made: tuple[TokenInfo, str] | None) -> Response:
    values = {**_values(call, made), "form": {}, "errors": {}}
    return call.hub.templates.page(call, "accounts/service_accounts.html", values)


def _values(call: Call, made: tuple[TokenInfo, str] | None) -> dict[str, Any]:
    found = call.hub.accounts.service_accounts.list(call.actor, call.params["name"])
    numbers = [one.account.id for one in found] + [token.id for one in found for token in one.tokens]
    org = call.hub.accounts.find_account(call.params["name"])
    ids = {number: external_id(number) for number in numbers}
    return {"org": org, "found": found, "ids": ids, "roles": ROLES, "made": made}


def _place(call: Call) -> str:
    org = call.hub.accounts.find_account(call.params["name"])
    return f"/organizations/{org.name}/settings/service-accounts"


_ALL = "/organizations/{name}/settings/service-accounts"
routes = [
    Route("GET", _ALL, show, "html"),
    Route("POST", _ALL, create, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{service}/delete", delete, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{service}/tokens", add_token, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{service}/tokens/{token}/rotate", rotate_token, "html", limit=FORM_LIMIT),
    Route("POST", _ALL + "/{service}/tokens/{token}/delete", delete_token, "html", limit=FORM_LIMIT),
]
