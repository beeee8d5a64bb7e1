"""Models are tried in their pages: a talk that streams, two side by side, a picture, a table."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from pioche.testkit import models
from pioche.testkit.browser import Visits
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.library]


@pytest.fixture(scope="module")
def publish(server: Server, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    api = Hf(server.url, tmp_path_factory.mktemp("api"), cast.alice).api

    def make(name: str, make_folder: Callable[..., Path]) -> str:
        folder = make_folder(tmp_path_factory.mktemp(name) / "model")
        api.create_repo(f"alice/{name}", exist_ok=True)
        api.upload_folder(repo_id=f"alice/{name}", folder_path=str(folder))
        return f"alice/{name}"

    return make


@pytest.mark.timeout(400)
def test_a_talk_streams_and_two_are_compared(visit: Visits, cast: Cast, publish: Callable[..., str]) -> None:
    first, second = publish("tries-talk", models.talker), publish("tries-talk-too", models.talker)
    page = visit(cast.alice)
    page.goto(f"/{first}/try")
    talk = page.locator("[data-chat]")
    expect(talk).to_be_visible()
    expect(page.locator("form[data-without-script]")).to_be_hidden()
    talk.get_by_label("Your message").fill("Hello there")
    talk.get_by_label("Your message").press("Enter")
    said = talk.locator("li[data-role=assistant]")
    expect(said).to_have_count(1)
    expect(said).not_to_have_attribute("aria-busy", "true", timeout=200_000)
    expect(said.locator("p")).not_to_be_empty()
    expect(said.locator("small")).to_contain_text(" s")

    page.goto("/playground")
    talk = page.locator("[data-chat]")
    talk.get_by_label("Model 1").select_option(first)
    talk.get_by_label("Model 2").select_option(second)
    talk.get_by_label("Your message").fill("Hello both")
    talk.get_by_role("button", name="Send").click()
    said = talk.locator("li[data-role=assistant] small")
    expect(said).to_have_count(2)
    for pane in range(2):
        expect(said.nth(pane)).to_contain_text(" s", timeout=200_000)
    talk.get_by_role("button", name="Begin anew").click()
    expect(talk.locator("li")).to_have_count(0)


def test_a_picture_is_looked_at(visit: Visits, cast: Cast, publish: Callable[..., str], tmp_path: Path) -> None:
    name = publish("tries-see", models.seer)
    page = visit(cast.alice)
    page.goto(f"/{name}/try")
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 20, 20)).save(out, "PNG")
    page.get_by_label("A picture").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    page.set_default_timeout(200_000)
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".tally li")).to_have_count(2, timeout=200_000)
