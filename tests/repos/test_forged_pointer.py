"""A pointer proves nothing: knowing the hash of a file, or putting its pointer together, does not open it."""

from __future__ import annotations

import json
import struct

import pytest

from pioche.community.types import NewDiscussion
from pioche.errors import BlobNotFound
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.protocols.lfs import format_pointer
from pioche.repos.types import CommitHeader, PutLargeFile
from pioche.testkit.room import Room

PATH = "model.safetensors"
HEADER = json.dumps({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}).encode()
WEIGHTS = struct.pack("<Q", len(HEADER)) + HEADER + bytes(12)


def _secret_of_alice(room: Room) -> str:
    """The SHA-256 of a large file in a private repository; it reads well there."""
    hub, alice = room.hub, room.actor(room.cast.alice)
    name = room.repo(room.cast.alice, "vault", private=True)
    repo_id, sha256 = RepoId.parse(RepoKind.MODEL, name), room.upload(room.cast.alice, name, WEIGHTS)
    hub.commits.commit(alice, repo_id, "main", CommitHeader("Weights"), [PutLargeFile(PATH, sha256)])
    own = hub.trees.open_large(hub.trees.file(alice, repo_id, "main", PATH))
    assert b"".join(own.read()) == WEIGHTS
    assert hub.infos.show(alice, repo_id).parameters == {"F32": 3}
    return sha256


def test_a_pointer_that_a_merge_puts_together_opens_nothing(room: Room):
    """Each side of the merge has one line of the pointer right, so neither is one; the result is."""
    hub, carol = room.hub, room.actor(room.cast.carol)
    version, oid, size = format_pointer(_secret_of_alice(room), len(WEIGHTS)).splitlines(keepends=True)
    repo_id = RepoId.parse(RepoKind.MODEL, room.repo(room.cast.carol, "forge"))

    def write(revision: str, *lines: bytes) -> None:
        file = PutFile(PATH, b"".join(lines))
        hub.commits.commit(carol, repo_id, revision, CommitHeader("Step"), [file])

    write("main", b"x" + version, oid, b"x" + size)
    num = hub.community.open(carol, repo_id, NewDiscussion("Forge", is_pull_request=True))
    write(f"refs/pr/{num}", b"x" + version, oid, size)
    write("main", version, oid, b"x" + size)
    hub.pull_requests.merge(carol, repo_id, num)

    file = hub.trees.file(carol, repo_id, "main", PATH)
    assert file.node.pointer is not None, "the merge made a pointer"
    with pytest.raises(BlobNotFound):
        hub.trees.open_large(file)
    assert hub.infos.show(carol, repo_id).parameters == {}
    assert hub.browse.file(carol, repo_id, "main", PATH).tensors == ()
    assert hub.browse.card(carol, repo_id).parameters == {}
