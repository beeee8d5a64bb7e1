"""Shards become files: every claim in one is proven before any of it is visible."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pioche.errors import Busy, InvalidShard, TooLarge
from pioche.ports.database import Tx
from pioche.protocols.xet import hashes, shard
from pioche.protocols.xet.shard import ShardFile, ShardTerm
from pioche.xet import store
from pioche.xet.service.reader import Reader
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import Piece, Progress, Recipe, Xorb

CHUNKS_MAX = 1 << 23
"""Chunks of one file: 500 GB at the usual 64 KiB. Each takes 36 bytes of memory while it is checked."""

NO_BYTES = bytes(32)
"""The hash of a file without bytes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A file of a shard whose recipe has been checked."""

    name: bytes
    recipe: Recipe
    sha256: str | None
    first_chunk: bytes


class Registrar:
    def __init__(self, shelf: Shelf, file_limit: int) -> None:
        self._shelf = shelf
        self._limit = file_limit

    def register(self, repo_id: int, body: bytes, progress: Progress) -> bool:
        """All files of the shard, for this repository, or none. True if any of it is new.

        Raises `InvalidShard`, or `Busy` when a xorb disappeared meanwhile and sending again helps.
        """
        decoded = shard.decode(body)
        xorbs = self._find_xorbs(decoded)
        # Clients register files without bytes too (hf-xet 1.8). There is nothing to store for them.
        files = [file for file in decoded.files if not _is_empty(file)]
        unique = {file.name: file for file in reversed(files)}  # of duplicates the first counts
        claims = [self._check(file, xorbs) for file in unique.values()]
        self._prove_digests(claims, progress)
        with self._shelf.database.write() as tx:
            require_xorbs(tx, [xorb.id for xorb in xorbs.values()])
            new = [record(tx, repo_id, claim) for claim in claims]
        return any(new)

    def _find_xorbs(self, decoded: shard.Shard) -> dict[bytes, Xorb]:
        names = {term.xorb for file in decoded.files for term in file.terms} | set(decoded.xorbs)
        with self._shelf.database.read() as tx:
            found = store.xorbs_by_name(tx, names)
        for name in names - found.keys():
            raise InvalidShard(
                f"This hub has no xorb {hashes.to_string(name)}. If it was deleted here, clear the client's Xet "
                "cache and upload again."
            )
        return found

    def _check(self, file: ShardFile, xorbs: Mapping[bytes, Xorb]) -> Claim:
        """Recompute everything that the sender says about a file from what we know of its xorbs."""
        if not file.terms or len(file.range_hashes) != len(file.terms):
            raise InvalidShard("a file of the shard has no terms, or terms without proof")
        digests: list[bytes] = []
        lengths = array("I")
        pieces: list[Piece] = []
        size = 0
        for term, proof in zip(file.terms, file.range_hashes, strict=True):
            xorb = xorbs[term.xorb]
            digests.append(self._check_term(term, proof, xorb.id))
            lengths.extend(self._shelf.table_of(xorb.id).lengths(term.start, term.end))
            if len(lengths) > CHUNKS_MAX:
                raise TooLarge(f"A file of more than {CHUNKS_MAX} chunks cannot be registered.")
            size += term.length
            pieces.append(Piece(xorb.id, term.start, term.end, size))
        if size > self._limit:
            raise TooLarge(f"A file of {size} bytes is larger than the {self._limit} that this hub accepts.")
        if hashes.file_hash(b"".join(digests), lengths) != file.name:
            raise InvalidShard("a file of the shard is not what its hash says")
        sha256 = None if file.sha256 is None else file.sha256.hex()
        return Claim(file.name, Recipe(pieces), sha256, digests[0][:32])

    def _check_term(self, term: ShardTerm, proof: bytes, xorb_id: int) -> bytes:
        """The chunk hashes of a term. Its range hash proves that the sender knows them, so has the data."""
        table = self._shelf.table_of(xorb_id)
        if not term.start < term.end <= len(table):
            raise InvalidShard("a term of the shard is outside of its xorb")
        if table.raw_length(term.start, term.end) != term.length:
            raise InvalidShard("a term of the shard has another length than its chunks")
        digests = table.hashes_of(term.start, term.end)
        if hashes.range_hash(digests) != proof:
            raise InvalidShard("a term of the shard is not proven by its range hash")
        return digests

    def _prove_digests(self, claims: Iterable[Claim], progress: Progress) -> None:
        """Recompute the SHA-256 of every file that claims one: the shard itself proves nothing about it."""
        claimed = [claim for claim in claims if claim.sha256 is not None]
        with self._shelf.database.read() as tx:
            known = store.files_by_name(tx, [claim.name for claim in claimed])
        open_claims = [
            claim for claim in claimed if claim.name not in known or known[claim.name].sha256 != claim.sha256
        ]
        progress.total = sum(claim.recipe.size for claim in open_claims)
        for claim in open_claims:
            digest = hashlib.sha256()
            for chunk in Reader(self._shelf, claim.recipe).chunks():
                digest.update(chunk)
                progress.verified += len(chunk)
            if digest.hexdigest() != claim.sha256:
                raise InvalidShard("the SHA-256 of a file of the shard is not the one of its content")


def _is_empty(file: ShardFile) -> bool:
    """A file without bytes, honestly described."""
    honest = file.sha256 is None or file.sha256 == hashlib.sha256().digest()
    return file.name == NO_BYTES and not file.terms and honest


def require_xorbs(tx: Tx, xorb_ids: Collection[int]) -> None:
    """The last look before a recipe becomes visible: nothing it names was deleted. Raises `Busy`."""
    if len(store.xorbs_by_id(tx, xorb_ids)) != len(xorb_ids):
        raise Busy("Something that this upload builds on was being deleted. Send it again.")
    store.touch(tx, xorb_ids)


def record(tx: Tx, repo_id: int, claim: Claim) -> bool:
    """Make a checked file visible to a repository; True if that is new."""
    known = store.file_by_name(tx, claim.name)
    if known is None:
        file_id = store.add_file(tx, claim.name, claim.recipe, claim.sha256)
    else:
        # The recipe that is there stays: it makes the same bytes.
        file_id = known.id
        if known.sha256 is None and claim.sha256 is not None:
            store.set_sha256(tx, file_id, claim.sha256)
    store.add_dedupe(tx, [(claim.first_chunk, claim.recipe.pieces[0].xorb_id)])
    entitled = store.entitle(tx, repo_id, file_id)
    return entitled or known is None
