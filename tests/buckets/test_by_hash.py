"""carol knows the hashes of alice's files, and no more. Every door that takes a hash is tried."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.buckets.conftest import BucketRoom, add, copy

from pioche.protocols.lfs import format_pointer
from pioche.testkit.room import large, small

SECRET = random.Random(7).randbytes(300_000)
SHA = hashlib.sha256(SECRET).hexdigest()
SIZE = len(SECRET)


@dataclass(frozen=True)
class Heist:
    """Where the file is: in a private repository, in one whose gate is shut, in a private bucket. `mine`: carol's."""

    vault: str
    gated: str
    safe: str
    xet_hash: str
    mine: str
    bucket: str


@pytest.fixture
def heist(room: BucketRoom) -> Heist:
    alice, carol = room.cast.alice, room.cast.carol
    vault, gated = room.repo(alice, "vault", private=True), room.repo(alice, "gated")
    safe = room.bucket(alice, private=True)
    for number in (room.number(alice, vault), room.number(alice, gated), room.bucket_number(alice, safe)):
        xet_hash = room.bring(number, SECRET)
    for repo in (vault, gated):
        assert room.commit(alice, repo, large("w.bin", SHA, SIZE)).status_code == 200
    assert room.ask("PUT", f"/api/models/{gated}/settings", alice, json={"gated": "manual"}).status_code == 200
    room.put(alice, safe, {"w.bin": SECRET})
    assert room.get(f"/{vault}/resolve/main/w.bin", alice).content == SECRET
    return Heist(vault, gated, safe, xet_hash, room.repo(carol, "mine"), room.bucket(carol))


def opens(room: BucketRoom, heist: Heist) -> bool:
    """Whether carol's repository or bucket has the file now."""
    return SECRET in (
        room.get(f"/{heist.mine}/resolve/main/w.bin", room.cast.carol).content,
        room.get(f"/buckets/{heist.bucket}/resolve/w.bin", room.cast.carol).content,
    )


def lfs(room: BucketRoom, repo: str, operation: str) -> dict[str, Any]:
    body = {"operation": operation, "objects": [{"oid": SHA, "size": SIZE}], "transfers": ["multipart", "basic"]}
    answer = room.post(f"/{repo}.git/info/lfs/objects/batch", room.cast.carol, json=body)
    found: dict[str, Any] = answer.json()["objects"][0] if answer.status_code == 200 else {}
    return found


def test_git_lfs(room: BucketRoom, heist: Heist) -> None:
    for repo in (heist.vault, heist.gated):
        assert lfs(room, repo, "download") == {}
        assert lfs(room, repo, "upload") == {}
    assert lfs(room, heist.mine, "download")["error"]["code"] == 404
    actions = lfs(room, heist.mine, "upload")["actions"]
    # All that is left is to send the bytes, and other bytes are not those.
    for body in (b"", SECRET[:-1], bytes(SIZE)):
        assert room.ask("PUT", actions["upload"]["href"], content=body).status_code == 400
    verify = actions["verify"]["href"]
    assert room.post(verify, json={"oid": SHA, "size": SIZE}).status_code == 404
    theirs = str(room.number(room.cast.alice, heist.vault))
    for change in ((f"repo={room.number(room.cast.carol, heist.mine)}", f"repo={theirs}"), (str(SIZE), str(SIZE - 1))):
        changed = verify.replace(*change)
        assert changed != verify
        assert room.post(changed, json={"oid": SHA, "size": SIZE}).status_code == 401
    signature = dict(part.split("=") for part in urlsplit(verify).query.split("&"))["sig"]
    assert room.get(f"/lfs/objects/{SHA}?sig={signature}").status_code == 401
    assert room.post(f"/lfs/uploads/x?{urlsplit(verify).query}", json={"oid": SHA, "parts": []}).status_code == 401
    assert not opens(room, heist)


def test_commits(room: BucketRoom, heist: Heist) -> None:
    carol = room.cast.carol
    pointer = format_pointer(SHA, SIZE)
    for line in (large("w.bin", SHA, SIZE), large("w.bin", SHA), small("w.bin", pointer)):
        assert room.commit(carol, heist.mine, line).status_code == 400
        assert room.commit(carol, heist.gated, line, query="?create_pr=1").status_code in (400, 403)
    # Put together from two halves, it is a pointer and opens nothing.
    half = pointer[: len(pointer) // 2]
    assert room.commit(carol, heist.mine, small("w.bin", half)).status_code == 200
    assert not opens(room, heist)


def test_copies(room: BucketRoom, heist: Heist) -> None:
    carol = room.cast.carol
    named = {"sha256": SHA, "xetHash": heist.xet_hash, "filename": "w.bin"}
    targets = ({"type": "model", "name": heist.mine}, {"type": "bucket", "name": heist.bucket})
    places = (f"models/{heist.vault}", f"models/{heist.gated}", f"buckets/{heist.safe}", f"models/{heist.mine}")
    for place in (*places, f"buckets/{heist.bucket}"):
        for target in targets:
            answer = room.post(f"/api/{place}/lfs-files/duplicate", carol, json={"target": target, "files": [named]})
            assert answer.status_code in (400, 403, 404) or len(answer.json()["failed"]) == 1, (place, answer.text)
    lines = [add("w.bin", heist.xet_hash)]
    lines += [copy("w.bin", heist.xet_hash, "model", repo) for repo in (heist.vault, heist.gated, heist.mine)]
    lines += [copy("w.bin", heist.xet_hash, "bucket", one) for one in (heist.safe, heist.bucket)]
    lines += [
        {"type": "copyFile", "path": "w.bin", "sourceRepoType": "model", "sourceRepoId": repo, "sourcePath": "w.bin"}
        for repo in (heist.vault, heist.gated)
    ]
    for line in lines:
        answer = room.batch(carol, heist.bucket, line)
        assert answer.status_code >= 400 or len(answer.json()["failed"]) == 1, (line, answer.text)
    for repo in (heist.vault, heist.gated):
        answer = room.post(f"/api/models/{repo}/duplicate", carol, json={"repository": "carol/copy"})
        assert answer.status_code in (403, 404)
    assert not opens(room, heist)


def test_the_content_store(room: BucketRoom, heist: Heist) -> None:
    """A token for one repository reads the files of this one."""
    carol = room.cast.carol
    for repo in (heist.vault, heist.gated):
        for kind in ("read", "write"):
            assert room.get(f"/api/models/{repo}/xet-{kind}-token/main", carol).status_code in (403, 404)
    own = room.get(f"/api/models/{heist.mine}/xet-write-token/main", carol).json()
    headers, base = {"authorization": f"Bearer {own['accessToken']}"}, own["casUrl"].removeprefix("http://hub.test")
    for place in (f"v2/reconstructions/{heist.xet_hash}", f"v1/reconstructions/{heist.xet_hash}"):
        assert room.get(f"{base}/{place}", headers=headers).status_code == 404
    assert room.head(f"{base}/v1/files/{heist.xet_hash}", headers=headers).status_code == 404
    # A link to a part of alice's own, with another part, another end or another name in it.
    token = room.get(f"/api/models/{heist.vault}/xet-read-token/main", room.cast.alice).json()["accessToken"]
    mine = {"authorization": f"Bearer {token}"}
    found = room.get(f"{base}/v2/reconstructions/{heist.xet_hash}", headers={**mine, "range": "bytes=0-999"}).json()
    [sources] = found["xorbs"].values()
    link, part = sources[0]["url"].removeprefix("http://hub.test"), sources[0]["ranges"][0]["bytes"]
    whole = {"range": f"bytes={part['start']}-{part['end']}"}
    assert room.get(link, headers=whole).status_code == 206
    assert room.get(link, headers={"range": f"bytes={part['start']}-{part['end'] + 1}"}).status_code == 403
    wider = link.replace(f"-{part['end']}", f"-{part['end'] + 1000}")
    later = link.replace("&e=1", "&e=2")
    for changed in (wider, later, link.partition("?")[0], link[:-1]):
        assert changed != link
        assert room.get(changed, headers=whole).status_code == 403
    forged = token[:-2] + ("AA" if not token.endswith("AA") else "BB")
    for wrong in (forged, token.partition(".")[0], "", room.cast.alice.token, f"{token}x"):
        answer = room.get(f"{base}/v2/reconstructions/{heist.xet_hash}", headers={"authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401
