"""Webhooks by API: what is asked for wrongly, and by whom."""

from __future__ import annotations

import pytest
from tests.webhooks.conftest import HookRoom

URL = "https://example.org/hook"
ALICE = [{"type": "user", "name": "alice"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"watched": ALICE}, "address"),
        ({"url": URL}, "watch"),
        ({"url": URL, "watched": [{"type": "planet", "name": "x"}]}, "user, org, model"),
        ({"url": URL, "watched": [{"type": "user", "name": "nobody-here"}]}, "no user"),
        ({"url": URL, "watched": [{"type": "org", "name": "alice"}]}, "no org"),
        ({"url": URL, "watched": ALICE, "domains": ["weather"]}, "'repo' and 'discussion'"),
        ({"url": URL, "watched": ALICE, "domains": []}, "Choose"),
        ({"url": URL, "watched": ALICE, "secret": "a\nb"}, "secret"),
        ({"url": URL, "watched": ALICE * 101}, "at most 100"),
        ({"url": "nonsense", "watched": ALICE}, "http"),
        ({"url": 1}, "JSON"),
    ],
)
def test_what_is_wrong_is_said(room: HookRoom, body: dict[str, object], said: str) -> None:
    answer = room.post("/api/settings/webhooks", room.cast.alice, json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_jobs_are_for_later(room: HookRoom) -> None:
    body = {"jobSourceId": "x", "watched": ALICE}
    assert room.post("/api/settings/webhooks", room.cast.alice, json=body).status_code == 501


def test_hooks_are_of_one_person(room: HookRoom) -> None:
    made = room.hook(room.cast.alice, URL, ("user", "alice"))
    at = f"/api/settings/webhooks/{made['id']}"
    for person in (room.cast.carol, room.cast.root):
        assert room.get(at, person).status_code == 404
        assert room.ask("DELETE", at, person).status_code == 404
        assert room.post(at, person, json={"watched": [], "url": URL}).status_code == 404
    assert room.get(at).status_code == 401
    for odd in ("zzz", "0", "f" * 24, "1" * 300, "-1"):
        assert room.get(f"/api/settings/webhooks/{odd}", room.cast.alice).status_code == 404


def test_an_update_without_watched_keeps_it(room: HookRoom) -> None:
    made = room.hook(room.cast.alice, URL, ("user", "alice"), secret="one")
    at = f"/api/settings/webhooks/{made['id']}"
    changed = room.post(at, room.cast.alice, json={"watched": [], "url": f"{URL}2"}).json()["webhook"]
    assert changed["watched"] == ALICE
    assert (changed["url"], changed["secret"]) == (f"{URL}2", "one")


def test_there_is_an_end_to_them(room: HookRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.webhooks.service.hooks.MAX_HOOKS", 1)
    room.hook(room.cast.bob, URL, ("user", "alice"))
    answer = room.post("/api/settings/webhooks", room.cast.bob, json={"url": URL, "watched": ALICE})
    assert answer.status_code == 403
    assert "limit" in answer.json()["error"]
