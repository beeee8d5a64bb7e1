"""Files of one bucket into another one by their hashes."""

from __future__ import annotations

from tests.buckets.conftest import BucketRoom

from pioche.protocols.xet import hashes


def test_files_are_copied_by_their_hashes(room: BucketRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    source, target = room.bucket(alice, private=True), room.bucket(alice)
    room.put(alice, source, {"a/b.txt": b"some bytes"})
    file = room.get(f"/api/buckets/{source}/tree/a", alice).json()[0]
    path = f"/api/buckets/{source}/lfs-files/duplicate"
    unknown = hashes.to_string(b"\7" * 32)
    body = {
        "target": {"type": "bucket", "name": target},
        "files": [{"xetHash": file["xetHash"], "filename": "c.txt"}, {"xetHash": unknown, "filename": "d.txt"}],
    }
    failed = room.post(path, alice, json=body).json()["failed"]
    assert [one["path"] for one in failed] == ["d.txt"]
    assert [one["path"] for one in room.get(f"/api/buckets/{target}/tree", alice).json()] == ["c.txt"]
    assert room.post(path, carol, json=body).status_code == 404
    theirs = room.bucket(carol)
    assert room.post(path, alice, json={**body, "target": {"type": "bucket", "name": theirs}}).status_code == 403
    assert room.post(path, alice, json={**body, "target": {"type": "model", "name": "a/b"}}).status_code == 400
    assert room.post(path, alice, json={**body, "files": [{"xetHash": "x", "filename": "e"}]}).status_code == 400
