"""Headless Chromium, and a page that tells on the hub: what goes wrong in the browser fails the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from pioche.testkit.people import Person

# Without these Chromium calls home, which a test of "no other hosts" should not have to explain.
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The Chromium of the system, or the one that `PIOCHE_TEST_BROWSER` names."""
    path = Path(os.environ.get("PIOCHE_TEST_BROWSER", "/usr/bin/chromium"))
    if not path.exists():
        pytest.skip(f"There is no Chromium at {path}; `make setup` installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=_ARGUMENTS)
        yield browser
        browser.close()


class Watch:
    """Notes what a page must never do: log errors, throw, or ask another host."""

    def __init__(self, page: Page, url: str) -> None:
        self.problems: list[str] = []
        self._host = urlsplit(url).netloc
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        page.on("request", self._on_request)

    def allow(self, text: str) -> None:
        """Forget problems that mention `text`, such as the 404 that a test asks for on purpose."""
        self.problems = [problem for problem in self.problems if text not in problem]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._host:
            self.problems.append(f"request to another host: {request.url}")


@contextmanager
def watched_page(browser: Browser, url: str) -> Iterator[tuple[Page, Watch]]:
    """A page in a context of its own (no cookies) whose relative addresses start at `url`."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    watch = Watch(page, url)
    yield page, watch
    context.close()
    assert not watch.problems, "The browser reported:\n" + "\n".join(watch.problems)


def log_in(page: Page, person: Person) -> None:
    """Through the form, as people do."""
    page.goto("/login")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
