"""What owners write about themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pioche.accounts.service.joining import check_fullname
from pioche.accounts.types import SOCIALS, ProfileText
from pioche.errors import InvalidInput

MAX_BIO = 2000
MAX_WEBSITE = 500
_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_profile(text: ProfileText) -> ProfileText:
    """Raises `InvalidInput`, with the field at fault."""
    bio = text.bio.replace("\r\n", "\n").strip()
    if len(bio) > MAX_BIO:
        raise InvalidInput(f"The description is too long: {MAX_BIO} characters are the limit.", field="bio")
    return ProfileText(check_fullname(text.fullname), bio, _website(text.website.strip()), _socials(text.socials))


def _socials(named: Mapping[str, str]) -> dict[str, str]:
    """Only what is filled in. `@name` is `name`; addresses are refused, because we make the links."""
    clean = {}
    for place in SOCIALS:
        handle = named.get(place, "").strip().removeprefix("@")
        if handle and not _HANDLE.fullmatch(handle):
            raise InvalidInput("Only the name there: letters, digits, '.', '-' and '_'.", field=place)
        if handle:
            clean[place] = handle
    return clean


def _website(text: str) -> str:
    if not text:
        return ""
    address = text if "://" in text else f"https://{text}"
    fault = InvalidInput("The website must be an address such as https://example.org.", field="website")
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises if it is not a number
    except ValueError as error:
        raise fault from error
    # Other schemes (javascript:) would run in the page of whoever follows the link.
    bad = parts.scheme not in ("http", "https") or not parts.hostname or len(address) > MAX_WEBSITE
    if bad or any(c.isspace() or not c.isprintable() for c in address):
        raise fault
    return address
