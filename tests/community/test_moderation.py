"""What those do who look after a repository: lock, delete, turn off, make room."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pioche.names import RepoId, RepoKind
from pioche.testkit.people import Person
from pioche.testkit.room import Room, large, small


def opened(room: Room, repo: str, by: Person, title: str = "Title", **more: Any) -> int:
    answer = room.post(f"/api/models/{repo}/discussions", by, json={"title": title, "description": "d", **more})
    assert answer.status_code == 200, answer.text
    num: int = answer.json()["num"]
    return num


def proposed(room: Room, repo: str, by: Person, content: str = "changed") -> int:
    """A pull request with a commit."""
    num = opened(room, repo, by, pullRequest=True)
    room.write(by, repo, {"proposed.txt": content}, f"refs/pr/{num}")
    assert room.post(f"/api/models/{repo}/discussions/{num}/status", by, json={"status": "open"}).is_success
    return num


@pytest.fixture
def repo(room: Room) -> str:
    repo = room.repo(room.cast.alice, "moderated")
    room.write(room.cast.alice, repo, {"a.txt": "a"})
    return repo


def test_locked_is_for_those_who_may_write(room: Room, repo: str) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    base = f"/api/models/{repo}/discussions/{opened(room, repo, carol)}"
    first = room.get(base).json()["events"][0]["id"]
    assert room.post(f"{base}/lock", carol, json={"locked": True}).status_code == 403
    for _ in range(2):
        assert room.post(f"{base}/lock", alice, json={"locked": True}).json() == {"locked": True}
    assert room.get(base).json()["locked"] is True
    for verb, body in (
        ("comment", {"comment": "But"}),
        ("title", {"title": "But"}),
        ("status", {"status": "closed"}),
        (f"comment/{first}/edit", {"content": "But"}),
    ):
        answer = room.post(f"{base}/{verb}", carol, json=body)
        assert (answer.status_code, answer.headers["x-error-code"]) == (403, "DiscussionLocked"), verb
        assert "locked" in answer.json()["error"]
    assert room.post(f"{base}/comment", alice, json={"comment": "It is settled."}).status_code == 200
    assert room.post(f"{base}/comment/{first}/hide", carol).status_code == 200
    assert room.post(f"{base}/lock", alice, json={"locked": False}).status_code == 200
    assert room.post(f"{base}/comment", carol, json={"comment": "Thanks"}).status_code == 200
    changes = [event["data"] for event in room.get(base).json()["events"] if event["type"] == "locking-change"]
    assert changes == [{"locked": True}, {"locked": False}]


def test_what_is_over_or_locked_takes_no_more_commits(room: Room, repo: str) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    num = proposed(room, repo, carol)
    base, ref = f"/api/models/{repo}/discussions/{num}", f"refs/pr/{num}"
    assert room.post(f"{base}/lock", alice, json={"locked": True}).is_success
    refused = room.commit(carol, repo, small("more.txt", "1"), rev=ref)
    assert (refused.status_code, refused.headers["x-error-code"]) == (403, "DiscussionLocked")
    room.write(alice, repo, {"more.txt": "2"}, ref)
    assert room.post(f"{base}/lock", alice, json={"locked": False}).is_success
    assert room.post(f"{base}/status", alice, json={"status": "closed"}).is_success
    for person in (carol, alice):
        refused = room.commit(person, repo, small("more.txt", "3"), rev=ref)
        assert refused.status_code == 409
        assert "closed or merged" in refused.json()["error"]
    assert room.post(f"{base}/status", carol, json={"status": "open"}).is_success
    room.write(carol, repo, {"more.txt": "4"}, ref)
    assert room.post(f"{base}/merge", alice, json={}).is_success
    assert room.commit(carol, repo, small("more.txt", "5"), rev=ref).status_code == 409


def test_turned_off_it_is_read_and_nothing_is_added(room: Room, repo: str) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    where = f"/api/models/{repo}/discussions"
    num = opened(room, repo, carol)
    change = proposed(room, repo, carol)
    settings = f"/api/models/{repo}/settings"
    assert room.ask("PUT", settings, carol, json={"discussionsDisabled": True}).status_code == 403
    answer = room.ask("PUT", settings, alice, json={"discussionsDisabled": True})
    assert answer.json()["discussionsDisabled"] is True
    first = room.get(f"{where}/{num}").json()["events"][0]["id"]
    for path, body in (
        (where, {"title": "New", "description": "d"}),
        (where, {"title": "New", "description": "d", "pullRequest": True}),
        (f"{where}/{num}/comment", {"comment": "c"}),
        (f"{where}/{num}/comment/{first}/edit", {"content": "c"}),
        (f"{where}/{num}/comment/{first}/reaction", {"reaction": "👍"}),
        (f"{where}/{num}/title", {"title": "t"}),
        (f"{where}/{num}/status", {"status": "closed"}),
        (f"{where}/{num}/pin", {"pinned": True}),
        (f"{where}/{change}/merge", {}),
    ):
        answer = room.post(path, alice, json=body)
        assert (answer.status_code, answer.headers["x-error-code"]) == (403, "DiscussionsDisabled"), path
    answer = room.commit(carol, repo, small("b.txt", "b"), query="?create_pr=1")
    assert answer.status_code == 403, answer.text
    assert room.get(where).json()["count"] == 2
    assert room.post(f"{where}/{num}/comment/{first}/hide", alice).status_code == 200
    assert room.ask("PUT", settings, alice, json={"discussionsDisabled": False}).status_code == 200
    assert room.post(f"{where}/{num}/comment", carol, json={"comment": "c"}).status_code == 200


def test_a_deleted_discussion_is_gone_and_its_number_too(room: Room, repo: str) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    where = f"/api/models/{repo}/discussions"
    nums = [opened(room, repo, carol), proposed(room, repo, carol), opened(room, repo, carol, "Secret words")]
    assert room.ask("DELETE", f"{where}/{nums[2]}", carol).status_code == 403
    assert room.ask("DELETE", f"{where}/{nums[2]}").status_code == 401
    for num in nums[1:]:
        assert room.ask("DELETE", f"{where}/{num}", alice).status_code == 204
        assert room.get(f"{where}/{num}").status_code == 404
        assert room.ask("DELETE", f"{where}/{num}", alice).status_code == 404
    assert [one["num"] for one in room.get(where).json()["discussions"]] == [nums[0]]
    refs = room.get(f"/api/models/{repo}/refs?include_prs=1").json()["pullRequests"]
    assert refs == []
    assert opened(room, repo, carol) == nums[2] + 1
    assert proposed(room, repo, carol) == nums[2] + 2


def test_the_ref_of_what_is_over_makes_room_and_the_change_can_still_be_read(room: Room, repo: str) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    num = proposed(room, repo, carol, "the proposed text")
    base = f"/api/models/{repo}/discussions/{num}"
    oid = room.upload(alice, repo, random.Random(7).randbytes(3000))
    assert room.commit(alice, repo, large("w.bin", oid), rev=f"refs/pr/{num}", summary="Large").is_success
    assert room.get(f"{base}/storage").json() == {"estimatedStorage": 3000, "refDeleted": False}
    assert room.ask("DELETE", f"{base}/ref", alice).status_code == 409
    assert room.post(f"{base}/status", carol, json={"status": "closed"}).is_success
    assert room.ask("DELETE", f"{base}/ref", carol).status_code == 403
    assert room.ask("DELETE", f"{base}/ref", alice).status_code == 204
    assert room.ask("DELETE", f"{base}/ref", alice).status_code == 409
    assert room.get(f"{base}/storage").json() == {"estimatedStorage": 0, "refDeleted": True}
    assert room.hub.lfs.collect(0) == (1, 3000)
    details = room.get(f"{base}?diff=1").json()
    assert "+the proposed text" in details["diff"]
    assert [event["data"]["subject"] for event in details["events"] if event["type"] == "commit"][-1] == "Large"
    assert room.post(f"{base}/status", carol, json={"status": "open"}).status_code == 409
    assert room.commit(carol, repo, small("b.txt", "b"), rev=f"refs/pr/{num}").status_code == 404


def test_storage_is_of_pull_requests(room: Room, repo: str) -> None:
    num = opened(room, repo, room.cast.carol)
    for method, path in (("GET", "storage"), ("DELETE", "ref")):
        assert room.ask(method, f"/api/models/{repo}/discussions/{num}/{path}", room.cast.alice).status_code == 400
        assert room.ask(method, f"/api/models/{repo}/discussions/99/{path}", room.cast.alice).status_code == 404


def test_lists_are_searched_and_sorted(room: Room, repo: str) -> None:
    carol, where = room.cast.carol, f"/api/models/{repo}/discussions"
    for title in ("Loads slowly", "100% wrong", "loads twice"):
        opened(room, repo, carol, title)
    first = room.get(f"{where}/1").json()["events"][0]["id"]

    def listed(query: str) -> list[int]:
        return [one["num"] for one in room.get(f"{where}?{query}").json()["discussions"]]

    assert listed("search=LOADS") == [3, 1]
    assert listed("search=%25") == [2]
    assert listed("search=_") == []
    assert listed("search=%27%3B--&author=carol") == []
    room.post(
        f"{where}/2/comment/{room.get(f'{where}/2').json()['events'][0]['id']}/reaction", carol, json={"reaction": "👍"}
    )
    assert listed("sort=reactions") == [2, 3, 1]
    room.post(f"{where}/1/comment", carol, json={"comment": f"About {first}"})
    assert listed("sort=trending")[0] == 1
    assert listed("sort=recently-created") == [3, 2, 1]
    assert room.get(f"{where}?sort=age").status_code == 400


def test_numbers_are_kept_by_those_who_had_none_deleted(room: Room, repo: str) -> None:
    """Through the service: the counter, not the highest number, says what comes next."""
    alice = room.actor(room.cast.alice)
    repo_id = RepoId.parse(RepoKind.MODEL, repo)
    for expected in range(1, 4):
        assert opened(room, repo, room.cast.alice) == expected
        room.hub.moderation.delete(alice, repo_id, expected)
    assert room.get(f"/api/models/{repo}/discussions").json()["count"] == 0


def test_what_others_have_too_stays(room: Room, repo: str) -> None:
    """A file that a branch has as well, and all of what was merged."""
    alice, carol = room.cast.alice, room.cast.carol
    shared, own = (room.upload(alice, repo, random.Random(seed).randbytes(4000)) for seed in (1, 2))
    num = proposed(room, repo, carol)
    for path, sha256, rev in (
        ("s.bin", shared, "main"),
        ("s.bin", shared, f"refs/pr/{num}"),
        ("o.bin", own, f"refs/pr/{num}"),
    ):
        assert room.commit(alice, repo, large(path, sha256), rev=rev).is_success
    base = f"/api/models/{repo}/discussions/{num}"
    assert room.get(f"{base}/storage").json()["estimatedStorage"] == 4000
    assert room.ask("DELETE", base, alice).status_code == 204
    number = room.number(alice, repo)
    with room.hub.database.read() as tx:
        assert {one.sha256 for one in room.hub.lfs.holdings.all(tx, number)} == {shared}
    assert room.get(f"/{repo}/resolve/main/s.bin").status_code in (200, 302)

    merged = proposed(room, repo, carol)
    sha256 = room.upload(alice, repo, random.Random(3).randbytes(5000))
    assert room.commit(alice, repo, large("m.bin", sha256), rev=f"refs/pr/{merged}").is_success
    base = f"/api/models/{repo}/discussions/{merged}"
    assert room.post(f"{base}/merge", alice, json={}).is_success
    assert room.get(f"{base}/storage").json()["estimatedStorage"] == 0
    assert room.ask("DELETE", f"{base}/ref", alice).status_code == 204
    with room.hub.database.read() as tx:
        assert {one.sha256 for one in room.hub.lfs.holdings.all(tx, number)} == {shared, sha256}
    assert "+changed" in room.get(f"{base}?diff=1").json()["diff"]
    for path in (f"/{repo}/discussions/{merged}", f"/{repo}/discussions/{merged}/files"):
        assert room.get(path, carol).status_code == 200
