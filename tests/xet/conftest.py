"""A content store on an empty folder, and a client that is small enough to lie."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pioche import app
from pioche.accounts.grants import Grant, Signer
from pioche.migrations import upgrade
from pioche.ports.blobs.local import LocalBlobStore
from pioche.protocols.xet import hashes, shard, xorb
from pioche.protocols.xet.shard import ShardFile, ShardTerm
from pioche.settings import Settings
from pioche.xet.service import Xet
from pioche.xet.types import Progress

# Repositories that exist for the content store alone: the hub that tests share gives out small numbers to others.
OURS, OTHERS = 1_000_000_001, 1_000_000_002


@dataclass(frozen=True)
class Packed:
    """Chunks as a client packs them into one xorb."""

    chunks: tuple[bytes, ...]
    scheme: int = 0

    @property
    def body(self) -> bytes:
        return b"".join(xorb.encode_chunk(chunk, self.scheme) for chunk in self.chunks)

    @property
    def hashes(self) -> bytes:
        return b"".join(hashes.chunk_hash(chunk) for chunk in self.chunks)

    @property
    def name(self) -> bytes:
        return hashes.merkle_root(self.hashes, [len(chunk) for chunk in self.chunks])

    def term(self, start: int = 0, end: int | None = None) -> ShardTerm:
        end = len(self.chunks) if end is None else end
        return ShardTerm(self.name, sum(map(len, self.chunks[start:end])), start, end)


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def pack(data: bytes, size: int = 50_000, scheme: int = 0) -> Packed:
    """Cut at fixed places: the store does not care where chunks end."""
    return Packed(tuple(data[at : at + size] for at in range(0, len(data), size)), scheme)


def claim(parts: Sequence[tuple[Packed, int, int]], with_sha256: bool = True) -> ShardFile:
    """A true description of the file made of chunks `[start, end)` of these xorbs."""
    chunks = [chunk for packed, start, end in parts for chunk in packed.chunks[start:end]]
    digests = b"".join(map(hashes.chunk_hash, chunks))
    return ShardFile(
        hashes.file_hash(digests, [len(chunk) for chunk in chunks]),
        tuple(packed.term(start, end) for packed, start, end in parts),
        tuple(hashes.range_hash(packed.hashes[32 * start : 32 * end]) for packed, start, end in parts),
        hashlib.sha256(b"".join(chunks)).digest() if with_sha256 else None,
    )


class Store:
    """The store under test, with short words for what tests do often."""

    def __init__(self, folder: Path) -> None:
        self.database = app.open_database(Settings(data=folder))
        upgrade(self.database)
        self.blobs = LocalBlobStore(folder / "blobs")
        self.signer = Signer(b"k" * 32)
        self.xet = Xet(self.database, self.blobs, self.signer, Settings(data=folder))

    def grant(self, repo_id: int = 1) -> Grant:
        return Grant(repo_id, "write", int(time.time()) + 3600, 7)

    def put(self, packed: Packed) -> bool:
        return self.put_body(packed.name, packed.body)

    def put_body(self, name: bytes, body: bytes) -> bool:
        spool = self.blobs.new_spool()
        spool.write_bytes(body)
        return self.xet.cas.store_xorb(name, spool)

    def register(self, *files: ShardFile, repo_id: int = 1) -> bool:
        return self.register_body(shard.encode(files, []), repo_id)

    def register_body(self, body: bytes, repo_id: int = 1) -> bool:
        return self.xet.cas.register(self.grant(repo_id), body, Progress())

    def add(self, data: bytes, repo_id: int = 1, scheme: int = 0) -> ShardFile:
        packed = pack(data, scheme=scheme)
        self.put(packed)
        file = claim([(packed, 0, len(packed.chunks))])
        self.register(file, repo_id=repo_id)
        return file

    def read(self, name: bytes, start: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.xet.open_reader(hashes.to_string(name)).blocks(start, end))

    def count(self, table: str) -> int:
        from sqlalchemy import text

        with self.database.read() as tx:
            return int(tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data")
