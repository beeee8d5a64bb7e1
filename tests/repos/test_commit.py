"""Commits by API: the order of operations, guards, large files, pull requests."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.types import CommitHeader
from pioche.testkit.people import Person
from pioche.testkit.room import Room, large, small

LARGE = b"weights" * 10_000
SHA = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture
def alice(room: Room) -> Person:
    return room.cast.alice


@pytest.fixture
def repo(room: Room, alice: Person) -> str:
    return room.repo(alice, "model")


def head(room: Room, repo: str, person: Person, rev: str = "main") -> str:
    oid: str = room.get(f"/api/models/{repo}/commits/{rev.replace('/', '%2F')}", person).json()[0]["id"]
    return oid


def read(room: Room, repo: str, path: str, person: Person, rev: str = "main") -> bytes | None:
    answer = room.get(f"/{repo}/resolve/{rev.replace('/', '%2F')}/{path}", person)
    return answer.content if answer.status_code == 200 else None


# -- what a commit does --


def test_a_commit_writes_files_and_says_where_it_is(room: Room, repo: str, alice: Person) -> None:
    answer = room.commit(alice, repo, small("a.txt", "one"), ("file", {"path": "b/c.txt", "content": "zwei ü"}))
    oid = answer.json()["commitOid"]
    assert answer.json()["commitUrl"] == f"http://hub.test/{repo}/commit/{oid}"
    assert answer.json()["success"] is True
    assert "pullRequestUrl" not in answer.json()
    assert read(room, repo, "a.txt", alice) == b"one"
    assert read(room, repo, "b/c.txt", alice) == "zwei ü".encode()
    assert head(room, repo, alice) == oid


def test_the_author_is_the_account_and_its_address_stays_private(room: Room, repo: str, alice: Person) -> None:
    oid = room.commit(alice, repo, small("a", "1"), summary="Title", description="More\nwords").json()["commitOid"]
    info = room.hub.gitstore.open(room.number(alice, repo)).commit(oid)
    assert info.author_name == "alice"
    assert info.author_email == "alice@users.noreply.localhost"
    assert info.message == "Title\n\nMore\nwords"


def test_operations_apply_in_order_and_the_last_wins(room: Room, repo: str, alice: Person) -> None:
    room.write(alice, repo, {"d/x": "old", "d/y": "old", "keep": "k"})
    answer = room.commit(
        alice,
        repo,
        ("deletedFolder", {"path": "d/"}),
        small("d/x", "first"),
        small("d/x", "second"),
        ("copyFile", {"path": "copy", "srcPath": "keep"}),
        ("deletedFile", {"path": "keep"}),
    )
    assert answer.status_code == 200, answer.text
    assert read(room, repo, "d/x", alice) == b"second"
    assert read(room, repo, "d/y", alice) is None
    assert read(room, repo, "copy", alice) == b"k"
    assert read(room, repo, "keep", alice) is None


def test_a_copy_may_come_from_an_older_revision(room: Room, repo: str, alice: Person) -> None:
    old = room.write(alice, repo, {"a": "old"})
    room.write(alice, repo, {"a": "new"})
    room.commit(alice, repo, ("copyFile", {"path": "b", "srcPath": "a", "srcRevision": old}))
    assert (read(room, repo, "a", alice), read(room, repo, "b", alice)) == (b"new", b"old")


def test_deleting_what_is_not_there_is_said_in_the_words_clients_look_for(room: Room, repo: str, alice: Person) -> None:
    answer = room.commit(alice, repo, ("deletedFile", {"path": "nope.txt"}))
    assert answer.status_code == 404
    assert answer.headers["x-error-code"] == "EntryNotFound"
    assert "A file with this name doesn't exist" in answer.headers["x-error-message"]


@pytest.mark.parametrize("path", ["/a", "a//b", "../a", "a/.git/config", "a\\b", ""])
def test_paths_that_leave_the_repository_are_refused(room: Room, repo: str, alice: Person, path: str) -> None:
    before = head(room, repo, alice)
    assert room.commit(alice, repo, small(path, "x")).status_code == 400
    assert head(room, repo, alice) == before


# -- guards --


def test_a_stale_parent_is_refused(room: Room, repo: str, alice: Person) -> None:
    old = head(room, repo, alice)
    new = room.write(alice, repo, {"a": "1"})
    answer = room.commit(alice, repo, small("b", "2"), parentCommit=old)
    assert answer.status_code == 412
    assert answer.headers["x-error-code"] == "RefMoved"
    assert room.commit(alice, repo, small("b", "2"), parentCommit=new[:10]).status_code == 200


def test_sending_the_same_again_is_no_error(room: Room, repo: str, alice: Person) -> None:
    first = room.write(alice, repo, {"a": "1", "b": "2"})
    delete = (("deletedFile", {"path": "a"}), small("b", "3"))
    second = room.commit(alice, repo, *delete, parentCommit=first).json()["commitOid"]
    assert room.commit(alice, repo, *delete, parentCommit=first).json()["commitOid"] == second
    assert room.commit(alice, repo, *delete).json()["commitOid"] == second
    assert head(room, repo, alice) == second


def test_a_commit_that_changes_nothing_makes_none(room: Room, repo: str, alice: Person) -> None:
    oid = room.write(alice, repo, {"a": "1"})
    assert room.commit(alice, repo, small("a", "1"), summary="Again").json()["commitOid"] == oid
    assert room.commit(alice, repo).json()["commitOid"] == oid


def test_two_at_once_both_land(room: Room, repo: str, alice: Person) -> None:
    actor, repo_id = room.actor(alice), RepoId.parse(RepoKind.MODEL, repo)

    def write(number: int) -> None:
        files = [PutFile(f"{number}.txt", str(number).encode())]
        room.hub.commits.commit(actor, repo_id, "main", CommitHeader(f"Write {number}"), files)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    assert [read(room, repo, f"{number}.txt", alice) for number in range(12)] == [
        str(number).encode() for number in range(12)
    ]


def test_only_branches_that_exist(room: Room, repo: str, alice: Person) -> None:
    for rev in ("nope", "refs/tags/v1", "refs/pr/7", "refs/pr/²", "refs/pr/" + "9" * 30, head(room, repo, alice)):
        answer = room.commit(alice, repo, small("a", "1"), rev=rev)
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")


def test_only_those_who_may_write(room: Room, repo: str, alice: Person) -> None:
    assert room.commit(room.cast.carol, repo, small("a", "1")).status_code == 403
    private = room.repo(alice, "private", private=True)
    assert room.commit(room.cast.carol, private, small("a", "1")).headers["x-error-code"] == "RepoNotFound"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"key":"header","value":{"summary":"x"}}\nnot json', "Line 2"),
        (b'{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"content":"x"}}', "path"),
        (b'{"key":"file","value":{"path":"a","content":"x"}}', "header"),
        (b'{"key":"header","value":{"summary":"x"}}\n{"key":"moved","value":{}}', "Line 2"),
        (b'{"key":"header","value":{"summary":" "}}', "summary"),
        (
            b'{"key":"header","value":{"summary":"x"}}\n'
            b'{"key":"file","value":{"path":"a","content":"***","encoding":"base64"}}',
            "not valid base64",
        ),
    ],
)
def test_a_body_that_cannot_be_read_names_the_line(
    room: Room, repo: str, alice: Person, body: bytes, words: str
) -> None:
    answer = room.post(f"/api/models/{repo}/commit/main", alice, content=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_a_small_file_that_is_too_large_comes_with_advice(room: Room, repo: str, alice: Person) -> None:
    answer = room.commit(alice, repo, small("big.txt", b"x" * (10 * 1024 * 1024 + 1)))
    assert answer.status_code == 413
    assert "big.txt" in answer.json()["error"]
    assert "large file" in answer.json()["error"]


# -- large files --


def test_a_large_file_must_have_been_uploaded_here(room: Room, repo: str, alice: Person) -> None:
    other = room.repo(alice, "other")
    room.upload(alice, other, LARGE)
    answer = room.commit(alice, repo, large("w.bin", SHA, len(LARGE)))
    assert answer.status_code == 400
    assert "'w.bin'" in answer.json()["error"]
    room.upload(alice, repo, LARGE)
    assert room.commit(alice, repo, large("w.bin", SHA, len(LARGE))).status_code == 200
    assert read(room, repo, "w.bin", alice) == LARGE


def test_a_copy_of_a_large_file_has_no_size(room: Room, repo: str, alice: Person) -> None:
    room.upload(alice, repo, LARGE)
    assert room.commit(alice, repo, large("w.bin", SHA)).status_code == 200
    entry = room.get(f"/api/models/{repo}/tree/main/w.bin", alice)
    assert entry.status_code == 404  # a file has no tree
    info = room.post(f"/api/models/{repo}/paths-info/main", alice, json={"paths": ["w.bin"]}).json()
    assert info[0]["lfs"] == {"oid": SHA, "size": len(LARGE), "pointerSize": 130}


def test_a_wrong_size_is_refused(room: Room, repo: str, alice: Person) -> None:
    room.upload(alice, repo, LARGE)
    assert room.commit(alice, repo, large("w.bin", SHA, 5)).status_code == 400


def test_a_pointer_sent_as_text_gives_no_right_to_the_file(room: Room, repo: str, alice: Person) -> None:
    secret = room.repo(alice, "secret", private=True)
    room.upload(alice, secret, LARGE)
    mine = room.repo(room.cast.carol, "mine")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize {len(LARGE)}\n"
    answer = room.commit(room.cast.carol, mine, small("stolen.bin", pointer))
    assert answer.status_code == 400
    assert read(room, mine, "stolen.bin", room.cast.carol) is None


# -- the card --


def test_a_card_with_broken_metadata_is_refused_with_reasons(room: Room, repo: str, alice: Person) -> None:
    card = "---\nlicense: [mit\n---\n# Hello\n"
    answer = room.commit(alice, repo, small("README.md", card))
    assert answer.status_code == 400
    assert "YAML" in answer.json()["errors"][0]["message"]
    checked = room.post("/api/validate-yaml", json={"content": card, "repoType": "model"})
    assert checked.status_code == 400
    assert checked.json()["errors"] == answer.json()["errors"]


def test_a_good_card_passes(room: Room, repo: str, alice: Person) -> None:
    card = "---\nlicense: mit\n---\n# Hello\n"
    answer = room.post("/api/validate-yaml", json={"content": card, "repoType": "model"})
    assert (answer.status_code, answer.json()) == (200, {"errors": [], "warnings": []})
    assert room.commit(alice, repo, small("README.md", card)).status_code == 200
    assert len(room.post("/api/validate-yaml", json={"content": "# Hi"}).json()["warnings"]) == 1


# -- pull requests --


def test_a_commit_can_open_a_pull_request_and_be_merged(room: Room, repo: str, alice: Person) -> None:
    carol = room.cast.carol
    before = head(room, repo, alice)
    answer = room.commit(carol, repo, small("b.txt", "from carol"), summary="Add b", query="?create_pr=1")
    assert answer.status_code == 200, answer.text
    assert answer.json()["pullRequestUrl"] == f"http://hub.test/{repo}/discussions/1"
    assert head(room, repo, alice) == before
    assert read(room, repo, "b.txt", alice, "refs/pr/1") == b"from carol"
    details = room.get(f"/api/models/{repo}/discussions/1?diff=1", alice).json()
    assert details["filesWithConflicts"] == []
    assert "+from carol" in details["diff"]
    assert room.post(f"/api/models/{repo}/discussions/1/merge", carol).status_code == 403
    assert room.post(f"/api/models/{repo}/discussions/1/merge", alice).status_code == 200
    assert read(room, repo, "b.txt", alice) == b"from carol"
    assert room.get(f"/api/models/{repo}/discussions/1").json()["status"] == "merged"
    assert room.post(f"/api/models/{repo}/discussions/1/merge", alice).status_code == 409


def test_a_draft_has_its_ref_at_once_and_takes_commits_of_its_author(room: Room, repo: str, alice: Person) -> None:
    carol, bob = room.cast.carol, room.cast.bob
    asked = {"title": "Improve", "description": "Please", "pullRequest": True}
    num = room.post(f"/api/models/{repo}/discussions", carol, json=asked).json()["num"]
    ref = f"refs/pr/{num}"
    assert room.commit(carol, repo, small("c.txt", "c"), rev=ref).status_code == 200
    assert room.commit(bob, repo, small("d.txt", "d"), rev=ref).status_code == 403
    assert room.commit(carol, repo, small("e", "e"), rev="refs/pr/99").headers["x-error-code"] == "RevisionNotFound"
    details = room.get(f"/api/models/{repo}/discussions/{num}").json()
    assert (details["status"], details["isPullRequest"], details["author"]) == ("draft", True, {"name": "carol"})
    assert [event["type"] for event in details["events"]] == ["comment", "commit"]


def test_a_conflict_is_named_and_nothing_moves(room: Room, repo: str, alice: Person) -> None:
    room.write(alice, repo, {"a.txt": "base\n"})
    room.commit(room.cast.carol, repo, small("a.txt", "hers\n"), query="?create_pr=1")
    after = room.write(alice, repo, {"a.txt": "mine\n"})
    details = room.get(f"/api/models/{repo}/discussions/1", alice).json()
    assert details["filesWithConflicts"] == ["a.txt"]
    answer = room.post(f"/api/models/{repo}/discussions/1/merge", alice)
    assert (answer.status_code, answer.json()["files"]) == (409, ["a.txt"])
    assert head(room, repo, alice) == after


def test_a_merge_of_both_sides_keeps_both(room: Room, repo: str, alice: Person) -> None:
    room.commit(room.cast.carol, repo, small("hers", "1"), query="?create_pr=1")
    room.write(alice, repo, {"mine": "2"})
    assert room.post(f"/api/models/{repo}/discussions/1/merge", alice, json={"comment": "Thanks"}).status_code == 200
    assert (read(room, repo, "hers", alice), read(room, repo, "mine", alice)) == (b"1", b"2")


def test_discussions_are_listed_and_closed(room: Room, repo: str, alice: Person) -> None:
    carol = room.cast.carol
    room.post(f"/api/models/{repo}/discussions", carol, json={"title": "A question", "description": "Why?"})
    room.commit(carol, repo, small("x", "1"), query="?create_pr=1")
    base = f"/api/models/{repo}/discussions"
    listed = room.get(base).json()
    assert [item["num"] for item in listed["discussions"]] == [2, 1]
    assert (listed["count"], listed["start"]) == (2, 0)
    assert [item["num"] for item in room.get(f"{base}?type=discussion").json()["discussions"]] == [1]
    assert room.post(f"{base}/1/status", room.cast.bob, json={"status": "closed"}).status_code == 403
    done = room.post(f"{base}/1/status", alice, json={"status": "closed", "comment": "Because"})
    assert done.json()["newStatus"]["data"] == {"status": "closed"}
    assert [item["num"] for item in room.get(f"{base}?status=open").json()["discussions"]] == [2]
    said = room.post(f"{base}/1/comment", carol, json={"comment": "Thanks"}).json()["newMessage"]
    assert said["data"]["latest"]["raw"] == "Thanks"
    assert room.get(f"{base}?author=bob").json()["count"] == 0
    assert room.post(base, json={"title": "x"}).status_code == 401
    for number in ("99", "%C2%B2", "0", "9" * 30):
        assert room.get(f"{base}/{number}").status_code == 404


def test_many_bytes_of_small_files_come_through(room: Room, repo: str, alice: Person) -> None:
    files = {f"part-{number}.bin": bytes([number]) * (9 * 1024 * 1024) for number in range(6)}
    lines = [small(path, content) for path, content in files.items()]
    answer = room.commit(alice, repo, *lines, small("part-0.bin", "the last one wins"))
    assert answer.status_code == 200, answer.text
    assert read(room, repo, "part-0.bin", alice) == b"the last one wins"
    for number in range(1, 6):
        assert read(room, repo, f"part-{number}.bin", alice) == files[f"part-{number}.bin"]


@pytest.mark.parametrize(
    "name", [".git", ".GIT", ".git.", ".git ", "git~1", ".g\u200cit", "\ufeff.git", ".git::$INDEX_ALLOCATION", ".git:x"]
)
def test_a_name_that_is_git_s_own_on_some_disks_is_refused(room: Room, name: str) -> None:
    """By push git looks for these; what comes through the API has to be as good for who clones it."""
    repo = room.repo(room.cast.alice, "odd")
    for path in (name, f"{name}/hooks/post-checkout", f"a/{name}/config"):
        answer = room.commit(room.cast.alice, repo, small(path, b"1"))
        assert (answer.status_code, "git's own" in answer.json()["error"]) == (400, True), path
    assert room.commit(room.cast.alice, repo, small("a:b/.gitignore", b"1")).status_code == 200
