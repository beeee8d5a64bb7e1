"""Users and organisations as others see them: overviews, faces, other places on the net."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.accounts.types import Account, AccountKind, Membership, Profile
from pioche.errors import NotFound
from pioche.names import RepoKind
from pioche.repos.types import RepoFilter
from pioche.web.call import Call
from pioche.web.filters import avatar_svg
from pioche.web.responses import avatar_url, external_id, iso, json_response
from pioche.web.routing import Route


def user_overview(call: Call) -> Response:
    profile = _profile(call, AccountKind.USER)
    account, numbers = profile.account, call.hub.follows.numbers(call.actor, profile.account)
    body = {
        **user_json(call, account, numbers.followed),
        "_id": external_id(account.id),
        "createdAt": iso(account.created_at),
        "details": account.bio,
        **_counts(call, account.name),
        "numDiscussions": numbers.discussions,
        "numPapers": 0,
        "numUpvotes": numbers.upvotes,
        "numLikes": numbers.likes,
        "numFollowing": numbers.following,
        "numFollowers": numbers.followers,
        "orgs": _orgs(call, profile.orgs),
    }
    return json_response(body)


def org_overview(call: Call) -> Response:
    profile = _profile(call, AccountKind.ORG)
    account, numbers = profile.account, call.hub.follows.numbers(call.actor, profile.account)
    body = {
        **_org(call, account, numbers.followed),
        "_id": external_id(account.id),
        "createdAt": iso(account.created_at),
        "details": account.bio,
        **_counts(call, account.name),
        "numUsers": len(profile.members),
        "numFollowers": numbers.followers,
        "numPapers": 0,
        "isVerified": False,
    }
    return json_response(body)


def user_socials(call: Call) -> Response:
    return _socials(call, AccountKind.USER)


def org_socials(call: Call) -> Response:
    return _socials(call, AccountKind.ORG)


def user_avatar(call: Call) -> Response:
    return _avatar(call, _profile(call, AccountKind.USER).account)


def org_avatar(call: Call) -> Response:
    return _avatar(call, _profile(call, AccountKind.ORG).account)


def face(call: Call) -> Response:
    """A face drawn from the name alone, so it tells nothing about who exists. For programs that ask for JSON: where."""
    if call.header("accept").lower().startswith("application/json"):
        return _avatar(call, call.hub.accounts.find_account(call.arg("name")))
    svg = str(avatar_svg(call.arg("name")[:100])).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    headers = {"cache-control": "public, max-age=86400", "content-security-policy": "default-src 'none'"}
    return Response(svg.encode(), headers={**headers, "vary": "accept"}, media_type="image/svg+xml")


def user_json(call: Call, account: Account, followed: bool) -> dict[str, Any]:
    """As lists of users show it."""
    return {
        "user": account.name,
        "fullname": account.fullname or account.name,
        "avatarUrl": avatar_url(call, account.name),
        "type": account.kind.value,
        "isPro": False,
        "isFollowing": followed,
    }


def _org(call: Call, account: Account, followed: bool) -> dict[str, Any]:
    return {
        "name": account.name,
        "fullname": account.fullname or account.name,
        "avatarUrl": avatar_url(call, account.name),
        "type": "org",
        "isFollowing": followed,
        "isEnterprise": False,
    }


def _orgs(call: Call, orgs: tuple[Membership, ...]) -> list[dict[str, Any]]:
    followed = call.hub.follows.followed_among(call.actor, [org.account.id for org in orgs])
    return [_org(call, org.account, org.account.id in followed) for org in orgs]


def _socials(call: Call, kind: AccountKind) -> Response:
    account = _profile(call, kind).account
    named = {"user": account.name} if kind is AccountKind.USER else {"name": account.name}
    handles = dict(account.socials)
    return json_response({"_id": external_id(account.id), **named, "socialHandles": handles})


def _avatar(call: Call, account: Account) -> Response:
    """Browsers that want a picture, and `?redirect=true`, are led to it; others are told where it is."""
    where = avatar_url(call, account.name)
    if call.query_flag("redirect") or call.header("sec-fetch-dest") == "image":
        return Response(b"", 302, {"location": where, "vary": "sec-fetch-dest"})
    return json_response({"avatarUrl": where}, headers={"vary": "sec-fetch-dest, accept"})


def _counts(call: Call, owner: str) -> dict[str, int]:
    """How many repositories of each kind the actor may see."""
    return {
        f"num{kind.plural.title()}": call.hub.search.count(call.actor, RepoFilter(kind=kind, author=owner))
        for kind in RepoKind
    }


def _profile(call: Call, kind: AccountKind) -> Profile:
    profile = call.hub.accounts.profile(call.actor, call.arg("name"))
    if profile.account.kind is not kind:
        word = "user" if kind is AccountKind.USER else "organisation"
        raise NotFound(f"There is no {word} '{call.arg('name')[:100]}'.")
    return profile


routes = [
    Route("GET", "/api/users/{name}/overview", user_overview),
    Route("GET", "/api/users/{name}/avatar", user_avatar),
    Route("GET", "/api/users/{name}/socials", user_socials),
    Route("GET", "/api/organizations/{name}/overview", org_overview),
    Route("GET", "/api/organizations/{name}/avatar", org_avatar),
    Route("GET", "/api/organizations/{name}/socials", org_socials),
    Route("GET", "/api/avatars/{name}", face),
]
