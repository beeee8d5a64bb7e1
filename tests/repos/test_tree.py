"""Folders, chosen paths, history and comparisons by API."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest

from pioche.testkit.people import Person
from pioche.testkit.room import Room, large, small

LARGE = b"weights" * 10_000
SHA = hashlib.sha256(LARGE).hexdigest()


@pytest.fixture
def alice(room: Room) -> Person:
    return room.cast.alice


@pytest.fixture
def repo(room: Room, alice: Person) -> str:
    repo = room.repo(alice, "model")
    room.upload(alice, repo, LARGE)
    room.commit(
        alice,
        repo,
        small("a.txt", "one"),
        small("a dir/b.txt", "two!"),
        small("a dir/deep/c.txt", "3"),
        large("w.bin", SHA, len(LARGE)),
        summary="First files",
    )
    return repo


def test_a_folder_lists_files_and_folders(room: Room, repo: str) -> None:
    answer = room.get(f"/api/models/{repo}/tree/main?recursive=false&expand=false")
    entries = {entry["path"]: entry for entry in answer.json()}
    assert set(entries) == {".gitattributes", "a dir", "a.txt", "w.bin"}
    blob = hashlib.sha1(b"blob 3\0one", usedforsecurity=False).hexdigest()
    assert entries["a.txt"] == {"type": "file", "oid": blob, "size": 3, "path": "a.txt"}
    assert entries["a dir"]["type"] == "directory"
    assert (entries["w.bin"]["size"], entries["w.bin"]["lfs"]["size"]) == (len(LARGE), len(LARGE))
    assert "xetHash" not in entries["w.bin"]
    assert len(answer.headers["x-repo-commit"]) == 40


def test_a_path_is_one_encoded_segment(room: Room, repo: str) -> None:
    for path in ("a%20dir%2Fdeep", "a%20dir/deep", "a%20dir/deep/"):
        assert [entry["path"] for entry in room.get(f"/api/models/{repo}/tree/main/{path}").json()] == [
            "a dir/deep/c.txt"
        ]


def test_everything_below(room: Room, repo: str) -> None:
    found = room.get(f"/api/models/{repo}/tree/main/a%20dir?recursive=true").json()
    assert [entry["path"] for entry in found] == ["a dir/b.txt", "a dir/deep", "a dir/deep/c.txt"]


def test_a_missing_folder(room: Room, repo: str) -> None:
    answer = room.get(f"/api/models/{repo}/tree/main/nope")
    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound")
    assert len(answer.headers["x-repo-commit"]) == 40


def test_last_commits_come_when_asked_for(room: Room, alice: Person, repo: str) -> None:
    room.commit(alice, repo, small("a dir/b.txt", "changed"), summary="Change b")
    entries = {e["path"]: e for e in room.get(f"/api/models/{repo}/tree/main?expand=true&recursive=true").json()}
    assert entries["a.txt"]["lastCommit"]["title"] == "First files"
    assert entries["a dir/b.txt"]["lastCommit"]["title"] == "Change b"
    assert entries["a dir"]["lastCommit"]["title"] == "Change b"
    assert entries["a.txt"]["lastCommit"]["date"].endswith("Z")


def pages(room: Room, path: str) -> list[list[str]]:
    """Paths page by page, following the links as clients do."""
    found = []
    while True:
        answer = room.get(path)
        found.append([entry["path"] for entry in answer.json()])
        if "link" not in answer.headers:
            return found
        url, _, rel = answer.headers["link"].partition(">; ")
        assert rel == 'rel="next"'
        parts = urlsplit(url.removeprefix("<"))
        assert (parts.scheme, parts.netloc) == ("http", "hub.test")
        path = f"{parts.path}?{parts.query}"


def test_pages_are_whole_and_of_one_commit(room: Room, alice: Person, repo: str) -> None:
    room.commit(alice, repo, *(small(f"many/{n:04}.txt", str(n)) for n in range(1250)))
    found = pages(room, f"/api/models/{repo}/tree/main/many?recursive=true")
    assert [len(page) for page in found] == [1000, 250]
    assert [path for page in found for path in page] == [f"many/{n:04}.txt" for n in range(1250)]
    assert [len(page) for page in pages(room, f"/api/models/{repo}/tree/main/many?limit=500")] == [500, 500, 250]
    first = room.get(f"/api/models/{repo}/tree/main/many?limit=1000")
    room.commit(alice, repo, ("deletedFile", {"path": "many/0000.txt"}))
    parts = urlsplit(first.headers["link"][1:].partition(">")[0])
    second = room.get(f"{parts.path}?{parts.query}").json()
    assert second[0]["path"] == "many/1000.txt"
    assert [len(page) for page in pages(room, f"/api/models/{repo}/tree/main/many?expand=true")] == [1000, 249]
    assert len(room.get(f"/api/models/{repo}/tree/main?expand=true&recursive=true").json()) == 100


def test_a_large_folder_has_pages_for_people_too(room: Room, alice: Person, repo: str) -> None:
    room.commit(alice, repo, *(small(f"many/{n:04}.txt", str(n)) for n in range(1001)), small("many/zz/f", "x"))
    first, last = room.get(f"/{repo}/tree/main/many").text, room.get(f"/{repo}/tree/main/many?p=2").text
    assert ">zz<" in first or "/many/zz" in first, "folders come first"
    assert "/0498.txt" in first
    assert "/0499.txt" not in first
    assert f'href="/{repo}/tree/main/many?p=1"' in first
    assert "/1000.txt" in last
    assert "/0998.txt" not in last
    assert room.get(f"/{repo}/tree/main/many?p=7").status_code == 200


def test_pages_go_through_folders_in_folders(room: Room, alice: Person, repo: str) -> None:
    names = ["a", "b/c/d", "b/c/e/f", "b/c.d", "b/cz", "b0/x", "c"]
    room.commit(alice, repo, *(small(f"deep/{name}", name) for name in names))
    path = f"/api/models/{repo}/tree/main/deep"
    whole = [entry["path"] for entry in room.get(f"{path}?recursive=true").json()]
    assert sorted(whole) == sorted({"deep/b", "deep/b/c", "deep/b/c/e", "deep/b0", *(f"deep/{name}" for name in names)})
    for limit in range(1, 4):
        found = pages(room, f"{path}?recursive=true&limit={limit}")
        assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
        assert [name for page in found for name in page] == whole
    assert [page[0] for page in pages(room, f"{path}?limit=1")] == [f"deep/{name}" for name in ("a", "b", "b0", "c")]


def test_a_cursor_of_another_folder_is_refused(room: Room, alice: Person, repo: str) -> None:
    room.commit(alice, repo, small("one/a", "1"), small("one/b", "2"), small("two/c", "3"))
    link = room.get(f"/api/models/{repo}/tree/main/one?limit=1").headers["link"]
    cursor = link.partition("cursor=")[2].partition(">")[0].partition("&")[0]
    assert room.get(f"/api/models/{repo}/tree/main/one?cursor={cursor}").json()[0]["path"] == "one/b"
    assert room.get(f"/api/models/{repo}/tree/main/two?cursor={cursor}").status_code == 400


@pytest.mark.parametrize("cursor", ["x", "!!", "YWJj", "ZGVhZDox", "%C2%B2"])
def test_a_made_up_cursor_is_refused(room: Room, repo: str, cursor: str) -> None:
    assert room.get(f"/api/models/{repo}/tree/main?cursor={cursor}").status_code == 400


def test_chosen_paths_by_form_and_by_json(room: Room, repo: str) -> None:
    path = f"/api/models/{repo}/paths-info/main"
    form = room.post(path, data={"paths": ["a.txt", "a dir/b.txt", "nope", "../x"], "expand": "false"})
    assert [entry["path"] for entry in form.json()] == ["a.txt", "a dir/b.txt"]
    body = room.post(path, json={"paths": ["a dir", "w.bin"], "expand": True})
    assert [entry["type"] for entry in body.json()] == ["directory", "file"]
    assert all(entry["lastCommit"]["title"] == "First files" for entry in body.json())
    assert room.post(path, json={"paths": [str(n) for n in range(1001)]}).status_code == 400


def test_history_pages(room: Room, alice: Person, repo: str) -> None:
    for number in range(4):
        room.commit(alice, repo, small("n", str(number)), summary=f"<b>{number}", description="Why\nnot")
    path = f"/api/models/{repo}/commits/main"
    first = room.get(f"{path}?limit=4&expand[]=formatted")
    assert first.headers["x-total-count"] == "6"
    assert [commit["title"] for commit in first.json()] == ["<b>3", "<b>2", "<b>1", "<b>0"]
    newest = first.json()[0]
    assert newest["message"] == "Why\nnot"
    assert newest["authors"] == [{"user": "alice"}]
    assert newest["date"].endswith("Z")
    assert newest["formatted"] == {"title": "&lt;b&gt;3", "message": "Why\nnot"}
    parts = urlsplit(first.headers["link"][1:].partition(">")[0])
    rest = room.get(f"{parts.path}?{parts.query}")
    assert rest.json()[0]["title"] == "First files"
    assert "link" not in rest.headers
    assert room.get(f"{path}?limit=4&p=1").json()[0]["title"] == "First files"
    assert room.get(f"{path}?limit=4&p=999999999").json() == []


def test_comparing(room: Room, alice: Person, repo: str) -> None:
    room.post(f"/api/models/{repo}/branch/dev%2Fx", alice, json={})
    room.commit(alice, repo, small("a.txt", "on dev\n"), rev="dev/x")
    room.write(alice, repo, {"new.txt": "on main\n"})
    two = room.get(f"/api/models/{repo}/compare/main..dev%2Fx")
    assert two.headers["content-type"] == "text/plain; charset=utf-8"
    assert "+on dev" in two.text
    assert "-on main" in two.text
    three = room.get(f"/api/models/{repo}/compare/main...dev/x").text
    assert "+on dev" in three
    assert "on main" not in three
    assert room.get(f"/api/models/{repo}/compare/main").status_code == 400


def test_private_trees_are_not_there_for_others(room: Room, alice: Person) -> None:
    repo = room.repo(alice, "hidden", private=True)
    for path in ("tree/main", "commits/main", "compare/main..main"):
        answer = room.get(f"/api/models/{repo}/{path}", room.cast.carol)
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")
