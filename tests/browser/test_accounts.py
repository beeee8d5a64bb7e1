"""Joining, logging in and out, and the tokens that programs use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from playwright.sync_api import Browser, Page, expect

from pioche.testkit.browser import Visits, watched_page
from pioche.testkit.people import Cast, cast_on
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser


def fill_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.test")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Make my account").click()


def test_join_log_out_and_log_in(visit: Visits) -> None:
    page = visit()
    page.goto("/")
    page.get_by_role("link", name="Sign up").click()
    fill_in(page, "dora", "quite a long one")
    expect(page.get_by_role("heading", name="Welcome, dora")).to_be_visible()

    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()

    # Who asks for a page that needs a log-in comes to it after that.
    page.goto("/settings/tokens")
    page.get_by_label("User name or email").fill("dora")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Log in").click()
    visit.expect_error("status of 4")
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("User name or email")).to_have_value("dora")
    page.get_by_label("Password").fill("quite a long one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Access tokens")).to_be_visible()


def test_what_is_wrong_is_said_beside_the_field(visit: Visits) -> None:
    page = visit()
    page.goto("/signup")
    fill_in(page, "Alice", "quite a long one")
    visit.expect_error("status of 4")
    name = page.get_by_label("User name")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#name-error")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("Alice@example.test")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "closed", {"PIOCHE_SIGNUP_OPEN": "no"}).start()
    cast_on(server.data)
    yield server
    server.kill9()


def test_a_closed_hub_says_so(browser: Browser, closed: Server) -> None:
    with watched_page(browser, closed.url) as (page, watch):
        page.goto("/")
        expect(page.get_by_role("link", name="Log in")).to_be_visible()
        expect(page.get_by_role("link", name="Sign up")).to_have_count(0)
        page.goto("/join")
        expect(page.get_by_text("Joining is closed on this hub. Ask its admin for an account.")).to_be_visible()
        expect(page.get_by_label("Password")).to_have_count(0)
        watch.allow("403")


def test_a_token_is_shown_once_and_works(visit: Visits, cast: Cast, server: Server) -> None:
    page = visit(cast.carol)
    page.goto("/settings/tokens")
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("radio", name="Write All that you may do").check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("Copy it now: it is not shown again.")).to_be_visible()
    secret = page.locator(".command code").first.inner_text()
    expect(page.get_by_text(f"hf auth login --token {secret}")).to_be_visible()

    api = HfApi(endpoint=server.url, token=secret)
    assert api.whoami()["name"] == "carol"
    assert api.whoami()["auth"]["accessToken"]["displayName"] == "laptop"
    api.create_repo("carol/from-a-page-token")

    page.goto("/settings/tokens")
    expect(page.get_by_text("laptop")).to_be_visible()
    assert secret not in page.content()

    page.get_by_role("listitem").filter(has_text="laptop").get_by_text("Regenerate or delete").click()
    page.get_by_role("listitem").filter(has_text="laptop").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The token is deleted.")).to_be_visible()
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        api.whoami()
