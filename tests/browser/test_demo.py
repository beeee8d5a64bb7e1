"""The button that fills a hub with examples, and what is there then."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from pioche.testkit.browser import Visits
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.library]


@pytest.fixture
def own_visit(browser: Browser, own_server: Server, own_cast: Cast) -> Iterator[Visits]:
    visits = Visits(browser, own_server.url, {})
    yield visits
    visits.close()


@pytest.mark.timeout(600)
def test_an_admin_fills_the_hub(own_visit: Visits, own_cast: Cast, own_server: Server) -> None:
    page = own_visit(own_cast.alice)
    page.goto("/train")
    expect(page.get_by_role("button", name="Fill this hub with examples")).to_have_count(0)
    page = own_visit(own_cast.root)
    page.goto("/train")
    page.get_by_role("button", name="Fill this hub with examples").click()
    expect(page.get_by_text("Examples are being made")).to_be_visible()
    with httpx.Client(base_url=own_server.url, timeout=60) as client:
        until(client, "/api/datasets/examples/shapes", 240)
        found = client.get("/api/datasets?author=examples").json()
        assert {one["id"].partition("/")[2] for one in found} == {"which-library", "flowers", "digits", "shapes"}
        # In the second half of the work: what they learn from is there, and the first of them learns.
        deadline = time.monotonic() + 240
        while "examples/shapes-painter" not in client.get("/train", headers=as_root(own_cast)).text:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert client.get("/api/datasets/examples/which-library/discussions").json()["count"] == 1
    again = own_server.command("demo")
    assert "dataset" not in again
    assert "training" not in again
    page.goto("/train")
    expect(page.get_by_role("link", name="examples/digits-painter")).to_be_visible()
    stop_all(own_server, own_cast)


def as_root(cast: Cast) -> dict[str, str]:
    return {"authorization": f"Bearer {cast.root.token}"}


def stop_all(server: Server, cast: Cast) -> None:
    """Trainings outlive their hub: this one would learn on after the test."""
    with httpx.Client(base_url=server.url, headers=as_root(cast), timeout=60) as client:
        deadline = time.monotonic() + 60
        while going := [one for one in client.get("/api/trainings").json() if one["endedAt"] is None]:
            assert time.monotonic() < deadline, going
            for one in reversed(going):
                client.post(f"/api/trainings/examples/{one['id']}/stop")
            time.sleep(0.5)


def until(client: httpx.Client, address: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while client.get(address).status_code != 200:
        assert time.monotonic() < deadline, address
        time.sleep(0.5)
