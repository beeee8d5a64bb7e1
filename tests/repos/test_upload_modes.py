"""What to upload how: the question that clients ask before a commit."""

from __future__ import annotations

import base64
import hashlib

import pytest

from pioche.testkit.people import Person
from pioche.testkit.room import Room, large, small

LARGE = b"weights" * 10_000
SHA = hashlib.sha256(LARGE).hexdigest()

Sample = dict[str, object]


@pytest.fixture
def alice(room: Room) -> Person:
    return room.cast.alice


@pytest.fixture
def repo(room: Room, alice: Person) -> str:
    return room.repo(alice, "model")


def modes(
    room: Room, repo: str, person: Person, *files: dict[str, object], **more: str
) -> dict[str, dict[str, object]]:
    answer = room.post(f"/api/models/{repo}/preupload/main", person, json={"files": files, **more})
    assert answer.status_code == 200, answer.text
    return {item["path"]: item for item in answer.json()["files"]}


def sample(path: str, size: int, data: bytes = b"text") -> Sample:
    return {"path": path, "size": size, "sample": base64.b64encode(data).decode()}


def test_modes_follow_attributes_size_and_content(room: Room, repo: str, alice: Person) -> None:
    room.write(
        alice,
        repo,
        {
            ".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\nsmall.bin !filter\ndata/** filter=lfs\n",
            "sub/.gitattributes": "*.bin -filter\n",
        },
    )
    found = modes(
        room,
        repo,
        alice,
        sample("a.bin", 10),
        sample("small.bin", 10),
        sample("sub/a.bin", 10),
        sample("data/x/y.txt", 10),
        sample("empty.bin", 0),
        sample("plain.txt", 9 * 1024 * 1024),
        sample("huge.txt", 11 * 1024 * 1024),
        sample("photo.raw", 2 * 1024 * 1024, b"\x00\x01"),
        sample("photo.raw2", 2 * 1024 * 1024, b"\xff\xfe"),
        sample("tiny.raw", 1000, b"\x00\x01"),
        sample("cut.txt", 2 * 1024 * 1024, "ü".encode()[:1]),
    )
    assert {path: item["uploadMode"] for path, item in found.items()} == {
        "a.bin": "lfs",
        "small.bin": "regular",
        "sub/a.bin": "regular",
        "data/x/y.txt": "lfs",
        "empty.bin": "regular",
        "plain.txt": "regular",
        "huge.txt": "lfs",
        "photo.raw": "lfs",
        "photo.raw2": "lfs",
        "tiny.raw": "regular",
        "cut.txt": "regular",
    }
    assert all(item["shouldIgnore"] is False for item in found.values())


def test_what_is_there_already_is_named(room: Room, repo: str, alice: Person) -> None:
    room.upload(alice, repo, LARGE)
    room.commit(alice, repo, small("a.txt", "one"), large("w.bin", SHA, len(LARGE)))
    found = modes(room, repo, alice, sample("a.txt", 3), sample("w.bin", 3), sample("new", 3))
    blob = hashlib.sha1(b"blob 3\0one", usedforsecurity=False).hexdigest()
    assert [found[path].get("oid") for path in ("a.txt", "w.bin", "new")] == [blob, SHA, None]


def test_ignored_files_are_said_to_be(room: Room, repo: str, alice: Person) -> None:
    files = (sample("a.log", 3), sample("build/x", 3), sample("keep.log", 3))
    given = modes(room, repo, alice, *files, gitIgnore="*.log\nbuild/\n!keep.log\n")
    assert [given[path]["shouldIgnore"] for path in ("a.log", "build/x", "keep.log")] == [True, True, False]
    room.write(alice, repo, {".gitignore": "a.*"})
    own = modes(room, repo, alice, *files)
    assert [own[path]["shouldIgnore"] for path in ("a.log", "build/x", "keep.log")] == [True, False, False]


def test_no_modes_for_a_revision_that_is_not_there(room: Room, repo: str, alice: Person) -> None:
    answer = room.post(f"/api/models/{repo}/preupload/nope", alice, json={"files": []})
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
