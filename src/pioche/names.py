"""Names, parsed at the edge and trusted afterwards.

Source: names follow the client's own rule (`validate_repo_id`): 1 to 96 ASCII letters, digits, `-`, `_`, `.`;
no `-` or `.` at either end; no `--`, no `..`; not ending in `.git`. Case is kept, and compared without case.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from pioche.errors import InvalidName, InvalidPath

CommitOid = NewType("CommitOid", str)
"""40 lowercase hex digits that name a commit that exists."""

Revision = NewType("Revision", str)
"""What was asked: a branch, a tag, `refs/pr/3` or a commit id. Resolved early to a `CommitOid`."""

RepoPath = NewType("RepoPath", str)
"""A clean path in a repository: no leading slash, no `.` or `..`, no `.git`."""

_NAME = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?\Z")
_HEX40 = re.compile(r"[0-9a-f]{40}\Z")
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")

# First segments of addresses, and words that clients put in their place.
# fmt: off
RESERVED_NAMES = frozenset((
    "api", "models", "datasets", "spaces", "kernels", "buckets", "collections", "organizations",
    "users", "user", "admin", "login", "logout", "join", "signup", "settings", "new", "new-dataset",
    "new-space", "new-kernel", "new-bucket", "new-collection", "add-to-collection",
    "static", "assets", "health", "healthz", "readyz", "docs", "oauth", "notifications",
    "search", "train", "demo", "tasks", "papers", "posts", "chat", "playground", "jobs", "metrics", "me", "cas", "lfs",
    "uploads", "activity", "password", "hf", "git", "setup", "about", "charter", "welcome", "favicon.ico", "robots.txt",
    "hardware", "templates", "semantic-search", "zero-gpu", ".well-known", "none",
))
# fmt: on


class RepoKind(StrEnum):
    """The types of repository. Their paths differ, the code does not."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    KERNEL = "kernel"

    @property
    def plural(self) -> str:
        """The segment in API paths: `models`."""
        return f"{self.value}s"

    @property
    def prefix(self) -> str:
        """What stands before the id in web, git and resolve URLs: empty for models, else `datasets/`."""
        return "" if self is RepoKind.MODEL else f"{self.plural}/"

    @classmethod
    def from_plural(cls, plural: str) -> RepoKind:
        for kind in cls:
            if kind.plural == plural:
                return kind
        raise InvalidName(f"There is no repository type '{plural}'. There are: models, datasets, spaces, kernels.")


@dataclass(frozen=True, slots=True)
class RepoId:
    """`namespace/name` of a kind."""

    kind: RepoKind
    namespace: str
    name: str

    @classmethod
    def parse(cls, kind: RepoKind, text: str) -> RepoId:
        namespace, slash, name = text.partition("/")
        if not slash:
            raise InvalidName(f"A repository is called 'owner/name', and '{text[:100]}' has no owner.")
        return cls(kind, check_name(namespace), check_name(name))

    @property
    def full(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """The path of its page without the leading slash: `datasets/ns/name`."""
        return f"{self.kind.prefix}{self.full}"

    def __str__(self) -> str:
        return self.path


def check_name(text: str) -> str:
    """A name of a repository or an account, as it was written; raises `InvalidName`."""
    if not text:
        raise InvalidName("A name is needed.")
    if not _NAME.match(text) or text.lower().endswith(".git"):
        raise InvalidName(
            f"'{text[:100]}' cannot be a name. Use 1 to 96 letters, digits, '-', '_' or '.', "
            "not starting or ending with '-' or '.', without '--' or '..', and not ending in '.git'."
        )
    return text


def check_account_name(text: str) -> str:
    """A name that a user or an organisation may take."""
    if check_name(text).lower() in RESERVED_NAMES:
        raise InvalidName(f"The name '{text}' is reserved. Choose another one.")
    return text


def is_oid(text: str) -> bool:
    return bool(_HEX40.match(text))


def is_sha256(text: str) -> bool:
    return bool(_HEX64.match(text))


def check_sha256(text: str) -> str:
    if not is_sha256(text):
        raise InvalidName(f"'{text[:100]}' is not a SHA-256: 64 lowercase hex digits are expected.")
    return text


MAX_PATH_BYTES = 1024

# What some file systems do not see in a name: HFS+ these characters, NTFS a stream after a colon, dots and spaces at
# the end. So these names are `.git` there, where a clone would write over its own settings and hooks.
_UNSEEN = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]|:.*", re.DOTALL)


def check_path(text: str) -> RepoPath:
    """A path of a file or folder in a repository; raises `InvalidPath` with the reason."""
    reason = _path_fault(text)
    if reason:
        raise InvalidPath(f"The path '{text[:200]}' is not allowed: {reason}.", path=text)
    return RepoPath(text)


def _path_fault(text: str) -> str | None:
    if not text:
        return "it is empty"
    try:
        if len(text.encode()) > MAX_PATH_BYTES:
            return f"it is longer than {MAX_PATH_BYTES} bytes"
    except UnicodeEncodeError:
        return "it is not valid text"
    if text.startswith("/"):
        return "it starts with '/'"
    if any(ord(c) < 32 or ord(c) == 127 for c in text):
        return "it contains a control character"
    if "\\" in text:
        return "it contains a backslash"
    for part in text.split("/"):
        if not part:
            return "it has an empty part (two slashes in a row, or one at the end)"
        if part in (".", ".."):
            return f"'{part}' is not a name"
        if _UNSEEN.sub("", part).rstrip(". ").lower() in (".git", "git~1"):
            return "'.git' is git's own"
        if len(part.encode()) > 255:
            return "a part is longer than 255 bytes"
    return None


def fold_name(name: str) -> str:
    """What a file system that ignores case, or the form of accents, takes a name for."""
    return unicodedata.normalize("NFC", name).casefold()


def check_ref_name(text: str) -> str:
    """A short name of a branch or tag, by git's own rule (`git check-ref-format`)."""
    bad = (
        not text
        or len(text.encode(errors="replace")) > 200
        or text.startswith(("/", "-", "."))
        or text.endswith(("/", ".", ".lock"))
        or any(c in text for c in " ~^:?*[\\\x7f")
        or any(ord(c) < 32 for c in text)
        or ".." in text
        or "//" in text
        or "@{" in text
        or text in ("@", "HEAD")
        or text.startswith("refs/")
        or any(part.startswith(".") or part.endswith(".lock") for part in text.split("/"))
    )
    if bad or is_oid(text):
        raise InvalidName(f"'{text[:100]}' cannot be the name of a branch or tag.")
    return text
