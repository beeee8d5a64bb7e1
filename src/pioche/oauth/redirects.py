"""Where a program may have people sent back to.

Source: RFC 6749 section 3.1.2, RFC 8252 (programs on the person's machine) and RFC 9700 section 2.1: an address must
be registered, and is compared letter by letter. Only the port of a loopback address may differ, because programs there
take any free one.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlencode, urlsplit

from pioche.errors import InvalidInput

MAX_ADDRESS = 500  # characters
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def check_redirect(text: str, https: bool) -> str:
    """An address that may be registered; `https`: the hub itself is reached so. Raises `InvalidInput`."""
    reason = _fault(text, https)
    if reason:
        raise InvalidInput(f"'{text[:100]}' cannot be a redirect address: {reason}.", field="redirects")
    return text


def matches(registered: str, asked: str) -> bool:
    if registered == asked:
        return True
    if any(c <= " " or c == "\x7f" for c in asked):
        return False  # the parser leaves out line ends and tabs, which browsers and headers do not
    one, other = _split(registered), _split(asked)
    if one is None or other is None or one.scheme != "http" or one.hostname not in _LOOPBACK or "#" in asked:
        return False
    # Letter by letter but for the port: what stands before it (a user name, say) counts too.
    return _without_port(one) == _without_port(other)


def with_query(address: str, values: dict[str, str]) -> str:
    """The address with these values added to its query, as the answer to the program."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"


def origin(address: str) -> str:
    """What a Content-Security-Policy calls the place: `https://host:port`, or `scheme:` of a program's own."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _fault(text: str, https: bool) -> str | None:
    parts = _split(text)
    if parts is None or not text.isascii() or any(c <= " " or c in "\x7f\"'<>\\;," for c in text):
        return "it is not a plain address"
    if len(text) > MAX_ADDRESS:
        return f"it is longer than {MAX_ADDRESS} characters"
    if "#" in text:
        return "it has a fragment"
    if "@" in parts.netloc or "*" in text:
        return "it has a user name or a wildcard in it"
    if parts.scheme in ("http", "https"):
        if not parts.hostname:
            return "it has no host"
        if parts.scheme == "http" and https and parts.hostname not in _LOOPBACK:
            return "codes must not travel in the clear; use https, or a loopback address"
        return None
    if "." not in parts.scheme:
        return "use https, a loopback address, or a scheme of your own with a dot in it, such as org.example.app"
    return None


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _without_port(parts: SplitResult) -> tuple[str, str, str, str]:
    ending = f":{parts.port}" if parts.port is not None else ""
    return parts.scheme, parts.netloc.removesuffix(ending), parts.path, parts.query
