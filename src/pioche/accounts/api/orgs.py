"""Organisations by API: who is in them, roles, tokens that leaked."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from pioche.accounts.access import owner_role
from pioche.accounts.api.profiles import user_json
from pioche.accounts.types import Membership, OrgRole
from pioche.errors import NotSupported
from pioche.web.call import Call
from pioche.web.responses import json_response, page_response
from pioche.web.routing import Route

MEMBERS_PER_PAGE = 500


class _Role(msgspec.Struct):
    role: str


class _Token(msgspec.Struct):
    token: str


def members(call: Call) -> Response:
    """Roles are for the organisation's admins."""
    found = call.hub.accounts.orgs.members(call.arg("name"))
    limit = call.query_int("limit", MEMBERS_PER_PAGE, 1, MEMBERS_PER_PAGE)
    start = call.query_int("cursor", 0, 0, len(found))
    shown: Sequence[Membership] = found[start : start + limit]
    org = call.hub.accounts.find_account(call.arg("name"))
    is_admin = call.actor.is_admin or owner_role(call.actor, org.id) >= OrgRole.ADMIN
    followed = call.hub.follows.followed_among(call.actor, [member.account.id for member in shown])
    items = [
        {
            **user_json(call, member.account, member.account.id in followed),
            **({"role": member.role.label} if is_admin else {}),
        }
        for member in shown
    ]
    return page_response(call, items, str(start + limit) if start + limit < len(found) else None)


def set_role(call: Call) -> Response:
    role = OrgRole.parse(call.json(_Role).role)
    call.hub.accounts.orgs.change_role(call.actor, call.arg("name"), call.arg("user"), role)
    return json_response({"success": True, "user": call.arg("user"), "role": role.label})


def revoke_token(call: Call) -> Response:
    """A token that leaked, by its text: an admin ends it if it is one of a member's."""
    name = call.hub.accounts.tokens.revoke_leaked(call.actor, call.arg("name"), call.json(_Token).token)
    return json_response({"success": True, "token": {"displayName": name}})


def audit_log(call: Call) -> Response:
    call.hub.accounts.orgs.require_admin(call.actor, call.arg("name"))
    raise NotSupported("later: this hub keeps no audit log of organisations yet, so there is nothing to export.")


def not_by_address(call: Call) -> Response:
    call.hub.accounts.orgs.require_admin(call.actor, call.arg("name"))
    raise NotSupported("Whose addresses may reach this hub is set in front of it: in its proxy, or its firewall.")


routes = [
    Route("GET", "/api/organizations/{name}/settings/network-security", not_by_address),
    Route("PATCH", "/api/organizations/{name}/settings/network-security", not_by_address),
    Route("GET", "/api/organizations/{name}/members", members),
    Route("PUT", "/api/organizations/{name}/members/{user}/role", set_role),
    Route("POST", "/api/organizations/{name}/settings/tokens/revoke", revoke_token),
    Route("GET", "/api/organizations/{name}/audit-log/export", audit_log),
]
