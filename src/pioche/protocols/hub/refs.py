"""Refs: branches, tags, conversions and pull requests of a repository.

Source: Hub API as `huggingface_hub` 2.4 speaks it.
Shape:  `{branches, tags, converts, pullRequests?}`, each a list of `{name, ref, targetCommit}`; `converts` must be
        there even when it is empty, `pullRequests` only if it was asked for.
Units:  commits are 40 hex digits.
Errors: none here.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType


class Ref(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    ref: str
    target_commit: str


class Refs(msgspec.Struct, frozen=True, rename="camel"):
    branches: list[Ref]
    tags: list[Ref]
    converts: list[Ref]
    pull_requests: list[Ref] | UnsetType = UNSET


class NewBranch(msgspec.Struct, frozen=True, rename="camel"):
    starting_point: str | None = None


class NewTag(msgspec.Struct, frozen=True):
    tag: str
    message: str | None = None


class Squash(msgspec.Struct, frozen=True):
    message: str | None = None
