"""What is sent, to whom, and how it is signed."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import WebhookPayload
from tests.webhooks.conftest import HookRoom, Receiver

from pioche.accounts.types import NewGroup
from pioche.testkit.room import small


def test_the_life_of_a_repository_is_told(room: HookRoom, receiver: Receiver) -> None:
    alice = room.cast.alice
    room.hook(alice, receiver.url, ("user", "alice"))
    model = room.model(alice)
    oid = room.write(alice, model, {"a.txt": "1"})
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    room.post("/api/repos/move", alice, json={"fromRepo": model, "toRepo": f"{model}-new", "type": "model"})
    room.settle()
    name = model.partition("/")[2]
    room.ask("DELETE", "/api/repos/delete", alice, json={"name": f"{name}-new", "organization": "alice"})
    room.settle()

    made, update = ["create repo", "update repo.content"], "update repo.content"
    assert receiver.said == [*made, update, "update repo.config", "move repo", "delete repo"]
    created, _first, updated, hidden, moved, deleted = receiver.messages
    assert created["repo"]["name"] == model
    ref = updated["updatedRefs"][0]
    assert (ref["ref"], ref["newSha"]) == ("refs/heads/main", oid)
    assert re.fullmatch("[0-9a-f]{40}", ref["oldSha"])
    assert hidden["repo"]["private"] is True
    assert (moved["repo"]["name"], moved["movedTo"]["name"]) == (model, f"{model}-new")
    assert deleted["repo"]["name"] == f"{model}-new"
    assert deleted["webhook"]["version"] == 3


def test_discussions_are_told_and_the_client_reads_the_messages(room: HookRoom, receiver: Receiver) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    room.hook(alice, receiver.url, ("model", model), domains=["discussion"])
    base = f"/api/models/{model}/discussions"
    num = room.post(base, bob, json={"title": "Why?", "description": "I wonder", "pullRequest": False}).json()["num"]
    room.settle()
    room.post(f"{base}/{num}/comment", alice, json={"comment": "Because"})
    room.settle()
    room.post(f"{base}/{num}/status", alice, json={"status": "closed"})
    room.settle()
    room.write(alice, model, {"b.txt": "of the other domain"})
    room.settle()

    assert receiver.said == ["create discussion", "create discussion.comment", "update discussion"]
    opened, answered, closed = (WebhookPayload.model_validate(one) for one in receiver.messages)
    assert (opened.discussion.num, opened.discussion.title, opened.comment.content) == (num, "Why?", "I wonder")
    assert answered.comment.content == "Because"
    assert closed.discussion.status == "closed"
    assert opened.repo.name == model
    assert opened.repo.url.web.endswith(f"/{model}")


def test_the_secret_is_sent_and_signs(room: HookRoom, receiver: Receiver) -> None:
    model = room.model(room.cast.alice)
    room.hook(room.cast.alice, receiver.url, ("model", model), secret="between-us")
    room.write(room.cast.alice, model, {"a.txt": "1"})
    room.settle()
    headers, body = receiver.taken[0]
    assert headers["X-Webhook-Secret"] == "between-us"
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["X-Webhook-Signature"])
    assert found
    assert hmac.new(b"between-us", f"{found[1]}.".encode() + body, hashlib.sha256).hexdigest() == found[2]


def test_who_may_not_see_is_not_told(room: HookRoom, receiver: Receiver) -> None:
    """Of what is private from the start, of what became so, and of its deletion."""
    alice, carol = room.cast.alice, room.cast.carol
    room.hook(carol, receiver.url, ("user", "alice"))
    model = room.model(alice)
    room.settle()
    assert receiver.said == ["create repo", "update repo.content"]
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    room.write(alice, model, {"secret.txt": "1"})
    secret = room.model(alice, private=True)
    room.write(alice, secret, {"secret.txt": "1"})
    room.settle()
    for name in (model, secret):
        room.ask("DELETE", "/api/repos/delete", alice, json={"name": name.partition("/")[2], "organization": "alice"})
    room.settle()
    assert receiver.said == ["create repo", "update repo.content"]


def test_a_hook_shows_nothing_of_what_became_private(room: HookRoom, receiver: Receiver) -> None:
    alice, carol = room.cast.alice, room.cast.carol
    model = room.model(alice)
    made = room.hook(carol, receiver.url, ("model", model))
    room.ask("PUT", f"/api/models/{model}/settings", alice, json={"private": True})
    shown = room.get(f"/api/settings/webhooks/{made['id']}", carol).json()["webhook"]
    assert shown["watched"] == []
    body = {"url": receiver.url, "watched": [{"type": "model", "name": model}]}
    hidden = room.post("/api/settings/webhooks", carol, json=body)
    nothing = room.post(
        "/api/settings/webhooks",
        carol,
        json={"url": receiver.url, "watched": [{"type": "model", "name": "alice/nothing"}]},
    )
    assert hidden.status_code == nothing.status_code == 400
    assert hidden.json()["error"].replace(model, "X") == nothing.json()["error"].replace("alice/nothing", "X")


@pytest.mark.parametrize("count", [1, 3])
def test_a_commit_with_a_large_body_is_one_message(room: HookRoom, receiver: Receiver, count: int) -> None:
    model = room.model(room.cast.alice)
    room.hook(room.cast.alice, receiver.url, ("model", model))
    answer = room.commit(room.cast.alice, model, *(small(f"{n}.txt", "x") for n in range(count)))
    assert answer.status_code == 200
    room.settle()
    assert receiver.said == ["update repo.content"]


def test_the_check_in_the_guide_accepts_what_is_sent_and_nothing_else(room: HookRoom, receiver: Receiver) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "webhooks.md").read_text()
    code = re.search(r"```python\n(.*?)```", guide, re.S)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)
    model = room.model(room.cast.alice)
    room.hook(room.cast.alice, receiver.url, ("model", model), secret="between-us")
    room.write(room.cast.alice, model, {"a.txt": "1"})
    room.settle()
    headers, body = receiver.taken[0]
    assert names["is_genuine"](headers["X-Webhook-Signature"], body, "between-us")
    assert not names["is_genuine"](headers["X-Webhook-Signature"], body + b" ", "between-us")
    assert not names["is_genuine"](headers["X-Webhook-Signature"], body, "another")


def test_edits_hiding_and_deletion_are_told(room: HookRoom, receiver: Receiver) -> None:
    alice, bob = room.cast.alice, room.cast.bob
    model = room.model(alice)
    room.hook(alice, receiver.url, ("model", model), domains=["discussion"])
    base = f"/api/models/{model}/discussions"
    room.post(base, bob, json={"title": "Why?", "description": "I wonder"})
    comment = f"{base}/1/comment/{room.get(f'{base}/1').json()['events'][0]['id']}"
    for step in ("edit", "hide", "hide"):
        room.post(f"{comment}/{step}", bob, json={"content": "I know"})
        room.settle()
    room.ask("DELETE", f"{base}/1", alice)
    room.settle()
    update = "update discussion.comment"
    assert receiver.said == ["create discussion", update, update, "delete discussion"]
    _, edited, hidden, deleted = (WebhookPayload.model_validate(one) for one in receiver.messages)
    assert (edited.comment.content, hidden.comment.content, hidden.comment.hidden) == ("I know", None, True)
    assert (deleted.discussion.num, deleted.discussion.title) == (1, "Why?")


def test_a_group_is_the_limit_for_hooks_of_members_too(room: HookRoom, receiver: Receiver) -> None:
    """Of what is made in the group, what is put there, and of its deletion."""
    alice, bob = room.cast.alice, room.cast.bob
    room.hook(bob, receiver.url, ("org", "lab"))
    group = room.hub.accounts.groups.create(room.actor(alice), "lab", NewGroup("team"))
    number = f"{group.id:024x}"
    body = {"organization": "lab", "private": True}
    room.post("/api/repos/create", alice, json={**body, "name": "shown"})
    room.settle()
    assert receiver.said == ["create repo", "update repo.content"]
    room.post("/api/repos/create", alice, json={**body, "name": "hidden", "resourceGroupId": number})
    assert room.post("/api/models/lab/shown/resource-group", alice, json={"resourceGroupId": number}).status_code == 200
    room.write(alice, "lab/shown", {"secret.txt": "1"})
    room.settle()
    for name in ("shown", "hidden"):
        room.ask("DELETE", "/api/repos/delete", alice, json={"name": name, "organization": "lab"})
    room.settle()
    assert receiver.said == ["create repo", "update repo.content"]
