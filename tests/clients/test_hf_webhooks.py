"""Webhooks with the stock client: every method, every command."""

from __future__ import annotations

import json

import pytest
from huggingface_hub import WebhookWatchedItem

from pioche.testkit.clients import Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.client

URL = "https://example.org/hook"


def test_every_method(hf: Hf, cast: Cast, make: Make) -> None:
    api = hf.as_(cast.alice).api
    model = make.repo(cast.alice)
    watched = [WebhookWatchedItem(type="model", name=model), {"type": "org", "name": cast.org}]
    made = api.create_webhook(url=URL, watched=watched, domains=["repo"], secret="between-us")
    assert (made.url, made.domains, made.secret, made.disabled) == (URL, ["repo"], "between-us", False)
    assert {(one.type, one.name) for one in made.watched} == {("model", model), ("org", cast.org)}

    assert made.id in {one.id for one in api.list_webhooks()}
    changed = api.update_webhook(made.id, url=f"{URL}/2", domains=["repo", "discussion"])
    assert (changed.url, changed.domains) == (f"{URL}/2", ["repo", "discussion"])
    assert {one.name for one in changed.watched} == {model, cast.org}, "an update without them keeps them"
    assert api.disable_webhook(made.id).disabled
    assert not api.enable_webhook(made.id).disabled
    assert api.get_webhook(made.id).url == f"{URL}/2"
    api.delete_webhook(made.id)
    assert made.id not in {one.id for one in api.list_webhooks()}


def test_every_command(hf: Hf, cast: Cast, make: Make) -> None:
    alice, model = hf.as_(cast.alice), make.repo(cast.alice)
    alice.run("webhooks", "create", "--url", URL, "--watch", f"model:{model}")
    found = [one for one in json.loads(alice.run("webhooks", "list", "--format", "json")) if model in json.dumps(one)]
    number = found[0]["id"]
    assert URL in alice.run("webhooks", "info", number)
    alice.run("webhooks", "update", number, "--url", f"{URL}/2")
    alice.run("webhooks", "disable", number)
    assert json.loads(alice.run("webhooks", "info", number, "--format", "json"))["disabled"] is True
    alice.run("webhooks", "enable", number)
    alice.run("webhooks", "delete", number, "--yes")
    assert number not in alice.run("webhooks", "list", "--format", "json")
