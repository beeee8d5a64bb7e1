"""What a commit may bring: paths, sizes, the card, and large files that really were uploaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pioche.errors import InvalidInput, TooLarge
from pioche.lfs.service import Lfs
from pioche.names import check_path, check_sha256
from pioche.ports.database import Tx
from pioche.ports.gitstore import DeleteFolder, GitRepo, PutBlob, PutFile, Signature
from pioche.protocols.card import parse_front_matter
from pioche.protocols.lfs import parse_pointer
from pioche.repos.types import CommitHeader, CommitOperation, CopyFile, PutLargeFile

BATCH_BYTES = 32 * 1024 * 1024
"""Contents that a commit keeps in memory; more than that goes to git before the rest is read."""
NAMED = 20
"""Files that an error names; the rest are counted."""


StagedOperation = PutBlob | CommitOperation


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit that was checked and whose contents git holds; what it is put on top of is seen later.

    `sizes`: bytes of each large file by SHA-256.
    """

    header: CommitHeader
    author: Signature
    operations: Sequence[StagedOperation]
    sizes: Mapping[str, int]


class Staging:
    """Takes operations one by one, checks them, and hands contents to git before they fill the memory."""

    def __init__(self, git: GitRepo, regular_limit: int) -> None:
        self.operations: list[StagedOperation] = []
        self.claims: list[PutLargeFile] = []
        self._git = git
        self._limit = regular_limit
        self._waiting: dict[int, PutFile] = {}
        self._bytes = 0

    def add(self, operation: CommitOperation) -> None:
        """Raises `InvalidPath`, `TooLarge`, or `InvalidInput` for a card that cannot be read."""
        check_path(operation.path.rstrip("/") if isinstance(operation, DeleteFolder) else operation.path)
        self.operations.append(operation)
        match operation:
            case CopyFile():
                check_path(operation.src_path)
            case PutLargeFile():
                self.claims.append(operation)
            case PutFile():
                self._add_file(operation)

    def _add_file(self, file: PutFile) -> None:
        _check_regular(file, self._limit)
        pointer = parse_pointer(file.content)
        if pointer is not None:
            # A pointer sent as an ordinary file is as good as the file that it names, so it is held to the same.
            self.claims.append(PutLargeFile(file.path, pointer.sha256, pointer.size))
        if file.executable:
            return
        self._waiting[len(self.operations) - 1] = file
        self._bytes += len(file.content)
        if self._bytes > BATCH_BYTES:
            self._store()

    def _store(self) -> None:
        """What is left at the end is not stored here: it goes with the commit, in one write."""
        oids = self._git.write_blobs([file.content for file in self._waiting.values()])
        for (at, file), oid in zip(self._waiting.items(), oids, strict=True):
            self.operations[at] = PutBlob(file.path, oid)
        self._waiting, self._bytes = {}, 0


def card_faults(content: str) -> tuple[list[str], list[str]]:
    """(errors, warnings) of a README.md."""
    metadata, _, errors = parse_front_matter(content)
    if errors or metadata:
        return errors, []
    return [], ["The card has no metadata. A few lines between two '---' at its top help people to find it."]


def large_files(tx: Tx, lfs: Lfs, repo_id: int, claims: Sequence[PutLargeFile]) -> dict[str, int]:
    """SHA-256 -> size of every large file that a commit names.

    Raises `InvalidInput` if one was never uploaded to this repository: knowing a hash is not owning a file.
    """
    shas = {check_sha256(file.sha256) for file in claims}
    missing = lfs.missing(tx, repo_id, shas) if shas else set()
    if missing:
        raise _not_uploaded([file.path for file in claims if file.sha256 in missing])
    sizes = lfs.sizes(tx, repo_id, shas) if shas else {}
    for file in claims:
        known = sizes.get(file.sha256)
        if known is None or (file.size is not None and file.size != known):
            raise InvalidInput(
                f"'{file.path[:200]}' is said to have {file.size} bytes; what was uploaded as {file.sha256} "
                f"has {known}."
            )
    return sizes


def _check_regular(file: PutFile, limit: int) -> None:
    if len(file.content) > limit:
        raise TooLarge(
            f"'{file.path[:200]}' has {len(file.content)} bytes. Files of more than {limit} bytes must be uploaded as "
            "large files: the hub's clients do so when they ask for the upload mode first."
        )
    if file.path == "README.md":
        errors, _ = card_faults(file.content.decode(errors="replace"))
        if errors:
            raise InvalidInput(" ".join(errors), errors=[{"message": error} for error in errors])


def _not_uploaded(paths: Sequence[str]) -> InvalidInput:
    named = ", ".join(f"'{path[:200]}'" for path in paths[:NAMED])
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return InvalidInput(
        f"These large files were not uploaded to this repository: {named}{more}. "
        "Upload them first (Xet or Git LFS), then commit again."
    )
