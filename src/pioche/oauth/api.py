"""What programs ask: codes for devices, tokens, who the person is, and where everything is."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from starlette.responses import Response

from pioche.accounts.types import Actor, Membership
from pioche.errors import InvalidCredentials, OauthClientRefused, OauthRefused
from pioche.oauth.identity import ALGORITHM
from pioche.oauth.service.registrations import Registration
from pioche.oauth.types import SCOPES, TokenPair
from pioche.web.call import Call
from pioche.web.errors import INVALID_CREDENTIALS
from pioche.web.responses import avatar_url, external_id, json_response
from pioche.web.routing import Route

FORM_LIMIT = 64 * 1024  # bytes
# Programs that live in a page ask from there. Nothing here looks at cookies, so any page may.
OPEN = {"access-control-allow-origin": "*"}
UNSTORED = {**OPEN, "cache-control": "no-store", "pragma": "no-cache"}

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def start_device(call: Call) -> Response:
    form = call.form()
    client_id, secret = _client(call, form)
    code = call.hub.oauth.devices.start(client_id, secret, form.get("scope", ""), call.client_address)
    where = f"{call.base_url}/oauth/device"
    body = {
        "device_code": code.device_code,
        "user_code": code.user_code,
        "verification_uri": where,
        "verification_uri_complete": f"{where}?user_code={code.user_code}",
        "expires_in": code.seconds,
        "interval": code.interval,
    }
    return json_response(body, headers=UNSTORED)


def token(call: Call) -> Response:
    form = call.form()
    kind = form.get("grant_type", "")
    client_id, secret = _client(call, form)
    if kind == DEVICE:
        return _tokens(call, call.hub.oauth.devices.exchange(client_id, secret, form.get("device_code", "")))
    if kind == "refresh_token":
        refresh, scope = form.get("refresh_token", ""), form.get("scope", "")
        return _tokens(call, call.hub.oauth.tokens.refresh(client_id, secret, refresh, scope))
    if kind == "authorization_code":
        return _tokens(call, call.hub.oauth.codes.exchange(client_id, secret, form))
    raise OauthRefused("unsupported_grant_type", "Use authorization_code, refresh_token or device_code.")


class _Metadata(msgspec.Struct):
    """RFC 7591 section 2. What is not here is not kept."""

    redirect_uris: list[str] = []
    client_name: str = ""
    client_uri: str = ""
    scope: str = ""
    token_endpoint_auth_method: str = "client_secret_basic"  # noqa: S105 - the name of a method


def register(call: Call) -> Response:
    asked = call.json(_Metadata)
    wanted = Registration(
        asked.redirect_uris, asked.client_name, asked.client_uri, asked.scope, asked.token_endpoint_auth_method
    )
    https = call.base_url.startswith("https://")
    app, secret = call.hub.oauth.registrations.register(wanted, call.client_address, https)
    body = {
        "client_id": app.client_id,
        "client_id_issued_at": int(time.time()),
        "client_name": app.name,
        "client_uri": app.website,
        "redirect_uris": app.redirects,
        "scope": " ".join(app.scopes),
        "token_endpoint_auth_method": asked.token_endpoint_auth_method,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    if secret:
        body |= {"client_secret": secret, "client_secret_expires_at": 0}
    return json_response(body, 201, headers=UNSTORED)


def revoke(call: Call) -> Response:
    form = call.form()
    client_id, secret = _client(call, form)
    call.hub.oauth.tokens.revoke(client_id, secret, form.get("token", ""))
    return json_response({}, headers=UNSTORED)


def userinfo(call: Call) -> Response:
    """For connected programs, and for people's own tokens, which may know everything about them."""
    if call.actor.token is None:
        raise InvalidCredentials(INVALID_CREDENTIALS)
    return json_response(_claims(call, call.actor), headers=UNSTORED)


def preflight(_call: Call) -> Response:
    """Browsers ask before they send a token to another site."""
    allowed = {"access-control-allow-headers": "authorization", "access-control-max-age": "86400"}
    return Response(b"", 204, {**OPEN, **allowed, "access-control-allow-methods": "GET, POST"})


def keys(call: Call) -> Response:
    return json_response(call.hub.oauth.identity.public_keys(), headers={**OPEN, "cache-control": "max-age=3600"})


def discovery(call: Call) -> Response:
    """OpenID Connect Discovery 1.0 section 3 and RFC 8414: the same page at both addresses."""
    base = call.base_url
    body = {
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": f"{base}/oauth/token",
        "userinfo_endpoint": f"{base}/oauth/userinfo",
        "jwks_uri": f"{base}/oauth/jwks",
        "device_authorization_endpoint": f"{base}/oauth/device",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "registration_endpoint": f"{base}/oauth/register",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_supported": ["sub", "name", "preferred_username", "profile", "picture", "website", "email", "orgs"],
    }
    return json_response(body, headers={**OPEN, "cache-control": "max-age=3600"})


def _client(call: Call, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret of the program, from the header (RFC 6749 section 2.3.1: quoted as forms are) or the form."""
    scheme, _, value = call.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise OauthClientRefused("The Authorization header cannot be read.") from error
    return unquote_plus(name), unquote_plus(secret)


def _tokens(call: Call, pair: TokenPair) -> Response:
    body: dict[str, Any] = {
        "access_token": pair.access,
        "token_type": "bearer",
        "expires_in": pair.seconds,
        "refresh_token": pair.refresh,
        "scope": " ".join(pair.scopes),
    }
    # The stock client has no use for an ID token, and a hub that serves it alone needs no key.
    if "openid" in pair.scopes and not pair.app.is_stock:
        try:
            claims = _claims(call, call.hub.accounts.actor_of_token(pair.access))
        except InvalidCredentials as error:  # the same code came again meanwhile, which ends what it gave
            raise OauthRefused("invalid_grant", "This code came more than once.") from error
        claims |= {"iss": call.base_url, "aud": pair.app.client_id}
        if pair.nonce:
            claims["nonce"] = pair.nonce
        body["id_token"] = call.hub.oauth.identity.id_token(claims, pair.access)
    return json_response(body, headers=UNSTORED)


def _claims(call: Call, actor: Actor) -> dict[str, Any]:
    """About the person, as far as they agreed. Clients read it from here, or from the ID token."""
    claims: dict[str, Any] = {"sub": external_id(actor.user_id or 0)}
    profile = call.hub.accounts.profile(actor, actor.name)
    if actor.tells("profile"):
        claims |= {
            "name": actor.fullname or actor.name,
            "preferred_username": actor.name,
            "profile": f"{call.base_url}/{actor.name}",
            "picture": avatar_url(call, actor.name),
            "website": profile.account.website,
            "isPro": False,
            "canPay": False,
        }
    if actor.tells("email"):
        # Nobody has proved that the address is theirs, and some places let in whoever has a verified one.
        claims |= {"email": actor.email, "email_verified": False}
    orgs = [_org(call, org) for org in profile.orgs if actor.tells_org(org.account.id)]
    return {**claims, "orgs": orgs}


def _org(call: Call, org: Membership) -> dict[str, Any]:
    return {
        "sub": external_id(org.account.id),
        "name": org.account.fullname or org.account.name,
        "preferred_username": org.account.name,
        "picture": avatar_url(call, org.account.name),
        "plan": None,
        "isEnterprise": False,
        "canPay": False,
        "roleInOrg": org.role.label,
        "securityRestrictions": [],
    }


routes = [
    Route("POST", "/oauth/device", start_device, "oauth", limit=FORM_LIMIT),
    Route("POST", "/oauth/token", token, "oauth", limit=FORM_LIMIT),
    Route("POST", "/oauth/register", register, "oauth", limit=FORM_LIMIT),
    Route("POST", "/oauth/revoke", revoke, "oauth", limit=FORM_LIMIT),
    Route("GET", "/oauth/userinfo", userinfo),
    Route("POST", "/oauth/userinfo", userinfo, limit=FORM_LIMIT),
    Route("OPTIONS", "/oauth/userinfo", preflight, "oauth"),
    Route("GET", "/oauth/jwks", keys, "oauth"),
    Route("GET", "/.well-known/openid-configuration", discovery, "oauth"),
    Route("GET", "/.well-known/oauth-authorization-server", discovery, "oauth"),
]
