"""Asking for access to a gated repository, deciding about it, and what opens and what stays shut."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from pioche.accounts.types import OPERATOR, OrgRole
from pioche.errors import GatedRepo
from pioche.names import RepoId, RepoKind
from pioche.testkit.room import Room, large

CARD = """---
extra_gated_heading: Who are you?
extra_gated_prompt: "Be **kind** <script>alert(1)</script>"
extra_gated_button_content: Let me in
extra_gated_fields:
  Company: text
  Country: country
  Since: date_picker
  Use:
    type: select
    options: [Research, {label: Something else, value: other}]
  I agree: checkbox
---
# Shut
"""
ANSWERS = {"Company": "=1+1", "Country": "NL", "Since": "2026-01-31", "Use": "other", "I agree": True}


def gated(room: Room, how: str = "manual", card: str = "# Shut\n") -> str:
    alice = room.cast.alice
    repo = room.repo(alice, "shut")
    room.write(alice, repo, {"a.txt": "secret words", "README.md": card})
    answer = room.ask("PUT", f"/api/models/{repo}/settings", alice, json={"gated": how})
    assert answer.status_code == 200, answer.text
    return repo


def ask(room: Room, repo: str, **answers: Any) -> Any:
    return room.post(f"/{repo}/ask-access", room.cast.carol, json=answers)


def queue(room: Room, repo: str, status: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = room.get(
        f"/api/models/{repo}/user-access-request/{status}{query}", room.cast.alice
    ).json()
    return found


def reads(room: Room, repo: str) -> bool:
    answer = room.get(f"/{repo}/resolve/main/a.txt", room.cast.carol)
    assert answer.status_code in (200, 403)
    return answer.status_code == 200


def test_auto_lets_in_at_once(room: Room) -> None:
    repo = gated(room, "auto")
    assert not reads(room, repo)
    assert ask(room, repo).json() == {"status": "accepted"}
    assert reads(room, repo)
    assert ask(room, repo).json() == {"status": "accepted"}
    assert [one["user"]["user"] for one in queue(room, repo, "accepted")] == ["carol"]


def test_manual_waits_for_the_owner(room: Room) -> None:
    repo, where = gated(room), room.cast.alice
    handle = f"/api/models/{repo}/user-access-request/handle"
    assert ask(room, repo).json() == {"status": "pending"}
    assert not reads(room, repo)
    [one] = queue(room, repo, "pending")
    assert one["user"] == {
        "user": "carol", "fullname": one["user"]["fullname"], "type": "user", "email": one["user"]["email"],
    }  # fmt: skip
    assert "@" in one["user"]["email"]
    assert room.post(handle, where, json={"requestId": one["requestId"], "status": "accepted"}).status_code == 200
    assert reads(room, repo)
    assert room.post(handle, where, json={"user": "carol", "status": "accepted"}).status_code == 404
    answer = room.post(handle, where, json={"user": "carol", "status": "rejected", "rejectionReason": "No more"})
    assert answer.status_code == 200
    assert not reads(room, repo)
    assert queue(room, repo, "rejected")[0]["rejectionReason"] == "No more"
    assert ask(room, repo).status_code == 409
    page = room.get(f"/{repo}", room.cast.carol).text
    assert "No more" in page
    assert "ask-access" not in page


def test_asking_can_be_taken_back(room: Room) -> None:
    repo = gated(room)
    where = f"/api/models/{repo}/user-access-request/cancel"
    assert room.post(where, room.cast.carol).status_code == 404
    ask(room, repo)
    assert room.post(where, room.cast.carol).status_code == 200
    assert queue(room, repo, "pending") == []
    room.post(f"/api/models/{repo}/user-access-request/grant", room.cast.alice, json={"user": "carol"})
    assert room.post(where, room.cast.carol).status_code == 409


def test_the_form_of_the_card(room: Room) -> None:
    repo = gated(room, card=CARD)
    page = room.get(f"/{repo}", room.cast.carol).text
    for text in ("Who are you?", "<strong>kind</strong>", "Let me in", 'type="date"', "Netherlands", "Something else"):
        assert text in page
    assert "alert(1)</script>" not in page
    for wrong in ({"Company": " "}, {"Country": "XX"}, {"Since": "soon"}, {"Use": "war"}, {"I agree": False}):
        answer = ask(room, repo, **{**ANSWERS, **wrong})
        assert answer.status_code == 400
        assert next(iter(wrong)) in answer.json()["error"]
    form = {**ANSWERS, "I agree": "on", "Use": "war"}
    again = room.post(f"/{repo}/ask-access", room.cast.carol, data=form)
    assert again.status_code == 400
    assert 'value="=1+1"' in again.text
    assert ask(room, repo, **ANSWERS, more="ignored").status_code == 200
    assert queue(room, repo, "pending")[0]["fields"] == ANSWERS
    report = room.get(f"/{repo}/user-access-report", room.cast.alice)
    [row] = csv.DictReader(io.StringIO(report.text))
    assert (row["user"], row["status"], row["Company"]) == ("carol", "pending", "'=1+1")


def test_strange_cards_make_no_trouble(room: Room) -> None:
    cards = ["extra_gated_fields: 7", "extra_gated_fields: {1: [], x: {type: select, options: 3}, y: {type: zzz}}"]
    for card in (*cards, "extra_gated_heading: [1]\nextra_gated_prompt: {a: b}"):
        repo = gated(room, card=f"---\n{card}\n---\n")
        assert room.get(f"/{repo}", room.cast.carol).status_code == 200


def test_the_owner_lets_somebody_in_and_does_not_learn_their_address(room: Room) -> None:
    repo = gated(room)
    where = f"/api/models/{repo}/user-access-request/grant"
    assert room.post(where, room.cast.alice, json={"user": "nobody-of-this-name"}).status_code == 404
    assert room.post(where, room.cast.carol, json={"user": "carol"}).status_code == 403
    assert "email" not in room.post(where, room.cast.alice, json={"user": "carol"}).json()["user"]
    assert room.post(where, room.cast.alice, json={"user": "carol"}).status_code == 400
    assert reads(room, repo)
    email = room.hub.accounts.actor_of_token(room.cast.carol.token).name + "@"
    assert queue(room, repo, "accepted", f"?search={email}") == []
    assert len(queue(room, repo, "accepted", "?search=CAR")) == 1


def test_an_organisation_is_let_in_with_its_members(room: Room) -> None:
    repo, hub = gated(room), room.hub
    hub.accounts.orgs.create(OPERATOR, "carols-club", admin="carol")
    granted = room.post(f"/api/models/{repo}/user-access-request/grant", room.cast.alice, json={"user": "carols-club"})
    assert granted.json()["user"]["type"] == "org"
    assert reads(room, repo)
    assert room.get(f"/{repo}/resolve/main/a.txt", room.cast.bob).status_code == 403
    hub.accounts.orgs.set_member(OPERATOR, "carols-club", "bob", OrgRole.READ)
    assert room.get(f"/{repo}/resolve/main/a.txt", room.cast.bob).status_code == 200


def test_many_at_once_or_none(room: Room) -> None:
    repo = gated(room)
    where = f"/api/models/{repo}/user-access-request/batch"
    ask(room, repo)
    room.post(f"/{repo}/ask-access", room.cast.bob, json={})
    wrong = room.post(where, room.cast.alice, json={"users": ["carol", "root"], "status": "accepted"})
    assert wrong.status_code == 404
    assert not reads(room, repo)
    assert room.post(where, room.cast.alice, json={"users": [], "status": "accepted"}).status_code == 400
    assert room.post(where, room.cast.alice, json={"users": ["carol", "bob"], "status": "won"}).status_code == 400
    first = room.get(f"/api/models/{repo}/user-access-request/pending?limit=1", room.cast.alice)
    assert len(first.json()) == 1
    assert 'rel="next"' in first.headers["link"]
    ids = [one["requestId"] for one in queue(room, repo, "pending")]
    answer = room.post(where, room.cast.alice, json={"requestIds": ids, "status": "accepted"})
    assert answer.json()["count"] == 2
    assert reads(room, repo)


def test_card_and_names_of_files_are_for_all_and_bytes_for_none(room: Room) -> None:
    """Every way to what is in the files, for a stranger, and again once they are let in."""
    repo, alice, carol = gated(room), room.cast.alice, room.cast.carol
    data = b"large and secret" * 4096
    sha256 = room.upload(alice, repo, data)
    parent = room.get(f"/api/models/{repo}", alice).json()["sha"]
    oid = room.commit(alice, repo, large("big.bin", sha256, len(data))).json()["commitOid"]
    for path in (f"/{repo}", f"/{repo}/tree/main", f"/api/models/{repo}", f"/api/models/{repo}/tree/main"):
        assert room.get(path, carol).status_code == 200, path
    assert room.get(f"/{repo}/resolve/main/README.md", carol).text == "# Shut\n"
    assert room.get(f"/{repo}/blob/main/README.md", carol).status_code == 200
    info = {"paths": ["a.txt"]}
    assert room.post(f"/api/models/{repo}/paths-info/main", carol, json=info).json()[0]["path"] == "a.txt"
    api = f"/api/models/{repo}"
    batch = {"operation": "download", "transfers": ["basic"], "objects": [{"oid": sha256, "size": len(data)}]}
    doors: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/{repo}/resolve/main/a.txt", {}),
        ("HEAD", f"/{repo}/resolve/main/a.txt", {}),
        ("GET", f"/{repo}/resolve/main/big.bin", {}),
        ("GET", f"/{repo}/resolve/{oid}/a.txt", {}),
        ("GET", f"/{repo}/raw/main/a.txt", {}),
        ("GET", f"/{repo}/blob/main/a.txt", {}),
        ("GET", f"/{repo}/commit/{oid}", {}),
        ("GET", f"/{repo}/commits/main", {}),
        ("GET", f"{api}/commits/main", {}),
        ("GET", f"{api}/compare/{parent}..{oid}", {}),
        ("GET", f"{api}/xet-read-token/main", {}),
        ("GET", f"{api}/auth-check", {}),
        ("GET", f"/{repo}.git/info/refs?service=git-upload-pack", {}),
        ("POST", f"/{repo}.git/info/lfs/objects/batch", {"json": batch}),
        ("POST", f"{api}/preupload/main", {"json": {"files": [{"path": "x", "size": 1, "sample": ""}]}}),
    ]
    shut = {path: room.ask(method, path, carol, **dict(more)) for method, path, more in doors}
    for path, answer in shut.items():
        assert (path, answer.status_code, answer.headers["x-error-code"]) == (path, 403, "GatedRepo")
        assert b"secret" not in answer.content
    assert "ask-access" in shut[f"/{repo}/blob/main/a.txt"].text
    room.post(f"{api}/user-access-request/grant", alice, json={"user": "carol"})
    for method, path, more in doors:
        assert room.ask(method, path, carol, **dict(more)).status_code in (200, 302, 307), path


def test_a_gated_repository_is_not_copied_from(room: Room) -> None:
    repo, carol = gated(room), room.cast.carol
    answer = room.post(f"/api/models/{repo}/duplicate", carol, json={"repository": "carol/copy"})
    assert answer.headers["x-error-code"] == "GatedRepo"
    assert room.post("/api/buckets/carol/gate-copy", carol, json={}).status_code == 200
    line = {"type": "copyFile", "path": "a.txt", "sourceRepoType": "model", "sourceRepoId": repo, "sourcePath": "a.txt"}

    def copy() -> int:
        where = "/api/buckets/carol/gate-copy/batch"
        body, kind = json.dumps(line).encode() + b"\n", {"content-type": "application/x-ndjson"}
        return room.post(where, carol, content=body, headers=kind).status_code

    assert copy() == 422
    assert room.get("/buckets/carol/gate-copy/resolve/a.txt", carol).status_code == 404
    room.post(f"/api/models/{repo}/user-access-request/grant", room.cast.alice, json={"user": "carol"})
    assert copy() == 200
    assert room.get("/buckets/carol/gate-copy/resolve/a.txt", carol).content == b"secret words"


def test_a_private_repository_keeps_its_secret_from_who_was_let_in(room: Room) -> None:
    repo = gated(room)
    room.post(f"/api/models/{repo}/user-access-request/grant", room.cast.alice, json={"user": "carol"})
    assert repo in room_page(room)
    room.ask("PUT", f"/api/models/{repo}/settings", room.cast.alice, json={"visibility": "private"})
    assert room.get(f"/{repo}/resolve/main/a.txt", room.cast.carol).status_code == 404
    assert ask(room, repo).status_code == 404
    assert repo not in room_page(room)


def room_page(room: Room) -> str:
    found = room.hub.gates.mine(room.actor(room.cast.carol))
    return " ".join(repo.repo_id.full for _, repo in found)


def test_a_gate_that_is_not_there(room: Room) -> None:
    repo = room.repo(room.cast.alice, "open")
    assert ask(room, repo).status_code == 400
    where = f"/api/models/{repo}/user-access-request/grant"
    assert room.post(where, room.cast.alice, json={"user": "carol"}).status_code == 400
    assert room.get(f"/api/models/{repo}/user-access-request/zzz", room.cast.alice).status_code == 400


def test_the_pages_of_a_pull_request_are_behind_the_gate(room: Room) -> None:
    repo, alice, carol = gated(room), room.cast.alice, room.cast.carol
    repo_id = RepoId.parse(RepoKind.MODEL, repo)
    created = room.post(
        f"/api/models/{repo}/discussions", alice, json={"title": "t", "description": "d", "pullRequest": True}
    )
    assert created.status_code == 200, created.text
    num = created.json()["num"]
    page = room.get(f"/{repo}/discussions/{num}", carol)
    assert (page.status_code, page.headers["x-error-code"]) == (403, "GatedRepo")
    assert "ask-access" in page.text
    with pytest.raises(GatedRepo):
        room.hub.community.details(room.actor(carol), repo_id, num, True)
