"""Access requests of gated repositories, as the API says them.

Source: the stock client's `_list_access_requests`, `_handle_access_request`, `grant_access`.
Units:  times in ISO 8601 with milliseconds; ids are 24 hex digits.
Errors: none of its own.
"""

from __future__ import annotations

import msgspec


class Handle(msgspec.Struct, frozen=True, rename="camel"):
    """One of `user` and `requestId`."""

    status: str
    user: str | None = None
    request_id: str | None = None
    rejection_reason: str | None = None


class Batch(msgspec.Struct, frozen=True, rename="camel"):
    """Many at once, all or none."""

    status: str
    users: tuple[str, ...] = ()
    request_ids: tuple[str, ...] = ()
    rejection_reason: str | None = None


class GrantAccess(msgspec.Struct, frozen=True, rename="camel"):
    """A user or an organisation."""

    user: str
