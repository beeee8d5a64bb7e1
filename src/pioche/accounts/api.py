"""JSON of accounts: who am I, who is that, who is in there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from pioche.accounts.types import Account, AccountKind, Membership, Profile, RepoScope, TokenInfo
from pioche.errors import InvalidCredentials, NotFound
from pioche.names import RepoKind
from pioche.repos.types import RepoFilter
from pioche.web.call import Call
from pioche.web.errors import INVALID_CREDENTIALS
from pioche.web.filters import avatar_svg
from pioche.web.responses import avatar_url, external_id, iso, json_response, page_response
from pioche.web.routing import Route

MEMBERS_PER_PAGE = 500

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


def user_overview(call: Call) -> Response:
    profile = _profile(call, AccountKind.USER, "user")
    body = _user(call, profile.account)
    body |= {
        "_id": external_id(profile.account.id),
        "createdAt": iso(profile.account.created_at),
        "details": profile.account.bio,
        **_counts(call, profile.account.name),
        "orgs": [_org(call, org.account) for org in profile.orgs],
    }
    return json_response(body)


def org_overview(call: Call) -> Response:
    profile = _profile(call, AccountKind.ORG, "organisation")
    body = _org(call, profile.account)
    body |= {
        "_id": external_id(profile.account.id),
        "createdAt": iso(profile.account.created_at),
        "details": profile.account.bio,
        **_counts(call, profile.account.name),
        "numUsers": len(profile.members),
        "isVerified": False,
    }
    return json_response(body)


def org_members(call: Call) -> Response:
    members = call.hub.accounts.orgs.members(call.params["name"])
    limit = call.query_int("limit", MEMBERS_PER_PAGE, 1, MEMBERS_PER_PAGE)
    start = call.query_int("cursor", 0, 0, len(members))
    shown: Sequence[Membership] = members[start : start + limit]
    items = [{**_user(call, member.account), "role": member.role.label} for member in shown]
    return page_response(call, items, str(start + limit) if start + limit < len(members) else None)


def avatar(call: Call) -> Response:
    """A face drawn from the name alone, so it tells nothing about who exists."""
    svg = str(avatar_svg(call.params["name"][:100])).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    headers = {"cache-control": "public, max-age=86400", "content-security-policy": "default-src 'none'"}
    return Response(svg.encode(), headers=headers, media_type="image/svg+xml")


def _counts(call: Call, owner: str) -> dict[str, int]:
    """How many repositories of each kind the actor may see."""
    return {
        f"num{kind.plural.title()}": call.hub.repos.count(call.actor, RepoFilter(kind=kind, author=owner))
        for kind in RepoKind
    }


def _profile(call: Call, kind: AccountKind, word: str) -> Profile:
    profile = call.hub.accounts.profile(call.actor, call.params["name"])
    if profile.account.kind is not kind:
        raise NotFound(f"There is no {word} '{call.params['name'][:100]}'.")
    return profile


def _user(call: Call, account: Account) -> dict[str, Any]:
    return {
        "user": account.name,
        "fullname": account.fullname or account.name,
        "avatarUrl": avatar_url(call, account.name),
        "type": "user",
        "isPro": False,
        "isFollowing": False,
    }


def _org(call: Call, account: Account) -> dict[str, Any]:
    return {
        "name": account.name,
        "fullname": account.fullname or account.name,
        "avatarUrl": avatar_url(call, account.name),
        "type": "org",
        "isFollowing": False,
        "isEnterprise": False,
    }


routes = [
    Route("GET", "/api/whoami-v2", whoami, hot=True),
    Route("GET", "/api/users/{name}/overview", user_overview),
    Route("GET", "/api/organizations/{name}/overview", org_overview),
    Route("GET", "/api/organizations/{name}/members", org_members),
    Route("GET", "/api/avatars/{name}", avatar),
]
