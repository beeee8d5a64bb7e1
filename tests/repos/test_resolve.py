"""Files by address: headers that clients live on, ranges, conditions, safe types, tokens for Xet clients."""

from __future__ import annotations

import hashlib
import random

import pytest

from pioche.accounts.grants import Grant
from pioche.testkit.people import Person
from pioche.testkit.room import Room, large, small

LARGE = random.Random(7).randbytes(3 * 1024 * 1024 + 17)
SHA = hashlib.sha256(LARGE).hexdigest()
TEXT = b"hello\nworld\n"
BLOB = hashlib.sha1(b"blob %d\0" % len(TEXT) + TEXT, usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def alice(room: Room) -> Person:
    return room.cast.alice


@pytest.fixture(scope="module")
def repo(room: Room, alice: Person) -> str:
    """With `a.txt` and the large file `dir/w.bin`, which no test changes."""
    repo = room.repo(alice, "model")
    room.upload(alice, repo, LARGE)
    answer = room.commit(alice, repo, small("a.txt", TEXT), large("dir/w.bin", SHA, len(LARGE)))
    assert answer.status_code == 200, answer.text
    return repo


@pytest.fixture
def commit(room: Room, repo: str) -> str:
    oid: str = room.get(f"/api/models/{repo}/commits/main").json()[0]["id"]
    return oid


def test_head_of_a_small_file(room: Room, repo: str, commit: str) -> None:
    answer = room.head(f"/{repo}/resolve/main/a.txt")
    assert answer.status_code == 200
    assert answer.headers["x-repo-commit"] == commit
    assert answer.headers["etag"] == f'"{BLOB}"'
    assert answer.headers["content-length"] == str(len(TEXT))
    assert answer.headers["accept-ranges"] == "bytes"
    assert "x-linked-size" not in answer.headers
    assert answer.content == b""


def test_head_of_a_large_file(room: Room, repo: str, commit: str) -> None:
    answer = room.head(f"/{repo}/resolve/main/dir/w.bin")
    assert answer.headers["etag"] == answer.headers["x-linked-etag"] == f'"{SHA}"'
    assert answer.headers["x-linked-size"] == answer.headers["content-length"] == str(len(LARGE))
    assert answer.headers["x-repo-commit"] == commit


def test_a_file_of_the_content_store_sends_xet_clients_there(room: Room, alice: Person, repo: str, commit: str) -> None:
    assert "x-xet-hash" not in room.head(f"/{repo}/resolve/main/dir/w.bin").headers
    assert room.hub.lfs.conversion.run(SHA)
    answer = room.head(f"/{repo}/resolve/main/dir/w.bin")
    xet_hash = answer.headers["x-xet-hash"]
    auth, info = answer.headers["link"].split(", ")
    assert auth == f'<http://hub.test/api/models/{repo}/xet-read-token/{commit}>; rel="xet-auth"'
    assert info.endswith(f'/v1/reconstructions/{xet_hash}>; rel="xet-reconstruction-info"')
    assert info.startswith("<http://hub.test/cas/")
    entry = room.get(f"/api/models/{repo}/tree/main/dir").json()[0]
    assert (entry["xetHash"], entry["lfs"]["oid"]) == (xet_hash, SHA)
    assert room.get(f"/{repo}/resolve/main/dir/w.bin").content == LARGE


def test_get_gives_the_bytes(room: Room, repo: str) -> None:
    assert room.get(f"/{repo}/resolve/main/a.txt").content == TEXT
    assert room.get(f"/{repo}/resolve/main/dir/w.bin").content == LARGE
    assert room.get(f"/{repo}/raw/main/a.txt").content == TEXT


def test_raw_gives_the_pointer(room: Room, repo: str) -> None:
    answer = room.get(f"/{repo}/raw/main/dir/w.bin")
    assert answer.text == f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize {len(LARGE)}\n"
    assert answer.headers["etag"] != f'"{SHA}"'
    assert room.head(f"/{repo}/raw/main/dir/w.bin").headers["content-length"] == str(len(answer.content))


SIZE = len(LARGE)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        (f"bytes=1000000-{SIZE + 5}", 1000000, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=5-", 5, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
    ],
)
def test_ranges_of_a_large_file(room: Room, repo: str, asked: str, start: int, end: int) -> None:
    answer = room.get(f"/{repo}/resolve/main/dir/w.bin", headers={"range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.content == LARGE[start:end]


def test_ranges_of_a_small_file(room: Room, repo: str) -> None:
    answer = room.get(f"/{repo}/resolve/main/a.txt", headers={"range": "bytes=6-"})
    assert (answer.status_code, answer.content) == (206, b"world\n")


@pytest.mark.parametrize("path", ["a.txt", "dir/w.bin"])
def test_a_range_after_the_end_is_416(room: Room, repo: str, path: str) -> None:
    size = len(TEXT) if path == "a.txt" else SIZE
    answer = room.get(f"/{repo}/resolve/main/{path}", headers={"range": f"bytes={size}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=1-2", "bytes=9-2", "bytes=-"])
def test_other_ranges_answer_the_whole(room: Room, repo: str, asked: str) -> None:
    answer = room.get(f"/{repo}/resolve/main/a.txt", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, TEXT)


def test_conditions(room: Room, repo: str) -> None:
    path = f"/{repo}/resolve/main/dir/w.bin"
    for method in ("GET", "HEAD"):
        answer = room.ask(method, path, headers={"if-none-match": f'"other", W/"{SHA}"'})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["x-repo-commit"]
    assert room.get(path, headers={"if-none-match": '"other"'}).status_code == 200
    both = {"range": "bytes=0-9", "if-range": f'"{SHA}"'}
    assert room.get(path, headers=both).status_code == 206
    assert room.get(path, headers={**both, "if-range": '"old"'}).content == LARGE


def test_what_is_missing_says_so_and_names_the_commit(room: Room, repo: str, commit: str) -> None:
    for path in ("nope.json", "dir", "a.txt/b", "dir//w.bin", "%00"):
        for method in ("HEAD", "GET"):
            answer = room.ask(method, f"/{repo}/resolve/main/{path}")
            assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound"), path
            assert answer.headers["x-repo-commit"] == commit
    answer = room.head(f"/{repo}/resolve/nope/a.txt")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
    answer = room.head("/alice/nope/resolve/main/a.txt")
    assert (answer.status_code, answer.headers["x-error-code"]) == (401, "RepoNotFound")


def test_revisions_by_every_name(room: Room, alice: Person, repo: str, commit: str) -> None:
    room.post(f"/api/models/{repo}/branch/feature%2Fx", alice, json={})
    room.post(f"/api/models/{repo}/tag/main", alice, json={"tag": "v1"})
    for rev in ("main", commit, commit[:8], "feature%2Fx", "v1", "refs%2Fheads%2Fmain"):
        assert room.head(f"/{repo}/resolve/{rev}/a.txt").headers["x-repo-commit"] == commit, rev


def test_a_private_file_is_not_there_for_others(room: Room, alice: Person) -> None:
    repo = room.repo(alice, "hidden", private=True)
    room.write(alice, repo, {"a.txt": "secret"})
    path = f"/{repo}/resolve/main/a.txt"
    assert room.get(path, alice).content == b"secret"
    assert room.get(path, alice).headers["cache-control"].startswith("private")
    for _ in range(2):  # the second answer must not be the one that alice got
        assert room.get(path, room.cast.carol).headers["x-error-code"] == "RepoNotFound"
        assert room.get(path).status_code == 401
    assert room.get(f"/api/models/{repo}/xet-read-token/main", room.cast.carol).status_code == 404


def test_files_of_a_gated_repository_are_for_its_people(room: Room, alice: Person) -> None:
    repo = room.repo(alice, "gated")
    room.write(alice, repo, {"a.txt": "1"})
    assert room.ask("PUT", f"/api/models/{repo}/settings", alice, json={"gated": "manual"}).status_code == 200
    for path in (f"/{repo}/resolve/main/a.txt", f"/api/models/{repo}/commits/main", f"/{repo}/raw/main/a.txt"):
        answer = room.get(path, room.cast.carol)
        assert (answer.status_code, answer.headers["x-error-code"]) == (403, "GatedRepo"), path
        assert room.get(path, alice).status_code == 200


def test_an_answer_is_not_kept_beyond_the_next_commit(room: Room, alice: Person) -> None:
    repo = room.repo(alice, "changing")
    room.write(alice, repo, {"a.txt": TEXT})
    path = f"/{repo}/resolve/main/a.txt"
    assert room.get(path).content == TEXT
    room.write(alice, repo, {"a.txt": "new"})
    assert room.get(path).content == b"new"
    assert room.head(path).headers["content-length"] == "3"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.html", "text/plain; charset=utf-8"),
        ("image.svg", "text/plain; charset=utf-8"),
        ("page.xhtml", "text/plain; charset=utf-8"),
        ("feed.xml", "text/plain; charset=utf-8"),
        ("script.js", "text/plain; charset=utf-8"),
        ("page.shtml", "text/plain; charset=utf-8"),
        ("README.md", "text/plain; charset=utf-8"),
        ("LICENSE", "text/plain; charset=utf-8"),
        ("config.json", "application/json"),
        ("photo.png", "image/png"),
    ],
)
def test_types_cannot_run_on_this_origin(room: Room, alice: Person, repo: str, name: str, kind: str) -> None:
    room.write(alice, repo, {name: "x"})
    answer = room.get(f"/{repo}/resolve/main/{name}")
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_large_file_of_no_known_type_is_a_download_of_bytes(room: Room, repo: str) -> None:
    assert room.head(f"/{repo}/resolve/main/dir/w.bin").headers["content-type"] == "application/octet-stream"


def test_names_survive_the_header(room: Room, alice: Person, repo: str) -> None:
    room.write(alice, repo, {'a "ü".txt': "x"})
    answer = room.get(f"/{repo}/resolve/main/a%20%22%C3%BC%22.txt?download=true")
    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''a%20%22%C3%BC%22.txt; filename=\"a ___.txt\""
    )
    assert room.get(f"/{repo}/resolve/main/a.txt").headers["content-disposition"].startswith("inline;")


# -- tokens --


def test_a_read_token_comes_twice_in_one_answer(room: Room, repo: str) -> None:
    answer = room.get(f"/api/models/{repo}/xet-read-token/main")
    body = answer.json()
    assert answer.headers["x-xet-access-token"] == body["accessToken"]
    assert answer.headers["x-xet-token-expiration"] == str(body["exp"])
    assert answer.headers["x-xet-cas-url"] == body["casUrl"]
    assert body["casUrl"].startswith("http://hub.test/cas/")
    grant = room.hub.signer.read(Grant, body["accessToken"])
    assert (grant.scope, grant.user_id) == ("read", None)


def test_a_write_token_is_for_those_who_may_write_or_propose(room: Room, alice: Person, repo: str) -> None:
    path = f"/api/models/{repo}/xet-write-token"
    grant = room.hub.signer.read(Grant, room.get(f"{path}/main", alice).json()["accessToken"])
    assert (grant.scope, grant.repo_id) == ("write", room.number(alice, repo))
    assert room.get(f"{path}/main", room.cast.carol).status_code == 403
    assert room.get(f"{path}/None?create_pr=1", room.cast.carol).status_code == 200
    assert room.get(f"{path}/refs%2Fpr%2F1", room.cast.carol).status_code == 200
    assert room.get(f"{path}/None?create_pr=1").status_code == 401
