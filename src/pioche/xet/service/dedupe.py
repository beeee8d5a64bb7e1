"""Answers to "do you know this chunk?", without telling what private repositories hold."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable

from pioche.accounts.grants import Signer
from pioche.ports.database import Tx
from pioche.protocols.xet import shard
from pioche.protocols.xet.shard import DedupeXorb
from pioche.protocols.xet.xorb import ChunkTable
from pioche.xet import store
from pioche.xet.service.shelf import Shelf
from pioche.xet.types import Recipe

XORBS_PER_ANSWER = 16
FILES_PER_ANSWER = 32
KEY_SECONDS = 24 * 3600
ANSWER_SECONDS = 3 * 24 * 3600
"""How long the client may use an answer; far less than the sweep's grace."""


class Dedupe:
    def __init__(self, shelf: Shelf, signer: Signer) -> None:
        self._shelf = shelf
        self._signer = signer

    def known_chunk(self, repo_id: int, chunk: bytes) -> bytes | None:
        """A shard that lists the xorb with this chunk and its neighbours in a file, or None.

        Looks only at files of this repository and of public ones, and shows only the chunks that those use.
        """
        with self._shelf.database.read() as tx:
            hits = store.readable_files_with_chunk(tx, chunk, repo_id, FILES_PER_ANSWER)
            recipes = _recipes(tx, [file_id for _, file_id in hits])
        if not recipes:
            return None
        chosen = _neighbours(recipes[0], hits[0][0])
        shown = _shown_chunks(recipes, chosen)
        if not _is_shown(self._shelf.table_of(hits[0][0]), shown[hits[0][0]], chunk):
            return None  # it is beside readable chunks, in a xorb that holds private ones too
        found = self._shelf.xorbs(set(chosen))
        listed = [
            DedupeXorb(found[xorb_id].name, _masked(self._shelf.table_of(xorb_id), shown[xorb_id]))
            for xorb_id in chosen
            if xorb_id in found
        ]
        self._touch(found)
        now = int(time.time())
        return shard.encode_dedupe(listed, self._key(now), now, now + ANSWER_SECONDS)

    def _touch(self, xorb_ids: Iterable[int]) -> None:
        """The client may use these without asking again, so the sweep must spare them."""
        with self._shelf.database.read() as tx:
            stale = store.stale(tx, list(xorb_ids))
        if stale:
            with self._shelf.database.write() as tx:
                store.touch(tx, stale)

    def _key(self, now: int) -> bytes:
        day = now // KEY_SECONDS
        return hashlib.sha256(self._signer.mac("xet-dedupe", str(day).encode()).encode()).digest()


def _recipes(tx: Tx, file_ids: Iterable[int]) -> list[Recipe]:
    found = (store.recipe(tx, file_id) for file_id in dict.fromkeys(file_ids))
    return [recipe for recipe in found if recipe is not None]


def _neighbours(recipe: Recipe, xorb_id: int) -> list[int]:
    """Xorbs of a file around one of them, in order."""
    order = list(dict.fromkeys(piece.xorb_id for piece in recipe.pieces))
    start = max(0, order.index(xorb_id) - XORBS_PER_ANSWER // 4)
    return order[start : start + XORBS_PER_ANSWER]


def _shown_chunks(recipes: Iterable[Recipe], xorb_ids: list[int]) -> dict[int, set[tuple[int, int]]]:
    shown: dict[int, set[tuple[int, int]]] = {xorb_id: set() for xorb_id in xorb_ids}
    for recipe in recipes:
        for piece in recipe.pieces:
            if piece.xorb_id in shown:
                shown[piece.xorb_id].add((piece.start, piece.end))
    return shown


def _is_shown(table: ChunkTable, shown: set[tuple[int, int]], chunk: bytes) -> bool:
    return any(table.hashes_of(at, at + 1) == chunk for start, end in shown for at in range(start, end))


def _masked(table: ChunkTable, shown: set[tuple[int, int]]) -> ChunkTable:
    """The table with noise in place of the hashes that are not to be seen: a xorb may also hold private chunks."""
    if (0, len(table)) in shown:
        return table
    digests = bytearray(secrets.token_bytes(len(table.hashes)))
    for start, end in shown:
        digests[32 * start : 32 * end] = table.hashes_of(start, end)
    return ChunkTable(bytes(digests), table.ends, table.raw_ends)
