"""Following somebody, being told of an answer, reading it, and muting."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser


def test_follow_be_told_read_and_mute(visit: Visits, cast: Cast, make: Make) -> None:
    model = make.repo(cast.alice, files={"README.md": "# Weather\n"})
    title = f"How warm is {model}?"
    num = make.api(cast.alice).create_discussion(model, title, description="Tell me.").num
    bob, alice = visit(cast.bob), visit(cast.alice)

    bob.goto("/alice")
    bob.get_by_role("button", name="Follow", exact=True).click()
    expect(bob.get_by_role("button", name="Following")).to_be_visible()
    bob.goto("/")
    expect(bob.get_by_role("link", name=title).first).to_be_visible()
    bob.goto(f"/{model}/discussions/{num}")
    bob.get_by_label("Answer (Markdown)").fill("Quite, @alice.")
    bob.get_by_role("button", name="Answer").click()

    bell = alice.get_by_role("link", name="unread notification")
    for _ in range(20):
        alice.goto("/")
        if bell.count():
            break
        alice.wait_for_timeout(250)
    bell.click()
    entry = alice.get_by_role("listitem").filter(has_text=title)
    expect(entry.get_by_text("you were mentioned")).to_be_visible()
    entry.get_by_role("link", name=title).click()
    alice.wait_for_url(f"**/{model}/discussions/{num}?comment=*#comment-*")
    alice.goto("/notifications?view=unread")
    expect(entry).to_have_count(0)
    alice.goto("/notifications")
    entry.get_by_role("button", name="Mute").click()
    expect(alice.get_by_text("You are told nothing more about this.")).to_be_visible()
    expect(entry).to_have_count(0)
    alice.goto(f"/{model}/discussions/{num}")
    expect(alice.get_by_text("You are told of nothing here.")).to_be_visible()

    bob.goto("/alice")
    bob.get_by_role("button", name="Following").click()
    expect(bob.get_by_role("button", name="Follow", exact=True)).to_be_visible()
