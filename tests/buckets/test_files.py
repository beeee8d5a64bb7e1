"""What is in buckets: batches, listings, and the bytes by address."""

from __future__ import annotations

import hashlib

import pytest
from tests.buckets.conftest import EMPTY, BucketRoom, add, copy, gone

from pioche.protocols.xet import hashes
from pioche.testkit.room import large

BYTES = bytes(range(256)) * 5000
TREE = {
    "README.md": b"# Readme",
    "a/b/c.txt": b"c",
    "a/b.txt": b"b",
    "a.txt": b"a",
    "logs/1.txt": b"1",
    "logs/x/2.txt": b"2",
    "logs.json": b"{}",
    "logs_old/3.txt": b"3",
    "z é/ü.txt": b"u",
}


def test_files_are_listed_replaced_and_deleted(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    room.put(alice, bucket, {"a.bin": BYTES, "b/c.txt": b"text"})
    info = room.get(f"/api/buckets/{bucket}", alice).json()
    assert (info["size"], info["totalFiles"]) == (len(BYTES) + 4, 2)

    room.put(alice, bucket, {"a.bin": b"less"})
    info = room.get(f"/api/buckets/{bucket}", alice).json()
    assert (info["size"], info["totalFiles"]) == (8, 2)

    assert room.batch(alice, bucket, gone("a.bin"), gone("never there")).status_code == 200
    assert room.paths(alice, bucket) == ["b/c.txt"]
    info = room.get(f"/api/buckets/{bucket}", alice).json()
    assert (info["size"], info["totalFiles"]) == (4, 1)


def test_a_listed_file_says_what_clients_need(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    name = room.bring(room.bucket_number(alice, bucket), BYTES)
    room.batch(alice, bucket, add("a.bin", name, 1_600_000_000_123))
    (file,) = room.get(f"/api/buckets/{bucket}/tree", alice).json()
    assert file.pop("uploadedAt").endswith("Z")
    assert file == {
        "type": "file",
        "path": "a.bin",
        "size": len(BYTES),
        "xetHash": name,
        "mtime": "2020-09-13T12:26:40.123Z",
    }


def test_doing_it_again_changes_nothing(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    name = room.bring(room.bucket_number(alice, bucket), b"same")
    lines = (add("a", name), add("b", name), gone("c"))
    answers = []
    for _ in range(2):
        answer = room.batch(alice, bucket, *lines)
        assert answer.json()["failed"] == []
        answers.append((room.get(f"/api/buckets/{bucket}").json(), room.get(f"/api/buckets/{bucket}/tree").json()))
    assert answers[0] == answers[1]


def test_the_last_operation_on_a_path_counts(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    number = room.bucket_number(alice, bucket)
    one, two = room.bring(number, b"one"), room.bring(number, b"two!")
    room.batch(alice, bucket, add("a", one), gone("a"), add("a", two), add("b", one), gone("b"))
    files = room.get(f"/api/buckets/{bucket}/tree").json()
    assert [(file["path"], file["size"]) for file in files] == [("a", 4)]
    assert room.get(f"/api/buckets/{bucket}").json()["totalFiles"] == 1


def test_knowing_a_hash_is_not_owning_a_file(room: BucketRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    mine, theirs = room.bucket(carol), room.bucket(alice, private=True)
    name = room.bring(room.bucket_number(alice, theirs), b"a secret of alice")
    room.batch(alice, theirs, add("secret", name))

    added = room.batch(carol, mine, add("stolen", name))
    assert added.status_code == 422
    assert [one["path"] for one in added.json()["failed"]] == ["stolen"]
    copied = room.batch(carol, mine, copy("stolen", name, "bucket", theirs))
    unknown = room.batch(carol, mine, copy("stolen", name, "bucket", "alice/no-such-bucket"))
    assert copied.status_code == unknown.status_code == 422
    hidden = copied.json()["failed"][0]["error"].replace(theirs, "alice/no-such-bucket")
    assert hidden == unknown.json()["failed"][0]["error"]
    assert room.paths(carol, mine) == []


def test_what_fails_is_named_and_the_rest_is_done(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    name = room.bring(room.bucket_number(alice, bucket), b"good")
    lines = (
        add("good", name),
        add("../bad", name),
        add("absent", hashes.to_string(b"\x07" * 32)),
        add("no hash", "xyz"),
        copy("kernel", name, "kernel", "alice/x"),
    )
    answer = room.batch(alice, bucket, *lines)
    assert answer.status_code == 200
    assert {one["path"] for one in answer.json()["failed"]} == {"../bad", "absent", "no hash", "kernel"}
    assert all(one["error"] for one in answer.json()["failed"])
    assert room.paths(alice, bucket) == ["good"]


def test_lines_that_are_none_refuse_the_whole(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    name = room.bring(room.bucket_number(alice, bucket), b"x")
    assert room.batch(alice, bucket, add("a", name), {"type": "explode", "path": "x"}).status_code == 400
    assert room.batch(alice, bucket, add("a", name), {"type": "addFile"}).status_code == 400
    assert room.batch(alice, bucket, *[gone("x")] * 2001).status_code == 400
    assert room.paths(alice, bucket) == []


def test_empty_files_need_no_upload(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    assert room.batch(alice, bucket, add("empty", EMPTY)).json()["failed"] == []
    answer = room.get(f"/buckets/{bucket}/resolve/empty")
    assert (answer.status_code, answer.content) == (200, b"")
    assert room.get(f"/api/buckets/{bucket}/tree").json()[0]["size"] == 0


def test_members_write_and_strangers_do_not(room: BucketRoom) -> None:
    cast = room.cast
    bucket = room.bucket(cast.alice, namespace="lab")
    name = room.bring(room.bucket_number(cast.alice, bucket), b"x")
    assert room.batch(cast.bob, bucket, add("a", name)).status_code == 200
    assert room.batch(cast.carol, bucket, gone("a")).status_code == 403
    assert room.batch(None, bucket, gone("a")).status_code == 401
    assert room.get(f"/api/buckets/{bucket}/xet-write-token", cast.carol).status_code == 403
    assert room.get(f"/api/buckets/{bucket}/xet-read-token").status_code == 200
    assert room.paths(None, bucket) == ["a"]


# -- copies --


def test_copies_from_buckets_and_repositories(room: BucketRoom) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    source, repo, target = room.bucket(alice), room.repo(alice, "source"), room.bucket(carol)
    in_bucket = room.bring(room.bucket_number(alice, source), b"in a bucket")
    room.batch(alice, source, add("x", in_bucket))
    in_repo = room.bring(room.number(alice, repo), b"in a repository")

    lines = (copy("1", in_bucket, "bucket", source), copy("2", in_repo, "model", repo))
    assert room.batch(carol, target, *lines).json()["failed"] == []
    room.ask("DELETE", f"/api/buckets/{source}", alice)
    room.hub.xet.sweep()
    assert room.get(f"/buckets/{target}/resolve/1").content == b"in a bucket", "a copy stands alone"
    assert room.get(f"/buckets/{target}/resolve/2").content == b"in a repository"


def test_copies_by_path_of_what_has_no_xet_hash(room: BucketRoom) -> None:
    alice = room.cast.alice
    repo, bucket = room.repo(alice, "by-path", private=True), room.bucket(alice)
    room.write(alice, repo, {"config.json": "{}", "empty": ""})
    sha256 = room.upload(alice, repo, BYTES)
    room.commit(alice, repo, large("model.bin", sha256, len(BYTES)))
    base = {"type": "copyFile", "sourceRepoType": "model", "sourceRepoId": repo}
    lines = [{**base, "path": f"got/{path}", "sourcePath": path} for path in ("config.json", "model.bin", "empty")]
    answer = room.batch(alice, bucket, *lines, {**base, "path": "no", "sourcePath": "missing"}, {**base, "path": "?"})
    assert [one["path"] for one in answer.json()["failed"]] == ["?", "no"]
    assert room.get(f"/buckets/{bucket}/resolve/got/config.json").content == b"{}"
    assert hashlib.sha256(room.get(f"/buckets/{bucket}/resolve/got/model.bin").content).hexdigest() == sha256
    assert room.get(f"/buckets/{bucket}/resolve/got/empty").content == b""

    theirs = room.bucket(room.cast.carol)
    refused = room.batch(room.cast.carol, theirs, *lines)
    assert refused.status_code == 422


# -- listings --


@pytest.fixture(scope="module")
def tree(room: BucketRoom) -> str:
    bucket = room.bucket(room.cast.alice, "tree")
    room.put(room.cast.alice, bucket, TREE)
    return bucket


def test_a_recursive_listing_has_files_only(room: BucketRoom, tree: str) -> None:
    assert room.paths(None, tree) == sorted(TREE)


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
def test_pages_of_a_listing_join_without_gaps(room: BucketRoom, tree: str, limit: int) -> None:
    assert room.paths(None, tree, query=f"recursive=true&limit={limit}") == sorted(TREE)
    top = ["README.md", "a.txt", "a/", "logs.json", "logs/", "logs_old/", "z é/"]
    assert room.paths(None, tree, query=f"limit={limit}") == top


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("logs", ["logs.json", "logs/1.txt", "logs/x/", "logs_old/"]),
        ("logs%2F", ["logs/1.txt", "logs/x/"]),
        ("logs/", ["logs/1.txt", "logs/x/"]),
        ("a", ["a.txt", "a/b.txt", "a/b/"]),
        ("a%2Fb", ["a/b.txt", "a/b/c.txt"]),
        ("z%20%C3%A9%2F", ["z é/ü.txt"]),
        ("nothing", []),
    ],
)
def test_a_prefix_is_compared_letter_by_letter(room: BucketRoom, tree: str, prefix: str, expected: list[str]) -> None:
    assert room.paths(None, tree, prefix, "") == expected
    below = [path for path in sorted(TREE) if path.startswith(prefix.replace("%2F", "/").replace("z%20%C3%A9", "z é"))]
    assert room.paths(None, tree, prefix) == below


def test_many_folders_and_many_files_in_one_folder(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    name = room.bring(room.bucket_number(alice, bucket), b"x")
    paths = [f"d{index:03d}/{deep}.txt" for index in range(70) for deep in range(3)]
    paths += [f"f{index:04d}" for index in range(600)]
    room.batch(alice, bucket, *(add(path, name) for path in paths))
    assert room.paths(None, bucket, query="limit=7") == [f"d{index:03d}/" for index in range(70)] + paths[210:]


def test_paths_info_leaves_out_what_is_missing(room: BucketRoom, tree: str) -> None:
    asked = {"paths": ["logs", "a.txt", "nothing", "z é/ü.txt", "a.txt"]}
    found = room.post(f"/api/buckets/{tree}/paths-info", json=asked).json()
    assert [one["path"] for one in found] == ["a.txt", "z é/ü.txt"]
    assert all(one["type"] == "file" and one["xetHash"] for one in found)
    assert room.post(f"/api/buckets/{tree}/paths-info", json={"paths": ["x"] * 1001}).status_code == 400


# -- bytes --


def test_files_by_address_with_slashes_of_either_kind(room: BucketRoom, tree: str) -> None:
    for path in ("a/b/c.txt", "a%2Fb%2Fc.txt"):
        head = room.head(f"/buckets/{tree}/resolve/{path}")
        assert head.status_code == 200
        assert head.headers["x-linked-size"] == head.headers["content-length"] == "1"
        assert head.headers["etag"] == f'"{head.headers["x-xet-hash"]}"'
        token = head.links["xet-auth"]["url"]
        assert token == f"http://hub.test/api/buckets/{tree}/xet-read-token"
        assert room.get(f"/buckets/{tree}/resolve/{path}").content == b"c"
    missing = room.head(f"/buckets/{tree}/resolve/a")
    assert (missing.status_code, missing.headers["x-error-code"]) == (404, "EntryNotFound")


def test_ranges_and_conditions(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice, private=True)
    room.put(alice, bucket, {"big.bin": BYTES})
    path = f"/buckets/{bucket}/resolve/big.bin"
    part = room.get(path, alice, headers={"range": "bytes=300000-700000"})
    assert part.status_code == 206
    assert part.content == BYTES[300000:700001]
    assert room.get(path, alice, headers={"range": f"bytes={len(BYTES)}-"}).status_code == 416
    etag = room.head(path, alice).headers["etag"]
    assert room.get(path, alice, headers={"if-none-match": etag}).status_code == 304
    assert room.get(path).status_code == 401
    assert room.get(path, room.cast.carol).status_code == 404


def test_pages_of_people_do_not_run(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    room.put(alice, bucket, {"x.html": b"<script>alert(1)</script>"})
    answer = room.get(f"/buckets/{bucket}/resolve/x.html")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_tokens_are_for_this_bucket_alone(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket, other = room.bucket(alice), room.bucket(alice)
    name = room.bring(room.bucket_number(alice, other), BYTES)
    answer = room.get(f"/api/buckets/{bucket}/xet-read-token", alice)
    body = answer.json()
    assert answer.headers["x-xet-access-token"] == body["accessToken"]
    assert answer.headers["x-xet-cas-url"] == body["casUrl"]
    where = f"{body['casUrl'].removeprefix('http://hub.test')}/v2/reconstructions/{name}"
    headers = {"authorization": f"Bearer {body['accessToken']}"}
    assert room.get(where, headers=headers).status_code == 404
    room.batch(alice, bucket, copy("x", name, "bucket", other))
    assert room.get(where, headers=headers).status_code == 200


# -- letting go --


def test_what_is_not_listed_any_more_is_let_go_after_a_grace(room: BucketRoom) -> None:
    alice, tidying = room.cast.alice, room.hub.buckets.tidying
    bucket = room.bucket(alice)
    number = room.bucket_number(alice, bucket)
    kept, dropped, waiting = (room.bring(number, data) for data in (b"kept", b"dropped", b"waiting"))
    room.batch(alice, bucket, add("kept", kept), add("dropped", dropped))
    room.batch(alice, bucket, gone("dropped"))

    assert tidying.run() == 0, "an upload may be about to list it"
    room.batch(alice, bucket, add("late", waiting))
    assert tidying.run(grace_ms=0) >= 1
    with room.hub.database.read() as tx:
        held = room.hub.xet.holdings.after(tx, number, 0, 10)
    assert {file.hash for file in held} == {kept, waiting}
    room.hub.xet.sweep()
    assert room.get(f"/buckets/{bucket}/resolve/late").content == b"waiting"
    assert list(room.hub.buckets.faults()) == []


def test_doctor_names_what_is_missing(room: BucketRoom) -> None:
    alice = room.cast.alice
    bucket = room.bucket(alice)
    number = room.bucket_number(alice, bucket)
    room.put(alice, bucket, {"x.bin": b"about to be lost"})
    with room.hub.database.write() as tx:
        room.hub.xet.forget_repo(tx, number)
    (fault,) = room.hub.buckets.tidying.faults(number)
    assert bucket in fault
    assert "x.bin" in fault
    room.ask("DELETE", f"/api/buckets/{bucket}", alice)
