"""What a commit may bring: paths, sizes, the card, and large files that really were uploaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pioche.errors import InvalidInput, TooLarge
from pioche.lfs.service import Lfs
from pioche.names import check_path, check_sha256
from pioche.ports.database import Tx
from pioche.ports.gitstore import DeleteFolder, PutFile
from pioche.protocols.card import parse_front_matter
from pioche.protocols.lfs import parse_pointer
from pioche.repos.types import CommitOperation, CopyFile, PutLargeFile

NAMED = 20
"""Files that an error names; the rest are counted."""


def check_operations(operations: Sequence[CommitOperation], regular_limit: int) -> None:
    """Raises `InvalidPath`, `TooLarge`, or `InvalidInput` for a card that cannot be read."""
    for operation in operations:
        check_path(operation.path.rstrip("/") if isinstance(operation, DeleteFolder) else operation.path)
        if isinstance(operation, CopyFile):
            check_path(operation.src_path)
        if isinstance(operation, PutFile):
            _check_regular(operation, regular_limit)


def card_faults(content: str) -> tuple[list[str], list[str]]:
    """(errors, warnings) of a README.md."""
    metadata, _, errors = parse_front_matter(content)
    if errors or metadata:
        return errors, []
    return [], ["The card has no metadata. A few lines between two '---' at its top help people to find it."]


def large_files(tx: Tx, lfs: Lfs, repo_id: int, operations: Sequence[CommitOperation]) -> dict[str, int]:
    """SHA-256 -> size of every large file that the operations name.

    Raises `InvalidInput` if one was never uploaded to this repository: knowing a hash is not owning a file.
    """
    wanted = list(_named_large_files(operations))
    shas = {check_sha256(file.sha256) for file in wanted}
    missing = lfs.missing(tx, repo_id, shas) if shas else set()
    if missing:
        raise _not_uploaded([file.path for file in wanted if file.sha256 in missing])
    sizes = lfs.sizes(tx, shas) if shas else {}
    for file in wanted:
        known = sizes.get(file.sha256)
        if known is None or (file.size is not None and file.size != known):
            raise InvalidInput(
                f"'{file.path[:200]}' is said to have {file.size} bytes; what was uploaded as {file.sha256} "
                f"has {known}."
            )
    return sizes


def _named_large_files(operations: Sequence[CommitOperation]) -> Iterator[PutLargeFile]:
    """A pointer sent as an ordinary file is as good as the file that it names, so it is held to the same."""
    for operation in operations:
        if isinstance(operation, PutLargeFile):
            yield operation
        elif isinstance(operation, PutFile) and (pointer := parse_pointer(operation.content)) is not None:
            yield PutLargeFile(operation.path, pointer.sha256, pointer.size)


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
