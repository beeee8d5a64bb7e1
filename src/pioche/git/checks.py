"""What a push may not bring. Each check returns reasons, in words for the terminal of whoever pushes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from pioche.errors import EntryNotFound, InvalidName, InvalidPath
from pioche.git.types import Push, RefUpdate
from pioche.names import MAX_PATH_BYTES, check_path, check_ref_name, fold_name
from pioche.ports.gitstore import Incoming, IncomingObject
from pioche.protocols.card import parse_front_matter
from pioche.protocols.lfs import MAX_POINTER_SIZE, MIN_POINTER_SIZE, parse_pointer
from pioche.repos.service.commits import PullRequestFacts

MAX_REASONS = 10
MAX_MESSAGE = 1024 * 1024
"""Bytes of a commit or a tag. Lists of commits read each of them whole."""
MAX_FOLDER = 64 * 1024 * 1024
"""Bytes of one folder: some half million long names."""

_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,9})\Z")


def ref_reasons(
    push: Push, updates: Sequence[RefUpdate], pull_request: Callable[[int], PullRequestFacts | None]
) -> Iterator[str]:
    """Whether this person may move these refs. `pull_request(number)`: None if there is none."""
    for update in updates:
        number = _PULL_REQUEST.match(update.ref)
        if number is not None:
            yield from _pull_request_reasons(push, update, pull_request(int(number[1])))
        elif update.ref.startswith(("refs/heads/", "refs/tags/")):
            yield from _branch_reasons(push, update)
        elif update.ref.startswith("refs/convert/"):
            yield f"{update.ref}: the hub itself writes these."
        else:
            yield f"{update.ref}: only branches, tags and pull requests can be pushed."


def _pull_request_reasons(push: Push, update: RefUpdate, found: PullRequestFacts | None) -> Iterator[str]:
    if update.old is None:
        yield f"{update.ref}: there is no such pull request. Open one on the hub first, then push to it."
    elif update.new is None:
        yield f"{update.ref}: a pull request is closed on the hub, not deleted."
    elif not push.can_write and (found is None or found.author_id is None or found.author_id != push.actor.user_id):
        yield f"{update.ref}: only its author and those who may write to the repository can push to it."
    elif found is not None and found.is_over:
        yield f"{update.ref}: this pull request is closed or merged. Open another one, or open it again on the hub."
    elif found is not None and found.is_locked and not push.can_write:
        yield f"{update.ref}: this pull request is locked: only those who may write to the repository can push to it."


def _branch_reasons(push: Push, update: RefUpdate) -> Iterator[str]:
    _, _, name = update.ref.split("/", 2)
    if not push.can_write:
        yield f"{update.ref}: you may not write to this repository. You can open a pull request."
    elif update.new is None:
        if update.ref == f"refs/heads/{push.repo.default_branch}":
            yield f"{update.ref}: the default branch cannot be deleted."
    elif update.old is None:
        try:
            check_ref_name(name)
        except InvalidName as error:
            yield error.message


class ObjectChecks:
    """The checks of everything that a push brings, one pass over its objects."""

    def __init__(self, incoming: Incoming, file_limit: int, missing: Callable[[Collection[str]], set[str]]) -> None:
        """`missing` tells which large files (SHA-256) were never uploaded to this repository."""
        self._incoming = incoming
        self._file_limit = file_limit
        self._missing = missing
        self._good_names: set[bytes] = set()

    def reasons(self, updates: Sequence[RefUpdate]) -> Iterator[str]:
        tips = [update.new for update in updates if update.new is not None]
        if not tips:
            return
        objects = self._incoming.objects(tips)
        for item in objects:
            if item.kind == "tree" and item.size > MAX_FOLDER:
                yield f"The folder '{item.path[:100]}' has too many files."
            elif item.kind == "tree":
                yield from self._tree_reasons(item)
            elif item.kind != "blob" and item.size > MAX_MESSAGE:
                yield f"The message of the {item.kind} {item.oid} is longer than {MAX_MESSAGE // 1024} KiB."
            elif item.kind == "blob":
                yield from self._blob_reasons(item)
        yield from self._large_file_reasons(objects)
        for update in updates:
            yield from self._card_reasons(update)

    def _tree_reasons(self, tree: IncomingObject) -> Iterator[str]:
        """Every name in a new folder, also of files that the repository has already under a better one."""
        folded: dict[str, bytes] = {}
        for name in self._incoming.names(tree.oid):
            shown = f"{tree.path}/" * bool(tree.path) + name.decode(errors="backslashreplace")
            if name not in self._good_names:
                reason = _name_reason(name, shown)
                if reason:
                    yield reason
                    continue
                self._good_names.add(name)
            other = folded.setdefault(fold_name(name.decode()), name)
            if other != name:
                yield (
                    f"'{shown}' differs only in upper and lower case from '{other.decode()}' beside it. "
                    "Many computers cannot keep both."
                )
        if len(tree.path.encode()) > MAX_PATH_BYTES:
            yield f"'{tree.path[:100]}...' is longer than {MAX_PATH_BYTES} bytes."

    def _blob_reasons(self, blob: IncomingObject) -> Iterator[str]:
        if len(blob.path.encode()) > MAX_PATH_BYTES:
            yield f"'{blob.path[:100]}...' is longer than {MAX_PATH_BYTES} bytes."
        if blob.size > self._file_limit:
            limit = self._file_limit / 1024**2
            yield (
                f"'{blob.path}' has {blob.size / 1024**2:.1f} MiB, and over {limit:g} MiB a file must be a large file. "
                f'Run: git lfs migrate import --include="{blob.path}" --everything'
            )

    def _large_file_reasons(self, objects: Sequence[IncomingObject]) -> Iterator[str]:
        paths: dict[str, str] = {}
        for item in objects:
            if item.kind == "blob" and MIN_POINTER_SIZE <= item.size <= MAX_POINTER_SIZE:
                pointer = parse_pointer(self._incoming.read(item.oid))
                if pointer is not None:
                    paths.setdefault(pointer.sha256, item.path)
        missing = self._missing(paths.keys()) if paths else set()
        for sha256 in sorted(missing, key=lambda sha256: paths[sha256]):
            yield (
                f"'{paths[sha256]}' is a large file whose bytes did not arrive. "
                "Install Git LFS, run: git lfs push --all origin, and push again."
            )

    def _card_reasons(self, update: RefUpdate) -> Iterator[str]:
        """The front matter of README.md, where a branch or pull request brings a new one."""
        if update.new is None or update.ref.startswith("refs/tags/"):
            return
        new = self._card(update.new)
        if new is None or (update.old is not None and new == self._card(update.old)):
            return
        try:
            faults = parse_front_matter(self._incoming.read(new).decode())[2]
        except UnicodeDecodeError:
            faults = ["It is not UTF-8 text."]
        yield from (f"README.md: {fault}" for fault in faults)

    def _card(self, commit: str) -> str | None:
        """The id of README.md."""
        try:
            node = self._incoming.entry(commit, "README.md")
        except EntryNotFound:
            return None
        return node.oid if node.kind == "file" and node.pointer is None else None


def _name_reason(name: bytes, shown: str) -> str | None:
    """The folders above were looked at in their own trees; here they only say where."""
    if b"/" in name or not _is_utf8(name):
        return f"The path '{shown}' is not allowed: a name must be UTF-8 text without '/'."
    try:
        check_path(shown)
    except InvalidPath as error:
        return _printable(error.message)
    return None


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _printable(text: str) -> str:
    """No control character of a file name reaches a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
