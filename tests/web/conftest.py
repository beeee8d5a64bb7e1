"""What the browser tests of the face share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from pioche.testkit.browser import log_in, watched_page
from pioche.testkit.people import Cast
from pioche.testkit.server import Server


@pytest.fixture
def alice_page(browser: Browser, server: Server, cast: Cast) -> Iterator[Page]:
    """A page where alice is logged in."""
    with watched_page(browser, server.url) as (page, _):
        log_in(page, cast.alice)
        yield page
