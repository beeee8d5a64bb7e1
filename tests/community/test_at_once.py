"""People who merge, edit, open, close and delete the same thing at once: one winner, and a word for the others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pioche.community.types import CommentEdit, NewDiscussion
from pioche.errors import Conflict, HubError, NotFound
from pioche.names import RepoId, RepoKind
from pioche.testkit.room import Room

PEOPLE = 8


@pytest.fixture
def repo(room: Room) -> str:
    repo = room.repo(room.cast.alice, "at-once")
    room.write(room.cast.alice, repo, {"a.txt": "a"})
    return repo


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """What each returns or raises (of the hub's own errors), started in the same instant."""
    gate, results = threading.Barrier(len(verbs)), [None] * len(verbs)

    def run(place: int, verb: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[place] = verb()
        except HubError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results


def errors(results: Sequence[Any]) -> list[HubError]:
    return [one for one in results if isinstance(one, HubError)]


def parts(room: Room, repo: str) -> tuple[Any, RepoId]:
    return room.actor(room.cast.alice), RepoId.parse(RepoKind.MODEL, repo)


def proposed(room: Room, repo: str, path: str = "new.txt") -> int:
    actor, repo_id = parts(room, repo)
    num = room.hub.community.open(actor, repo_id, NewDiscussion("A change", "d", is_pull_request=True))
    room.write(room.cast.alice, repo, {path: f"of {num}"}, f"refs/pr/{num}")
    return num


def test_a_pull_request_is_merged_once(room: Room, repo: str) -> None:
    (actor, repo_id), num = parts(room, repo), proposed(room, repo)
    results = at_once(*[lambda: room.hub.pull_requests.merge(actor, repo_id, num)] * PEOPLE)
    lost = errors(results)
    assert len(lost) == PEOPLE - 1
    assert all(isinstance(one, Conflict) for one in lost)
    assert {one.message for one in lost} <= {
        "This pull request is merged.",
        "This pull request has no changes that are not there already.",
    }
    details = room.get(f"/api/models/{repo}/discussions/{num}").json()
    assert details["status"] == "merged"
    assert [event["data"]["status"] for event in details["events"] if event["type"] == "status-change"] == ["merged"]


def test_two_pull_requests_that_fit_are_both_merged(room: Room, repo: str) -> None:
    actor, repo_id = parts(room, repo)
    nums = [proposed(room, repo, f"file{n}.txt") for n in range(4)]
    results = at_once(*[lambda num=num: room.hub.pull_requests.merge(actor, repo_id, num) for num in nums])  # type: ignore[misc]
    assert not errors(results)
    names = {one["path"] for one in room.get(f"/api/models/{repo}/tree/main").json()}
    assert names >= {"a.txt", *(f"file{n}.txt" for n in range(4))}


def test_merging_and_closing(room: Room, repo: str) -> None:
    """What was closed first is not merged, what was merged first is not closed."""
    actor, repo_id = parts(room, repo)
    for _ in range(4):
        num = proposed(room, repo)
        merged, closed = at_once(
            lambda num=num: room.hub.pull_requests.merge(actor, repo_id, num),  # type: ignore[misc]
            lambda num=num: room.hub.community.set_status(actor, repo_id, num, "closed"),  # type: ignore[misc]
        )
        assert len(errors([merged, closed])) == 1
        status = room.get(f"/api/models/{repo}/discussions/{num}").json()["status"]
        assert status == ("closed" if isinstance(merged, HubError) else "merged")
        assert "merged" in (closed.message if status == "merged" else "merged")


def test_an_edit_is_not_lost(room: Room, repo: str) -> None:
    actor, repo_id = parts(room, repo)
    room.hub.community.open(actor, repo_id, NewDiscussion("Title", "First"))
    comment = int(room.get(f"/api/models/{repo}/discussions/1").json()["events"][0]["id"], 16)

    def edit(number: int) -> Callable[[], Any]:
        wanted = CommentEdit(comment, f"Text {number}", seen=0)
        return lambda: room.hub.community.edit_comment(actor, repo_id, 1, wanted)

    results = at_once(*[edit(number) for number in range(PEOPLE)])
    lost = errors(results)
    assert len(lost) == PEOPLE - 1
    assert all(isinstance(one, Conflict) and "Somebody edited this comment" in one.message for one in lost)
    data = room.get(f"/api/models/{repo}/discussions/1").json()["events"][0]["data"]
    assert [one["raw"] for one in data["history"]] == ["First"]


def test_numbers_are_given_once(room: Room, repo: str) -> None:
    """To discussions and pull requests, while others are deleted."""
    actor, repo_id = parts(room, repo)
    first = room.hub.community.open(actor, repo_id, NewDiscussion("Title", "d"))
    new = [NewDiscussion(f"New {n}", "d", is_pull_request=n % 2 == 0) for n in range(PEOPLE)]
    opened = [lambda one=one: room.hub.community.open(actor, repo_id, one) for one in new]  # type: ignore[misc]
    *nums, deleted = at_once(*opened, lambda: room.hub.moderation.delete(actor, repo_id, first))
    assert deleted is None
    assert sorted(nums) == list(range(2, PEOPLE + 2))
    listed = room.get(f"/api/models/{repo}/discussions").json()["discussions"]
    assert [one["num"] for one in listed] == list(range(PEOPLE + 1, 1, -1))


@pytest.mark.parametrize("is_pull_request", [False, True])
def test_it_is_deleted_once_and_nothing_is_said_after(room: Room, repo: str, is_pull_request: bool) -> None:
    actor, repo_id = parts(room, repo)
    num = proposed(room, repo) if is_pull_request else room.hub.community.open(actor, repo_id, NewDiscussion("T", "d"))
    deletes = [lambda: room.hub.moderation.delete(actor, repo_id, num)] * 4
    others = [
        lambda: room.hub.community.comment(actor, repo_id, num, "But"),
        lambda: room.hub.community.set_status(actor, repo_id, num, "closed"),
        lambda: room.hub.community.rename(actor, repo_id, num, "Other"),
    ]
    results = at_once(*deletes, *others)
    assert Counter(type(one) for one in results[:4]) == {type(None): 1, NotFound: 3}
    assert all(isinstance(one, NotFound) for one in errors(results))
    assert room.get(f"/api/models/{repo}/discussions/{num}").status_code == 404
    assert room.get(f"/api/models/{repo}/refs?include_prs=1").json()["pullRequests"] == []


def test_deleting_and_merging(room: Room, repo: str) -> None:
    actor, repo_id = parts(room, repo)
    for _ in range(4):
        num = proposed(room, repo, f"either{_}.txt")
        merged, deleted = at_once(
            lambda num=num: room.hub.pull_requests.merge(actor, repo_id, num),  # type: ignore[misc]
            lambda num=num: room.hub.moderation.delete(actor, repo_id, num),  # type: ignore[misc]
        )
        assert deleted is None
        assert not isinstance(merged, HubError) or isinstance(merged, NotFound)
        names = {one["path"] for one in room.get(f"/api/models/{repo}/tree/main").json()}
        assert (f"either{_}.txt" in names) == (not isinstance(merged, HubError))
