"""Discussions on top of the list."""

from __future__ import annotations

from pioche.testkit.room import Room


def test_pinned_ones_come_first(room: Room) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    repo = room.repo(alice, "pins")
    where = f"/api/models/{repo}/discussions"
    for title in ("one", "two", "three"):
        assert room.post(where, carol, json={"title": title, "description": "d", "pullRequest": False}).is_success
    assert room.post(f"{where}/1/pin", carol, json={"pinned": True}).status_code == 403
    assert room.post(f"{where}/9/pin", alice, json={"pinned": True}).status_code == 404
    assert room.post(f"{where}/1/pin", alice, json={"pinned": 3}).status_code == 400
    for _ in range(2):
        assert room.post(f"{where}/1/pin", alice, json={"pinned": True}).json() == {"pinned": True}

    def listed() -> list[tuple[str, bool]]:
        return [(one["title"], one["pinned"]) for one in room.get(where, carol).json()["discussions"]]

    assert listed() == [("one", True), ("three", False), ("two", False)]
    assert "pinned" in room.get(f"/{repo}/discussions", carol).text
    page = room.post(f"/{repo}/discussions/1", alice, data={"do": "unpin"})
    assert page.status_code == 303
    assert room.post(f"/{repo}/discussions/1", carol, data={"do": "pin"}).status_code == 403
    assert listed() == [("three", False), ("two", False), ("one", False)]
