"""From a request to an `Actor`: bearer token, Basic (any user name with a token, or a name with a password), cookie.

A request with credentials that are wrong is refused, never treated as anonymous.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import urlsplit

from pioche.accounts.types import ANONYMOUS, Actor
from pioche.errors import Forbidden, InvalidCredentials
from pioche.web.call import Call

SESSION_COOKIE = "pioche_session"
UNSAFE = frozenset(("POST", "PUT", "PATCH", "DELETE"))


def authenticate(call: Call) -> Actor:
    """Does database work: call it in a thread."""
    accounts = call.hub.accounts
    header = call.header("authorization")
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer" and value:
        return accounts.actor_of_token(value)
    if scheme.lower() == "basic":
        name, password = _basic(value)
        return _actor_of_basic(call, name, password)
    cookie = call.request.cookies.get(SESSION_COOKIE)
    if cookie:
        return accounts.actor_of_session(cookie) or ANONYMOUS
    return ANONYMOUS


def known(call: Call) -> Actor | None:
    """Who sends a token that was looked up since anyone committed anything. Never by a cookie: forms need more."""
    scheme, _, value = call.header("authorization").partition(" ")
    return call.hub.accounts.tokens.known_actor(value.strip()) if scheme.lower() == "bearer" else None


def csrf_token(call: Call) -> str:
    """What forms of this log-in must carry; anonymous forms rely on `check_csrf`'s look at the origin.

    Another one on every page: pages are compressed, and a text that stays the same beside one that a stranger
    chooses (a search, say) could be guessed from the length of many answers.
    """
    if call.actor.session is None:
        return ""
    salt = secrets.token_urlsafe(12)
    return f"{salt}.{_csrf_mac(call, salt)}"


def check_csrf(call: Call) -> None:
    """Refuses an unsafe request that another site made a browser send."""
    # Browsers add a password that they remember to requests of other sites too, but never a bearer token.
    is_bearer = call.header("authorization").lower().startswith("bearer ")
    if call.request.method not in UNSAFE or call.route.safe or is_bearer:
        return
    if call.header("sec-fetch-site") in ("cross-site", "same-site") or _foreign_origin(call):
        raise Forbidden("This form was sent from another site. Open the page here and send it again.")
    if call.actor.session is None:
        return
    salt, _, given = (call.header("x-csrf-token") or _form_token(call)).partition(".")
    if not hmac.compare_digest(given.encode(), _csrf_mac(call, salt).encode()):
        raise Forbidden("This page is out of date. Reload it and send the form again.")


def _csrf_mac(call: Call, salt: str) -> str:
    return call.hub.signer.mac("csrf", f"{call.actor.session}|{salt}".encode())


def _basic(value: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError as error:  # not base64, not ASCII, or not UTF-8 inside
        raise InvalidCredentials("The Authorization header cannot be read.") from error
    return name, password


def _actor_of_basic(call: Call, name: str, password: str) -> Actor:
    accounts = call.hub.accounts
    # `https://<token>@host/...` puts the token where the name goes.
    for secret in (password, name):
        if accounts.looks_like_token(secret):
            return accounts.actor_of_token(secret)
    if not password:
        raise InvalidCredentials("Send a token, or your name and password.")
    try:
        return accounts.actor_of_password(name, password, call.client_address)
    except InvalidCredentials as error:  # git shows this to a person
        where = f"{call.base_url}/settings/tokens"
        raise InvalidCredentials(f"{error.message} An access token is a password too; make one at {where}") from error


def _foreign_origin(call: Call) -> bool:
    origin = call.header("origin")
    if not origin or origin == "null":
        return origin == "null"
    try:
        return urlsplit(origin).netloc not in (urlsplit(call.base_url).netloc, call.header("host"))
    except ValueError:  # it is no address at all
        return True


def _form_token(call: Call) -> str:
    kind = call.header("content-type").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and call.route.body == "bytes":
        return call.form().get("csrf_token", "")
    return call.form_token
