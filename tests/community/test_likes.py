"""Likes: counted once for each person, listed to those who may see the repository, given by a button."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from pioche.app import build_app
from pioche.names import RepoId, RepoKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.web.auth import SESSION_COOKIE


def like(room: Room, person: Person, repo: str, method: str = "POST") -> None:
    answer = room.ask(method, f"/api/models/{repo}/like", person)
    assert answer.status_code == 200, answer.text


def count(room: Room, repo: str) -> int:
    number: int = room.get(f"/api/models/{repo}", room.cast.alice).json()["likes"]
    return number


def liked(room: Room, of: Person, reader: Person | None) -> list[str]:
    return [item["repo"]["name"] for item in room.get(f"/api/users/{of.name}/likes", reader).json()]


def test_a_person_counts_once(room: Room) -> None:
    cast, repo = room.cast, room.repo(room.cast.alice, "liked")
    for person in (cast.bob, cast.bob, cast.carol):
        like(room, person, repo)
    assert count(room, repo) == 2
    for _ in range(2):
        like(room, cast.bob, repo, "DELETE")
    assert count(room, repo) == 1
    likers = room.get(f"/api/models/{repo}/likers").json()
    assert [(liker["user"], bool(liker["fullname"])) for liker in likers] == [("carol", True)]
    assert likers[0]["avatarUrl"].startswith("http://hub.test/")


def test_many_at_once_are_all_counted(room: Room) -> None:
    repo = room.repo(room.cast.alice, "crowd")
    actors = [room.actor(getattr(room.cast, name)) for name in ("alice", "bob", "carol", "root")] * 4
    repo_id = RepoId.parse(RepoKind.MODEL, repo)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda actor: room.hub.likes.give(actor, repo_id), actors))
    assert count(room, repo) == 4


def test_lists_come_in_pages_newest_first(room: Room) -> None:
    cast, repo = room.cast, room.repo(room.cast.alice, "pages")
    for person in (cast.alice, cast.bob, cast.carol):
        like(room, person, repo)
    first = room.get(f"/api/models/{repo}/likers?limit=2")
    assert [item["user"] for item in first.json()] == ["carol", "bob"]
    second = room.get(first.links["next"]["url"].removeprefix("http://hub.test"))
    assert [item["user"] for item in second.json()] == ["alice"]
    assert "next" not in second.links


def test_what_is_private_is_not_told(room: Room) -> None:
    cast = room.cast
    hidden, shown = room.repo(cast.alice, "hidden", private=True), room.repo(cast.alice, "shown")
    for repo in (hidden, shown):
        like(room, cast.alice, repo)
    assert liked(room, cast.alice, cast.alice)[:2] == [shown, hidden]
    for reader in (None, cast.carol):
        assert hidden not in liked(room, cast.alice, reader)
        assert shown in liked(room, cast.alice, reader)
        assert hidden not in room.get("/alice", reader).text
    assert room.get(f"/api/models/{hidden}/likers", cast.carol).status_code == 404
    assert room.post(f"/api/models/{hidden}/like", cast.carol).status_code == 404
    assert room.post(f"/api/models/{shown}/like").status_code == 401
    assert count(room, shown) == 1


@pytest.mark.parametrize("path", ["/api/users/nobody-here/likes", "/api/users/lab/likes"])
def test_only_people_like(room: Room, path: str) -> None:
    assert room.get(path).status_code == 404


def test_a_repository_that_is_gone_is_liked_by_nobody(room: Room) -> None:
    repo = room.repo(room.cast.bob, "gone")
    like(room, room.cast.bob, repo)
    assert repo in liked(room, room.cast.bob, None)
    room.hub.repos.delete(room.actor(room.cast.bob), RepoId.parse(RepoKind.MODEL, repo))
    assert repo not in liked(room, room.cast.bob, None)


def test_the_button_works_without_scripts(room: Room) -> None:
    carol, repo = room.cast.carol, room.repo(room.cast.alice, "button")
    page = f"/{repo}"
    assert f'href="/login?next={page}"' in room.get(page).text
    client = TestClient(build_app(room.hub), base_url="http://hub.test", follow_redirects=False)
    client.cookies.set(SESSION_COOKIE, room.hub.accounts.log_ins.open(room.actor(carol), "tests"))
    assert client.post(f"{page}/like", data={"do": "like"}).status_code == 403
    for pressed, do in (("false", "like"), ("true", "unlike"), ("false", "like")):
        form = client.get(page).text.partition(f'action="{page}/like"')[2]
        found = re.search(r'name="csrf_token" value="([^"]+)".*?value="(\w+)" aria-pressed="(\w+)"', form, re.DOTALL)
        assert found
        assert found.groups()[1:] == (do, pressed)
        answer = client.post(f"{page}/like", data={"csrf_token": found[1], "do": do})
        assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert count(room, repo) == 1
    assert f'href="/{repo}"' in client.get("/carol").text
