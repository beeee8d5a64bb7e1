"""A message for the next page, carried in a cookie that only this hub can write.

Shape: `<kind>|<text>|<mac>`, url-quoted; shown once and cleared by `web.asgi`.
"""

from __future__ import annotations

import hmac
from urllib.parse import quote, unquote

from starlette.responses import Response

from pioche.web.call import Call

COOKIE = "pioche_flash"


def say(call: Call, response: Response, text: str, kind: str = "info") -> Response:
    """`kind` is info or error."""
    body = f"{kind}|{text[:500]}"
    mac = call.hub.signer.mac("flash", body.encode())
    value, secure = quote(f"{body}|{mac}"), call.base_url.startswith("https:")
    response.set_cookie(COOKIE, value, max_age=60, httponly=True, samesite="lax", secure=secure)
    return response


def read(call: Call) -> list[tuple[str, str]]:
    """What was said, as (kind, text); nothing if somebody else wrote it."""
    body, _, mac = unquote(call.request.cookies.get(COOKIE, "")).rpartition("|")
    kind, _, text = body.partition("|")
    if not body or not hmac.compare_digest(mac.encode(), call.hub.signer.mac("flash", body.encode()).encode()):
        return []
    return [(kind, text)]
