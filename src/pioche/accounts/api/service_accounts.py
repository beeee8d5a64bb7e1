"""Service accounts of an organisation by API, and their tokens. Secrets are in the answer once, never again."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from starlette.responses import Response

from pioche.accounts.types import NewToken, OrgRole, ServiceAccount, TokenInfo
from pioche.errors import InvalidInput, NotFound
from pioche.web.call import Call
from pioche.web.responses import external_id, internal_id, iso, json_response
from pioche.web.routing import Route


class _New(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    display_name: str = ""
    role: str = "read"


class _Token(msgspec.Struct, frozen=True, rename="camel"):
    display_name: str
    role: str = "read"


class _TokenChange(msgspec.Struct, frozen=True, rename="camel"):
    display_name: str | None = None
    role: str | None = None


def list_accounts(call: Call) -> Response:
    found = call.hub.accounts.service_accounts.list(call.actor, call.arg("name"))
    return json_response([_body(one) for one in found])


def create(call: Call) -> Response:
    asked, accounts = call.json(_New), call.hub.accounts.service_accounts
    role = OrgRole.parse(asked.role)
    return json_response(_body(accounts.create(call.actor, call.arg("name"), asked.name, asked.display_name, role)))


def show(call: Call) -> Response:
    return json_response(_body(_found(call)))


def delete(call: Call) -> Response:
    call.hub.accounts.service_accounts.delete(call.actor, call.arg("name"), account_number(call))
    return json_response({"success": True})


def add_token(call: Call) -> Response:
    asked, accounts = call.json(_Token), call.hub.accounts.service_accounts
    new = NewToken(asked.display_name, token_role(asked.role))
    token, secret = accounts.add_token(call.actor, call.arg("name"), account_number(call), new)
    return json_response({**_token_body(token), "token": secret})


def change_token(call: Call) -> Response:
    asked, number, token_id = call.json(_TokenChange), account_number(call), token_number(call)
    now = next((token for token in _found(call).tokens if token.id == token_id), None)
    if now is None:
        raise NotFound("The service account has no such token. It may have been deleted already.")
    role = now.role if asked.role is None else token_role(asked.role)
    change = NewToken(now.name if asked.display_name is None else asked.display_name, role)
    accounts = call.hub.accounts.service_accounts
    return json_response(_token_body(accounts.change_token(call.actor, call.arg("name"), number, token_id, change)))


def rotate_token(call: Call) -> Response:
    accounts, number = call.hub.accounts.service_accounts, account_number(call)
    token, secret = accounts.rotate_token(call.actor, call.arg("name"), number, token_number(call))
    return json_response({**_token_body(token), "token": secret})


def delete_token(call: Call) -> Response:
    accounts, number = call.hub.accounts.service_accounts, account_number(call)
    accounts.delete_token(call.actor, call.arg("name"), number, token_number(call))
    return json_response({"success": True})


def account_number(call: Call) -> int:
    return _number(call.params["service"], "There is no such service account.")


def token_number(call: Call) -> int:
    return _number(call.params["token"], "The service account has no such token.")


def token_role(text: str) -> Literal["read", "write"]:
    """What the account may not do its tokens may not: they only narrow it to reading."""
    match text:
        case "read" | "write":
            return text
    raise InvalidInput("A token of a service account can have the roles read and write.", field="token_role")


def _number(text: str, missing: str) -> int:
    number = internal_id(text)
    if number is None:
        raise NotFound(missing)
    return number


def _found(call: Call) -> ServiceAccount:
    return call.hub.accounts.service_accounts.get(call.actor, call.arg("name"), account_number(call))


def _body(one: ServiceAccount) -> dict[str, Any]:
    return {
        "id": external_id(one.account.id),
        "name": one.account.name,
        "displayName": one.account.fullname or one.account.name,
        "type": "service",
        "role": one.role.label,
        "createdAt": iso(one.account.created_at),
        "tokens": [_token_body(token) for token in one.tokens],
    }


def _token_body(token: TokenInfo) -> dict[str, Any]:
    return {
        "id": external_id(token.id),
        "displayName": token.name,
        "role": token.role,
        "last4": token.hint,
        "createdAt": iso(token.created_at),
        "lastUsedAt": None if token.last_used_at is None else iso(token.last_used_at),
    }


_PLACE = "/api/organizations/{name}/service-accounts"
routes = [
    Route("GET", _PLACE, list_accounts),
    Route("POST", _PLACE, create),
    Route("GET", _PLACE + "/{service}", show),
    Route("DELETE", _PLACE + "/{service}", delete),
    Route("POST", _PLACE + "/{service}/tokens", add_token),
    Route("PATCH", _PLACE + "/{service}/tokens/{token}", change_token),
    Route("DELETE", _PLACE + "/{service}/tokens/{token}", delete_token),
    Route("POST", _PLACE + "/{service}/tokens/{token}/rotate", rotate_token),
]
