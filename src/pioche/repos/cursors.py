"""Where a page of a list ended: the value that it is sorted by, and the id. Clients take it for a text."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec

from pioche.errors import InvalidInput

_Column = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a column of the database can be compared with."""


def write_cursor(last: tuple[float, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).rstrip(b"=").decode()


def read_cursor(text: str) -> tuple[float, int] | None:
    """None for the first page. Raises `InvalidInput`."""
    if not text:
        return None
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(data, type=tuple[_Column | float, _Column])
    except (binascii.Error, ValueError, RecursionError, msgspec.DecodeError) as error:
        raise InvalidInput("The cursor is not one that this hub gave. Start from the first page.") from error
