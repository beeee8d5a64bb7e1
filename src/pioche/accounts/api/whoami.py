"""Who am I, and what may this token do."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.types import Membership, RepoScope, TokenInfo
from pioche.errors import InvalidCredentials
from pioche.web.call import Call
from pioche.web.errors import INVALID_CREDENTIALS
from pioche.web.responses import avatar_url, external_id, iso, json_response
from pioche.web.routing import Route

# What the two permissions of a scope are called in the field.
PERMISSIONS = {"read": ["repo.content.read"], "write": ["repo.content.read", "repo.write"]}


def whoami(call: Call) -> Response:
    actor = call.actor
    if actor.user_id is None:
        raise InvalidCredentials(INVALID_CREDENTIALS)
    profile = call.hub.accounts.profile(actor, actor.name)
    body: dict[str, Any] = {
        "type": "user",
        "id": external_id(actor.user_id),
        "name": actor.name,
        "fullname": actor.fullname or actor.name,
        "email": actor.email if actor.tells("email") else None,
        "emailVerified": True,
        "canPay": False,
        "periodEnd": None,
        "isPro": False,
        "avatarUrl": avatar_url(call, actor.name),
        "orgs": [_my_org(call, org) for org in profile.orgs if actor.tells_org(org.account.id)],
        "auth": _auth(actor.token),
    }
    return json_response(body)


def _auth(token: TokenInfo | None) -> dict[str, Any]:
    """Tokens of connected programs have no name of their own: clients then call them after the person."""
    if token is None:
        return {"type": "session"}
    if token.oauth is None:
        return {"type": "access_token", "accessToken": _token(token)}
    return {"type": "oauth", "expiresAt": iso(token.oauth.expires_at), "scopes": sorted(token.oauth.granted)}


def _my_org(call: Call, org: Membership) -> dict[str, Any]:
    return {
        "type": "org",
        "id": external_id(org.account.id),
        "name": org.account.name,
        "fullname": org.account.fullname or org.account.name,
        "email": None,
        "canPay": False,
        "periodEnd": None,
        "isEnterprise": False,
        "avatarUrl": avatar_url(call, org.account.name),
        "roleInOrg": org.role.label,
    }


def _token(token: TokenInfo) -> dict[str, Any]:
    body: dict[str, Any] = {"displayName": token.name, "role": token.role, "createdAt": iso(token.created_at)}
    if token.role == "fineGrained":
        everywhere = [s for s in token.scopes if s.repo_id is None and s.owner_id is None]
        scoped = [s for s in token.scopes if s not in everywhere]
        body["fineGrained"] = {
            "canReadGatedRepos": bool(everywhere),
            "global": sorted({name for scope in everywhere for name in PERMISSIONS[scope.permission]}),
            "scoped": [_scope(scope) for scope in scoped],
        }
    return body


def _scope(scope: RepoScope) -> dict[str, Any]:
    number = scope.repo_id if scope.repo_id is not None else scope.owner_id
    entity = {"_id": external_id(number or 0), "type": scope.kind, "name": scope.name}
    return {"entity": entity, "permissions": PERMISSIONS[scope.permission]}


routes = [Route("GET", "/api/whoami-v2", whoami, hot=True)]
