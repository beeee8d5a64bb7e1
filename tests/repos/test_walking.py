"""Every file of a repository, one after the other."""

from __future__ import annotations

import pytest

from pioche.errors import EntryNotFound, RepoNotFound
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.repos.service.trees import TREE_PAGE, content_of
from pioche.testkit.room import Room, large


@pytest.fixture
def room(hub: Hub) -> Room:
    return Room(hub)


def test_every_file_once_of_one_commit_with_few_questions(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = room.cast.alice
    repo = room.repo(alice, "many")
    paths = [f"{'in/' if number % 2 else ''}{number:04}.txt" for number in range(TREE_PAGE + 10)]
    first = room.write(alice, repo, dict.fromkeys(paths, "x"))
    asked, read = [0], type(room.hub.database).read
    monkeypatch.setattr(type(room.hub.database), "read", lambda self: asked.__setitem__(0, asked[0] + 1) or read(self))
    walk = room.hub.trees.walk(room.actor(alice), RepoId.parse(RepoKind.MODEL, repo), "main")
    found = [next(walk)]
    before = asked[0]
    found += walk
    assert sorted(file.node.path for file in found) == sorted([*paths, ".gitattributes"])
    assert {file.commit for file in found} == {first}
    assert asked[0] - before <= 3  # a page, not a file, is a question
    assert "".join(piece.decode() for piece in content_of(room.hub.trees, found[-1])) == "x"


def test_what_comes_meanwhile_is_not_in_it(room: Room) -> None:
    alice = room.cast.alice
    repo = room.repo(alice, "moving")
    room.write(alice, repo, {f"{number:04}.txt": "x" for number in range(TREE_PAGE + 1)})
    walk = room.hub.trees.walk(room.actor(alice), RepoId.parse(RepoKind.MODEL, repo), "main")
    next(walk)
    room.write(alice, repo, {"zzz.txt": "later"})
    assert "zzz.txt" not in [file.node.path for file in walk]


def test_folders_large_files_and_what_is_not_there(room: Room) -> None:
    alice, data = room.cast.alice, b"much" * 100_000
    repo = room.repo(alice, "odd", private=True)
    repo_id, actor, walk = RepoId.parse(RepoKind.MODEL, repo), room.actor(alice), room.hub.trees.walk
    room.write(alice, repo, {"a/b/c.txt": "1", "d.txt": "2"})
    assert room.commit(alice, repo, large("a/model.bin", room.upload(alice, repo, data), len(data))).status_code == 200
    inside = list(walk(actor, repo_id, "main", "a"))
    assert [file.node.path for file in inside] == ["a/b/c.txt", "a/model.bin"]
    assert b"".join(content_of(room.hub.trees, inside[1])) == data
    with pytest.raises(EntryNotFound):
        list(walk(actor, repo_id, "main", "nowhere"))
    with pytest.raises(RepoNotFound):
        list(walk(room.actor(room.cast.bob), repo_id, "main"))
