"""From `HubError` to an answer: status and `X-Error-Code` once, rendered in the dialect of the route."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from starlette.responses import PlainTextResponse, Response

from pioche import errors
from pioche.web.call import Call
from pioche.web.responses import moved

# The first class that an error is an instance of decides, so subclasses come before their bases.
_STATUS: list[tuple[type[errors.HubError], int]] = [
    (errors.NotFound, 404),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.TooLarge, 413),
    (errors.RangeNotSatisfiable, 416),
    (errors.InvalidInput, 400),
    (errors.RefMoved, 412),
    (errors.Conflict, 409),
    (errors.Busy, 503),
    (errors.RateLimited, 429),
    (errors.QuotaExceeded, 403),
    (errors.NotSupported, 501),
]

INVALID_CREDENTIALS = "Invalid credentials in Authorization header"


def status_of(error: errors.HubError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def error_response(call: Call, error: errors.HubError) -> Response:
    """The answer to a rule that was broken, for whoever called this route."""
    if isinstance(error, errors.RepoRenamed):
        return moved(_renamed_path(call, error))
    status, headers = status_of(error), _headers(call, error)
    # The public reference answers 401 to anonymous people where it answers 404 to others, so that tools which
    # ask for a log-in on 401 do so; what is private and what does not exist stay alike.
    if isinstance(error, errors.RepoNotFound | errors.GatedRepo) and call.actor.is_anonymous:
        status = 401
    if call.request.method == "HEAD":
        return Response(b"", status, headers)
    match call.route.dialect:
        case "html":
            return _html(call, error, status, headers)
        case "git":
            return PlainTextResponse(error.message + "\n", status, headers)
        case "lfs":
            body: dict[str, Any] = {"message": error.message}
            return Response(msgspec.json.encode(body), status, headers, "application/vnd.git-lfs+json")
        case "oauth":
            body = {"error": _oauth_word(error), "error_description": error.message}
            return Response(msgspec.json.encode(body), status, headers, "application/json")
        case _:
            body = {"error": error.message, **_public(error.details)}
            return Response(msgspec.json.encode(body), status, headers, "application/json")


def _renamed_path(call: Call, error: errors.RepoRenamed) -> str:
    """The same address with the new name: relative, so that clients keep their token."""
    suffix = ".git" if "{name.git}" in call.route.pattern else ""
    old = f"/{call.params['ns']}/{call.params['name']}{suffix}"
    return call.path_and_query.replace(old, f"/{error.namespace}/{error.name}{suffix}", 1)


def _headers(call: Call, error: errors.HubError) -> dict[str, str]:
    message = INVALID_CREDENTIALS if isinstance(error, errors.InvalidCredentials) else error.message
    headers = {"x-error-code": error.code, "x-error-message": _header_text(message), "cache-control": "no-store"}
    if commit := error.details.get("commit"):
        headers["x-repo-commit"] = commit
    if isinstance(error, errors.RangeNotSatisfiable):
        headers["content-range"] = f"bytes */{error.details.get('size', '*')}"
    if retry_after := error.details.get("retry_after"):
        headers["retry-after"] = str(retry_after)
    shut = errors.Unauthenticated | errors.RepoNotFound | errors.GatedRepo
    asks = isinstance(error, shut) and call.actor.is_anonymous
    if asks and call.route.dialect in ("git", "lfs"):
        # git-lfs looks at its own header first and understands git's as well.
        for name in ("lfs-authenticate", "www-authenticate"):
            headers[name] = 'Basic realm="Pioche", charset="UTF-8"'
    if call.route.dialect == "oauth":
        # Programs that live in a page ask from there. Nothing here looks at cookies.
        headers["access-control-allow-origin"] = "*"
        if isinstance(error, errors.OauthClientRefused):
            headers["www-authenticate"] = 'Basic realm="Pioche OAuth"'
    return headers


def _oauth_word(error: errors.HubError) -> str:
    """The code of RFC 6749 sections 4.1.2.1 and 5.2."""
    match error:
        case errors.OauthRefused():
            return error.error
        case errors.OauthClientRefused():
            return "invalid_client"
        case errors.RateLimited() | errors.Busy():
            return "temporarily_unavailable"
        case errors.InvalidInput() | errors.TooLarge():
            return "invalid_request"
        case _:
            return "server_error"


def _header_text(message: str) -> str:
    """One line of Latin-1, as HTTP wants it."""
    line = "".join(c if c.isprintable() else " " for c in " ".join(message.split()))
    return line.encode("latin-1", "replace").decode("latin-1")[:1000]


def _public(details: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if isinstance(value, str | int | float | bool | list | dict)}


def _html(call: Call, error: errors.HubError, status: int, headers: dict[str, str]) -> Response:
    if isinstance(error, errors.Unauthenticated) and call.request.method in ("GET", "HEAD"):
        return Response(b"", 303, {"location": f"/login?next={quote(call.path_and_query)}"})
    # To a page's reader, what is missing is missing, whoever they are.
    status = 404 if isinstance(error, errors.NotFound) else status
    return call.hub.templates.page(call, "error.html", {"error": error, "status": status}, status, headers)
