"""The first minute of a hub: it is empty, it says what to do, and one link makes its admin."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from pioche.testkit.browser import watched_page
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser


def test_the_link_from_the_terminal_makes_the_admin_once(browser: Browser, own_server: Server) -> None:
    with watched_page(browser, own_server.url) as (page, watch):
        page.goto("/")
        expect(page.get_by_role("heading", name="This hub is new")).to_be_visible()
        expect(page.get_by_text("Open the link that the terminal printed")).to_be_visible()

        link = re.search(r"http\S+/setup\?key=\S+", own_server.logs)
        assert link, own_server.logs
        page.goto(link[0])
        page.get_by_label("User name").fill("ada")
        page.get_by_label("Full name").fill("Ada")
        page.get_by_label("Email").fill("ada@example.test")
        page.get_by_label("Password").fill("a long password")
        page.get_by_role("button", name="Make the admin").click()

        expect(page.get_by_role("heading", name="Welcome, Ada")).to_be_visible()
        expect(page.get_by_text(f"export HF_ENDPOINT={own_server.url}")).to_be_visible()
        page.get_by_label("Your account").click()
        expect(page.get_by_role("button", name="Log out")).to_be_visible()

        page.goto(link[0])
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        watch.allow("404")
    assert "ada" in own_server.command("user", "list")
