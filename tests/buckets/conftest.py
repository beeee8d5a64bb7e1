"""A hub with its people, which the tests of one module share: each makes buckets of its own."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from pioche.app import build_hub
from pioche.buckets.types import BucketId
from pioche.protocols.xet import hashes
from pioche.settings import Settings
from pioche.testkit.people import Person
from pioche.testkit.room import Room


class BucketRoom(Room):
    """A room with short words for what tests of buckets do often."""

    _names = itertools.count(1)

    def bucket(self, owner: Person, stem: str = "bucket", private: bool = False, namespace: str = "me") -> str:
        """`owner/name` of a new bucket."""
        name = f"{stem}-{next(self._names)}"
        visibility = "private" if private else "public"
        answer = self.post(f"/api/buckets/{namespace}/{name}", owner, json={"visibility": visibility})
        assert answer.status_code == 200, answer.text
        return f"{owner.name if namespace == 'me' else namespace}/{name}"

    def bucket_number(self, owner: Person, bucket: str) -> int:
        return self.hub.buckets.find(self.actor(owner), BucketId.parse(bucket)).id

    def bring(self, number: int, data: bytes) -> str:
        """The Xet hash of bytes that this bucket or repository may use from now on."""
        claim = self.hub.xet.intake.pack(io.BytesIO(data), hashlib.sha256(data).hexdigest())
        with self.hub.database.write() as tx:
            return self.hub.xet.intake.keep(tx, [number], claim).hash

    def batch(self, person: Person | None, bucket: str, *lines: Mapping[str, Any]) -> httpx.Response:
        content = "".join(json.dumps(line) + "\n" for line in lines).encode()
        headers = {"content-type": "application/x-ndjson"}
        return self.post(f"/api/buckets/{bucket}/batch", person, content=content, headers=headers)

    def put(self, owner: Person, bucket: str, files: Mapping[str, bytes], mtime: int = 1_700_000_000_000) -> None:
        """Uploads these files and lists them."""
        number = self.bucket_number(owner, bucket)
        lines = [add(path, self.bring(number, data), mtime) for path, data in files.items()]
        answer = self.batch(owner, bucket, *lines)
        assert answer.json()["failed"] == []

    def paths(self, person: Person | None, bucket: str, prefix: str = "", query: str = "recursive=true") -> list[str]:
        """What a listing says, page by page; folders end in a slash."""
        path = f"/api/buckets/{bucket}/tree" + (f"/{prefix}" if prefix else "") + f"?{query}"
        found: list[str] = []
        while path:
            answer = self.get(path, person)
            assert answer.status_code == 200, answer.text
            found += [one["path"] + ("/" if one["type"] == "directory" else "") for one in answer.json()]
            path = answer.links["next"]["url"].removeprefix("http://hub.test") if "next" in answer.links else ""
        return found


def add(path: str, xet_hash: str, mtime: int = 1_700_000_000_000) -> dict[str, Any]:
    return {"type": "addFile", "path": path, "xetHash": xet_hash, "mtime": mtime, "contentType": "text/plain"}


def copy(path: str, xet_hash: str, kind: str, source: str) -> dict[str, Any]:
    where = {"sourceRepoType": kind, "sourceRepoId": source}
    return {"type": "copyFile", "path": path, "xetHash": xet_hash, "mtime": 1_700_000_000_000, **where}


def gone(path: str) -> dict[str, Any]:
    return {"type": "deleteFile", "path": path}


EMPTY = hashes.to_string(bytes(32))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketRoom]:
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("room") / "data"))
    yield BucketRoom(hub)
    hub.database.close()
