"""Headless Chromium, and a page that tells on the hub: what goes wrong in the browser fails the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
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
        self._found: list[str] = []
        self._allowed: list[str] = []
        self._host = urlsplit(url).netloc
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._found.append(f"script error: {error}"))
        page.on("request", self._on_request)

    def allow(self, text: str) -> None:
        """Problems that mention `text` are none, before and after: the 404 that a test asks for on purpose."""
        self._allowed.append(text)

    @property
    def problems(self) -> list[str]:
        return [problem for problem in self._found if not any(text in problem for text in self._allowed)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._found.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self._host:
            self._found.append(f"request to another host: {request.url}")


@contextmanager
def watched_page(browser: Browser, url: str, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """A page in a context of its own (no cookies) whose relative addresses start at `url`.

    `options` are those of a Playwright context, such as `java_script_enabled=False`.
    """
    context = browser.new_context(base_url=url, **{"viewport": {"width": 1280, "height": 900}, **options})
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


Logins = dict[str, Any]
"""Name of a person -> cookies of a log-in."""


class Visits:
    """Opens pages as people: `visit(cast.alice)`, or `visit()` as nobody. Each has a browser to itself.

    Errors in the console and requests to other hosts fail the test; `expect_error("404")` forgives one asked for.
    """

    def __init__(self, browser: Browser, url: str, logins: Logins) -> None:
        self.browser = browser
        self.url = url
        self._logins = logins
        self._stack = ExitStack()
        self._watches: list[Watch] = []

    def __call__(self, person: Person | None = None, scripts: bool = True, **options: Any) -> Page:
        if person is not None:
            options["storage_state"] = self._logins.get(person.name) or self._log_in(person)
        pair = watched_page(self.browser, self.url, java_script_enabled=scripts, **options)
        page, watch = self._stack.enter_context(pair)
        self._watches.append(watch)
        return page

    def expect_error(self, text: str) -> None:
        for watch in self._watches:
            watch.allow(text)

    def close(self) -> None:
        self._stack.close()

    def _log_in(self, person: Person) -> Any:
        with watched_page(self.browser, self.url) as (page, _):
            log_in(page, person)
            self._logins[person.name] = page.context.storage_state()
        return self._logins[person.name]
