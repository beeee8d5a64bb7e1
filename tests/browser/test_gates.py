"""Asking for access to a gated repository, and letting people in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser

CARD = """---
extra_gated_heading: Tell us who you are
extra_gated_prompt: The data shows people. **Use it with care.**
extra_gated_fields:
  Company: text
  Country: country
  From: date_picker
  Use:
    type: select
    options: [Research, Education]
  I will not pass it on: checkbox
---
# Faces
"""


def test_asking_and_letting_in(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"README.md": CARD, "a.txt": "secret words"})
    owner, carol = visit(cast.alice), visit(cast.carol)
    owner.goto(f"/{repo}/settings")
    owner.get_by_role("link", name="Gate and requests").click()
    owner.get_by_label("Whom you let in").check()
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Saved.")).to_be_visible()

    visit.expect_error("status of 40")
    carol.goto(f"/{repo}/blob/main/a.txt")
    expect(carol.get_by_role("heading", name="Tell us who you are")).to_be_visible()
    expect(carol.get_by_text("secret words")).to_have_count(0)
    _ask(carol)
    expect(carol.get_by_text("Your request waits for the owner.")).to_be_visible()
    _picture(carol, "waiting")
    carol.goto("/settings/gated-repos")
    expect(carol.get_by_role("link", name=repo)).to_be_visible()
    _picture(carol, "mine")

    owner.goto(f"/{repo}/settings/access")
    expect(owner.get_by_text("Carol & daughters")).to_be_visible()
    owner.get_by_label("carol", exact=False).first.check()
    _picture(owner, "queue")
    owner.get_by_role("button", name="Accept").click()
    expect(owner.get_by_text("Done.")).to_be_visible()
    carol.goto(f"/{repo}/blob/main/a.txt")
    expect(carol.get_by_text("secret words")).to_be_visible()

    owner.goto(f"/{repo}/settings/access?status=accepted")
    owner.get_by_label("carol", exact=False).first.check()
    owner.get_by_label("Reason for turning down").fill("The study is over")
    owner.get_by_role("button", name="Turn down").click()
    carol.goto(f"/{repo}")
    expect(carol.get_by_text("The study is over")).to_be_visible()
    _picture(carol, "rejected")
    _let_in(owner, repo)


def test_without_scripts_and_without_a_log_in(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"a.txt": "secret words"})
    make.api(cast.alice).update_repo_settings(repo, gated="auto")
    nobody, carol = visit(scripts=False), visit(cast.carol, scripts=False)
    visit.expect_error("status of 40")
    nobody.goto(f"/{repo}/blob/main/a.txt")
    expect(nobody.get_by_role("link", name="Log in to ask for access")).to_be_visible()
    carol.goto(f"/{repo}/tree/main")
    expect(carol.get_by_role("link", name="a.txt").first).to_be_visible()
    carol.get_by_role("button", name="Agree and get access").click()
    carol.goto(f"/{repo}/blob/main/a.txt")
    expect(carol.get_by_text("secret words")).to_be_visible()


def _ask(carol: Page) -> None:
    carol.get_by_label("Company").fill("Carol & daughters")
    carol.get_by_label("Country").select_option("Netherlands")
    carol.get_by_label("From").fill("2026-01-31")
    carol.get_by_label("Use", exact=True).select_option("Research")
    carol.get_by_label("I will not pass it on").check()
    _picture(carol, "form")
    carol.get_by_role("button", name="Agree and ask for access").click()


def _let_in(owner: Page, repo: str) -> None:
    owner.goto(f"/{repo}/settings/access")
    owner.get_by_label("User or organisation").fill("nobody-of-this-name")
    owner.get_by_role("button", name="Let in").click()
    expect(owner.get_by_text("There is no user or organisation")).to_be_visible()
    owner.get_by_label("User or organisation").fill("carol")
    owner.get_by_role("button", name="Let in").click()
    expect(owner.get_by_text("carol has access now.")).to_be_visible()


def _picture(page: Page, name: str) -> None:
    """For people to look at, where the environment names a folder."""
    if folder := os.environ.get("PIOCHE_PICTURES"):
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 375)):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})
