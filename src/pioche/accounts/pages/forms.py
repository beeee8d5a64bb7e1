"""What all forms here do: show themselves again with what was wrong, and answer with a word of success."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from pioche.accounts.types import SOCIALS, ProfileText
from pioche.errors import Conflict, HubError, InvalidCredentials, InvalidInput, InvalidName, NotFound, RateLimited
from pioche.web import flash
from pioche.web.call import Call
from pioche.web.errors import status_of
from pioche.web.responses import see_other
from pioche.web.text import _

# What the person can put right in the form; everything else is for the error page.
FAULTS = (InvalidInput, Conflict, InvalidCredentials, RateLimited)

FORM_LIMIT = 256 * 1024  # bytes


def again(call: Call, template: str, values: Mapping[str, Any], error: HubError) -> Response:
    """The same page, with the fault next to its field (`errors["form"]` for those without one)."""
    headers = {"retry-after": str(error.details["retry_after"])} if isinstance(error, RateLimited) else {}
    page = {**values, "errors": {field_of(error): error.message}}
    return call.hub.templates.page(call, template, page, status_of(error), headers)


def field_of(error: HubError) -> str:
    return str(error.details.get("field") or ("name" if isinstance(error, InvalidName) else "form"))


def done(call: Call, location: str, text: str) -> Response:
    return flash.say(call, see_other(location), text, "success")


def int_arg(call: Call, name: str) -> int:
    """A number in the path; raises `NotFound`."""
    text = call.params[name]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound(_("There is nothing at this address."))
    return int(text)


def profile_text(form: dict[str, str]) -> ProfileText:
    """What the fields of a profile say."""
    socials = {place: form.get(place, "") for place in SOCIALS}
    return ProfileText(form.get("fullname", ""), form.get("bio", ""), form.get("website", ""), socials)
