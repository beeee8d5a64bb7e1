"""The nouns of collections."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pioche.accounts.types import Resource
from pioche.buckets.types import Bucket
from pioche.errors import NotFound
from pioche.repos.types import Repo

Sort = Literal["lastModified", "trending", "upvotes"]
THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")

MAX_TITLE = 100
MAX_DESCRIPTION = 150
MAX_NOTE = 500
_SLUG = re.compile(r"(?:.*-)?([0-9a-f]{24})")


@dataclass(frozen=True, slots=True)
class Slug:
    """`owner/title-words-key`. The key alone says which one it is, so a slug works after a change of title."""

    owner: str
    key: str  # 24 hex digits

    @classmethod
    def parse(cls, text: str) -> Slug:
        """Raises `NotFound` for what no collection is called."""
        owner, slash, name = text.partition("/")
        found = _SLUG.fullmatch(name)
        if not slash or not owner or found is None:
            raise missing(text)
        return cls(owner, found[1])


@dataclass(frozen=True, slots=True)
class Collection:
    """A row of `collections` with its owner."""

    id: int
    key: str
    owner_id: int
    owner: str
    owner_fullname: str
    owner_kind: str  # user | org
    title: str
    description: str
    private: bool
    theme: str
    position: int
    created_by: int | None
    group_id: int | None
    updated_at: int
    upvotes: int

    @property
    def slug(self) -> str:
        text = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        words = "-".join(re.findall(r"[a-z0-9]+", text))
        return f"{self.owner}/{words[:60].strip('-') or 'collection'}-{self.key}"

    @property
    def path(self) -> str:
        """The path of its page without the leading slash."""
        return f"collections/{self.slug}"

    @property
    def resource(self) -> Resource:
        # 0 is the number of no repository, so a token for one repository never fits a collection.
        return Resource(0, self.owner_id, self.private, self.created_by, group_id=self.group_id)


Target = Repo | Bucket | Collection


@dataclass(frozen=True, slots=True)
class ItemChange:
    """Another note (empty: none), another place among what the actor sees (from 0; too great: the last)."""

    item_id: int
    note: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """`position` counts what the reader may see, from 0."""

    id: int
    position: int
    note: str
    target: Target

    @property
    def kind(self) -> str:
        """model, dataset, space, bucket or collection."""
        match self.target:
            case Repo():
                return self.target.repo_id.kind.value
            case Bucket():
                return "bucket"
            case Collection():
                return "collection"

    @property
    def name(self) -> str:
        match self.target:
            case Repo():
                return self.target.repo_id.full
            case Bucket():
                return self.target.bucket_id.full
            case Collection():
                return self.target.slug


@dataclass(frozen=True, slots=True)
class Filled:
    """A collection and what is in it, for one reader. `count` is how many items they may see in all."""

    collection: Collection
    items: Sequence[Item]
    count: int


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """`cursor` None: it is the last page."""

    found: Sequence[Filled]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class CollectionFilter:
    """`owners` and `items` (as `models/owner/name`): any of them; empty for all."""

    owners: Sequence[str] = ()
    items: Sequence[str] = ()
    sort: Sort = "lastModified"
    groups: Sequence[int] | None = None  # any of these resource groups


@dataclass(frozen=True, slots=True)
class NewCollection:
    owner: str
    title: str
    description: str = ""
    private: bool = False
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """None stays as it is."""

    title: str | None = None
    description: str | None = None
    private: bool | None = None
    theme: str | None = None
    position: int | None = None


def missing(slug: str) -> NotFound:
    return NotFound(f"There is no collection '{slug[:200]}', or you have no access to it.")
