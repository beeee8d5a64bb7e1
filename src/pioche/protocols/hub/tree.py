"""Tree: files and folders at a commit, the history, and what clients say when they ask for some paths.

Source: Hub API as `huggingface_hub` 2.4 and `@huggingface/hub` read it.
Shape:  bare JSON arrays of entries or commits; the next page is in the `Link` header.
Units:  bytes; `oid` is a git id (40 hex), `lfs.oid` a SHA-256 (64 hex); dates end in `Z`.
Errors: none of its own.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class Lfs(msgspec.Struct, rename="camel"):
    """All three must be there: clients fail on a half-filled object."""

    oid: str
    size: int
    pointer_size: int


class LastCommit(msgspec.Struct):
    id: str
    title: str
    date: str


class Entry(msgspec.Struct, rename="camel"):
    """`size` is that of the real file. `xetHash` only if the content store serves it: clients then ask nothing else.

    Clients take anything whose type is not `file` for a folder.
    """

    type: Literal["file", "directory"]
    oid: str
    size: int
    path: str
    lfs: Lfs | UnsetType = UNSET
    xet_hash: str | UnsetType = UNSET
    last_commit: LastCommit | UnsetType = UNSET


class PathsInfoRequest(msgspec.Struct):
    """The JSON form (`@huggingface/hub`); `huggingface_hub` sends the same names url-encoded."""

    paths: list[str] | str = msgspec.field(default_factory=list)
    expand: bool = False


class Author(msgspec.Struct):
    user: str


class Formatted(msgspec.Struct):
    """Title and message as HTML, for `expand[]=formatted`."""

    title: str
    message: str


class HistoryCommit(msgspec.Struct):
    """`message` is what follows the title."""

    id: str
    title: str
    message: str
    authors: list[Author]
    date: str
    formatted: Formatted | UnsetType = UNSET
