"""Making git objects and storing them durably: a few as loose files, many as one pack.

Source: git's documentation of object, pack (version 2) and pack index (version 2) formats.
Shape:  pack: `PACK`, version, count, (type and length as varint, deflated content)*, SHA-1 of all before;
        index: magic, version, 256 running counts, ids, CRC-32s, 4-byte offsets, 8-byte offsets, two SHA-1s.
Units:  bytes, big endian.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import pygit2

from pioche.ports.gitstore import Signature
from pioche.ports.gitstore.bare.durable import sync_folder, write_synced
from pioche.ports.gitstore.bare.presence import while_there

_TYPES = {"commit": 1, "tree": 2, "blob": 3, "tag": 4}
LOOSE_LIMIT = 12
"""More objects than this go into one pack: three syncs of the disk instead of two for each object."""
YOUNG_SECONDS = 24 * 3600
"""Far below the two weeks that maintenance leaves what nothing reaches."""
_BIG_OFFSET = 0x80000000


@dataclass(frozen=True, slots=True)
class GitObject:
    kind: str
    content: bytes
    oid: bytes

    @classmethod
    def of(cls, kind: str, content: bytes) -> GitObject:
        head = b"%s %d\0" % (kind.encode(), len(content))
        return cls(kind, content, hashlib.sha1(head + content, usedforsecurity=False).digest())


def commit_content(tree: str, parents: Sequence[str], author: Signature, message: str) -> bytes:
    """Author and committer are the same: the hub writes what the author asked for."""
    who = _signature_line(author)
    lines = [f"tree {tree}", *(f"parent {oid}" for oid in parents), f"author {who}", f"committer {who}"]
    return "\n".join([*lines, "", _clean_message(message)]).encode(errors="replace")


def tag_content(name: str, target: str, tagger: Signature, message: str) -> bytes:
    lines = [f"object {target}", "type commit", f"tag {name}", f"tagger {_signature_line(tagger)}"]
    return "\n".join([*lines, "", _clean_message(message)]).encode(errors="replace")


def write_objects(path: Path, open_handle: Callable[[], pygit2.Repository], objects: Sequence[GitObject]) -> None:
    """Store what is not there yet; on disk when this returns.

    What is there may be something that no ref reaches, and old enough for maintenance to drop. So it is made young
    again, then we look whether maintenance is under way, and if so everything is written once more: what that run
    found too old it may still drop, what it does not know it leaves alone.
    """
    unique = {item.oid: item for item in objects}
    _make_young(path / "objects", unique)
    if (path / "gc.pid").exists():
        _write_pack(path, list(unique.values()))
        return
    handle = open_handle()
    fresh = [item for oid, item in unique.items() if not handle.odb.exists(oid.hex())]
    if len(fresh) > LOOSE_LIMIT or not _write_loose(handle, fresh):
        _write_pack(path, fresh)


def _make_young(folder: Path, oids: Iterable[bytes]) -> None:
    """Loose objects of these ids, and all packs: one of them may be in any."""
    for oid in oids:
        name = oid.hex()
        with suppress(FileNotFoundError):
            os.utime(folder / name[:2] / name[2:])
    old = time.time() - YOUNG_SECONDS
    for pack in (folder / "pack").glob("*.pack"):
        with suppress(FileNotFoundError):
            if pack.stat().st_mtime < old:
                os.utime(pack)


def _write_loose(handle: pygit2.Repository, objects: Sequence[GitObject]) -> bool:
    """False if a folder went away under it, as maintenance removes those that it has emptied."""
    try:
        for item in objects:
            handle.odb.write(_TYPES[item.kind], item.content)
    except OSError:
        return False
    return True


def _write_pack(repo: Path, objects: list[GitObject]) -> None:
    """Raises `RepoNotFound` if the repository was deleted meanwhile."""
    with while_there(repo):
        _write_pack_into(repo / "objects" / "pack", objects)


def _write_pack_into(folder: Path, objects: list[GitObject]) -> None:
    pack, entries = _pack_of(objects)
    # Not named by its content: a pack of the same name could be one that maintenance is about to delete.
    token = secrets.token_hex(20)
    # The index last: a pack without one is ignored, an index without its pack is an error.
    parts = {"pack": pack, "idx": _index_of(entries, pack[-20:])}
    for kind, content in parts.items():
        # As git calls its own: maintenance deletes what is called an index and has no pack.
        write_synced(folder / f"tmp_{kind}_{token}", content)
    # And it deletes packs that it saw without their index, unless they are to be kept.
    keep = folder / f"pack-{token}.keep"
    keep.touch()
    for kind in parts:
        (folder / f"tmp_{kind}_{token}").rename(folder / f"pack-{token}.{kind}")
    sync_folder(folder)
    keep.unlink()


def _pack_of(objects: list[GitObject]) -> tuple[bytes, list[tuple[bytes, int, int]]]:
    """The pack, and (id, CRC-32, offset) of each object."""
    pack = bytearray(struct.pack(">4sII", b"PACK", 2, len(objects)))
    entries = []
    for item in objects:
        # The fastest level: maintenance packs everything again, with deltas.
        piece = _entry_head(_TYPES[item.kind], len(item.content)) + zlib.compress(item.content, 1)
        entries.append((item.oid, zlib.crc32(piece), len(pack)))
        pack += piece
    pack += hashlib.sha1(pack, usedforsecurity=False).digest()
    return bytes(pack), entries


def _entry_head(kind: int, size: int) -> bytes:
    """Four bits of the size with the type, then seven at a time; the top bit says that more follows."""
    byte, size = (kind << 4) | (size & 15), size >> 4
    head = bytearray()
    while size:
        head.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    head.append(byte)
    return bytes(head)


def _index_of(entries: list[tuple[bytes, int, int]], pack_checksum: bytes) -> bytes:
    ordered = sorted(entries)
    firsts = Counter(oid[0] for oid, _, _ in ordered)
    big = [offset for _, _, offset in ordered if offset >= _BIG_OFFSET]
    places = iter(range(len(big)))
    index = b"".join(
        [
            struct.pack(">4sI", b"\377tOc", 2),
            struct.pack(">256I", *accumulate(firsts[byte] for byte in range(256))),
            b"".join(oid for oid, _, _ in ordered),
            struct.pack(f">{len(ordered)}I", *(crc for _, crc, _ in ordered)),
            struct.pack(
                f">{len(ordered)}I",
                *(o if o < _BIG_OFFSET else _BIG_OFFSET | next(places) for _, _, o in ordered),
            ),
            struct.pack(f">{len(big)}Q", *big),
            pack_checksum,
        ]
    )
    return index + hashlib.sha1(index, usedforsecurity=False).digest()


def _signature_line(who: Signature) -> str:
    name = _no_angles(who.name) or "unknown"
    return f"{name} <{_no_angles(who.email)}> {who.date_ms // 1000} +0000"


def _no_angles(text: str) -> str:
    """Git's own rule for names: nothing that would end the name or the line early."""
    return "".join(c for c in text if c not in "<>\n\0\r").strip()


def _clean_message(message: str) -> str:
    return message.replace("\0", "").strip("\n") + "\n"
