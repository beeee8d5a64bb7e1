"""Answers: JSON, pages of a list, redirects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from starlette.responses import Response

from pioche.web.call import Call


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, dict(headers or {}), media_type="application/json")


def page_response(call: Call, items: Sequence[Any], next_cursor: str | None) -> Response:
    """A bare JSON array. `Link: <absolute URL>; rel="next"` carries all of this query and the cursor."""
    headers = {}
    if next_cursor is not None:
        query = [(k, v) for k, v in call.query_items if k != "cursor"] + [("cursor", next_cursor)]
        path = call.request.scope["raw_path"].decode("latin-1")
        headers["link"] = f'<{call.base_url}{path}?{urlencode(query)}>; rel="next"'
    return json_response(items, headers=headers)


def empty(status: int = 204, headers: Mapping[str, str] | None = None) -> Response:
    return Response(b"", status, dict(headers or {}))


def see_other(location: str) -> Response:
    """After a form: look at this page. Only paths of this hub."""
    return Response(b"", 303, {"location": location if _is_local(location) else "/"})


def moved(location: str) -> Response:
    """307 keeps the method and body; clients turn a redirected POST into a GET on 301 and 302."""
    return Response(b"", 307, {"location": location})


def iso(milliseconds: int) -> str:
    """`2026-01-31T12:00:00.000Z`. The client refuses dates that do not end in Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def external_id(number: int) -> str:
    """Ids as clients know them: 24 hex digits."""
    return f"{number:024x}"


def internal_id(text: str) -> int | None:
    """Back from `external_id`; None for what is none."""
    if len(text) != 24 or not all(digit in "0123456789abcdef" for digit in text):
        return None
    number = int(text, 16)
    return number if number < 2**63 else None


def avatar_url(call: Call, name: str) -> str:
    """Where the face of an account is, absolute as clients want it."""
    return f"{call.base_url}/api/avatars/{quote(name)}"


def _is_local(location: str) -> bool:
    # Browsers drop tabs and line ends from addresses, so "/<tab>/x" would be another host.
    plain = all(" " < c != "\x7f" for c in location)
    return plain and location.startswith("/") and not location.startswith(("//", "/\\"))
