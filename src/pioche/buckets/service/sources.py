"""Where copies come from: other buckets and repositories. Nobody copies what they may not read."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from pioche.accounts.access import Action
from pioche.accounts.types import Actor
from pioche.buckets.service.find import require_bucket
from pioche.buckets.types import EMPTY, BucketId, CopyFile, Source
from pioche.errors import HubError, InvalidInput, NotFound
from pioche.names import RepoId
from pioche.ports.database import Tx
from pioche.protocols.xet import hashes
from pioche.repos.service.find import require_content
from pioche.repos.service.trees import Trees
from pioche.xet.service import Xet

if TYPE_CHECKING:
    from pioche.xet.service.registration import Claim

PACKED_MAX = 1024 * 1024 * 1024
"""Bytes of one file that are brought into the content store while its copier waits: about ten seconds."""

NameAndSize = tuple[bytes, int]


class Sources:
    def __init__(self, xet: Xet, trees: Trees) -> None:
        self._xet = xet
        self._trees = trees

    def fetch(self, actor: Actor, copy: CopyFile) -> Claim | None:
        """Brings a file of a repository, named by its path, into the content store; None if it has no bytes.

        Raises what reading the repository raises, and `InvalidInput` for what cannot be copied so.
        """
        if copy.source.kind is None:
            raise InvalidInput("Name files of buckets by their Xet hash.")
        repo_id = RepoId.parse(copy.source.kind, copy.source.full)
        found = self._trees.file(actor, repo_id, copy.revision, copy.source_path)
        if found.node.size > PACKED_MAX:
            raise InvalidInput(f"'{copy.source_path[:200]}' has more than {PACKED_MAX} bytes. Copy it by its Xet hash.")
        if not found.node.size:
            return None
        if found.node.pointer is None:
            content = self._trees.read_small(found)
            return self._xet.intake.pack(io.BytesIO(content), hashlib.sha256(content).hexdigest())
        blocks = self._trees.open_large(found).read()
        return self._xet.intake.pack(_file_of(blocks), found.node.pointer.sha256)

    def keep(self, tx: Tx, bucket_id: int, claim: Claim | None) -> NameAndSize:
        """What `fetch` brought in belongs to the bucket."""
        if claim is None:
            return EMPTY, 0
        file = self._xet.intake.keep(tx, [bucket_id], claim)
        return file.name, file.size

    def share(
        self,
        tx: Tx,
        actor: Actor,
        bucket_id: int,
        copies: Iterable[CopyFile],
        refusals: tuple[type[HubError], ...],
    ) -> Mapping[CopyFile, NameAndSize | HubError]:
        """Lets the bucket use what the actor may read in the sources; for each copy what it is, or why not."""
        wanted: dict[Source, set[bytes]] = {}
        copies = list(copies)
        for copy in copies:
            wanted.setdefault(copy.source, set()).add(cast(bytes, copy.name))
        found: dict[tuple[Source, bytes], NameAndSize] = {}
        refused: dict[Source, HubError] = {}
        for source, names in wanted.items():
            try:
                held = self._xet.holdings.find(tx, self._number(tx, actor, source), names)
            except refusals as error:
                refused[source] = error
                continue
            self._xet.holdings.give(tx, bucket_id, held.values())
            found.update({(source, name): (name, file.size) for name, file in held.items()})
            found[source, EMPTY] = (EMPTY, 0)
        return {copy: _outcome(copy, found, refused) for copy in copies}

    def _number(self, tx: Tx, actor: Actor, source: Source) -> int:
        """The id of the source, if the actor may read its files."""
        if source.kind is None:
            return require_bucket(tx, actor, BucketId.parse(source.full), Action.READ).id
        return require_content(tx, actor, RepoId.parse(source.kind, source.full)).id


def _outcome(
    copy: CopyFile, found: Mapping[tuple[Source, bytes], NameAndSize], refused: Mapping[Source, HubError]
) -> NameAndSize | HubError:
    if copy.source in refused:
        return refused[copy.source]
    name = cast(bytes, copy.name)
    missing = NotFound(f"'{copy.source.full}' has no file with the Xet hash {hashes.to_string(name)}.")
    return found.get((copy.source, name), missing)


class _Blocks(io.RawIOBase):
    """An iterator of bytes as a file."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self._left = next(self._blocks, b"")
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _file_of(blocks: Iterator[bytes]) -> io.BufferedReader:
    return io.BufferedReader(_Blocks(blocks), 1024 * 1024)
