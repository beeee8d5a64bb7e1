"""The path that people take most, whole: find a model, like it, talk about it, propose a change to its card, merge it.

`PIOCHE_SCREENSHOTS=/a/folder` keeps what each step looked like, wide and on a phone, light and dark.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 800}


def card(task: str, library: str, licence: str) -> str:
    lines = [f"pipeline_tag: {task}", f"library_name: {library}", f"license: {licence}", "tags: [weather]  # by hand"]
    return "\n".join(["---", *lines, "---", "# Weather\n", "It knows rain.\n"])


def look(page: Page, name: str) -> None:
    """No part of a page is wider than the screen."""
    folder = os.environ.get("PIOCHE_SCREENSHOTS")
    for scheme in ("light", "dark") if folder else ():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=Path(str(folder)) / f"path-{name}-{scheme}-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name


def choose(page: Page, group: str, value: str) -> None:
    sheet = page.locator("details.sheet > summary")
    if sheet.is_visible() and page.locator("details.sheet[open]").count() == 0:
        sheet.click()
    page.get_by_role("region", name=group).get_by_role("link", name=value).click()
    expect(page.locator("a[aria-current=true]", has_text=value)).to_have_count(1)


def find(page: Page, repo: str) -> None:
    page.goto(f"/models?search={repo.partition('/')[2]}")
    choose(page, "Task", "Text classification")
    choose(page, "Library", "transformers")
    choose(page, "Licence", "mit")
    look(page, "1-found")
    page.locator("a[data-item]").get_by_text(repo).click()
    page.wait_for_url(f"**/{repo}")


def propose(page: Page, repo: str) -> None:
    page.goto(f"/{repo}")
    page.get_by_role("link", name="Edit the card").click()
    content = page.get_by_label("Content")
    content.fill(content.input_value().replace("It knows rain.", "It knows rain and snow."))
    page.get_by_label("What changes").fill("Tell of the snow")
    page.get_by_label("Why (optional)").fill("It was **trained** on both.")
    expect(page.get_by_text("Open a pull request")).to_be_visible()
    look(page, "4-edit")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/discussions/\d+$"))


def review_and_merge(page: Page, repo: str) -> None:
    page.goto(f"/{repo}/discussions")
    page.get_by_role("link", name="Tell of the snow").click()
    expect(page.locator(".comment strong").filter(has_text="trained")).to_be_visible()
    expect(page.get_by_text("It has no conflicts with main.")).to_be_visible()
    look(page, "5-pull-request")
    page.get_by_role("link", name="Files changed").click()
    expect(page.locator("tr.add")).to_contain_text("rain and snow")
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator("td.del").last).to_contain_text("It knows rain.")
    look(page, "6-files")
    page.get_by_role("link", name="Conversation").click()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("Merged.", exact=True)).to_be_visible()
    look(page, "7-merged")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_the_path_that_people_take_most(
    visit: Visits, cast: Cast, make: Make, size: dict[str, int], scripts: bool
) -> None:
    repo = make.repo(cast.alice, files={"README.md": card("text-classification", "transformers", "mit")})
    stem = repo.partition("/")[2]
    for number, parts in enumerate(
        [("text-generation", "transformers", "mit"), ("text-classification", "spacy", "mit")]
    ):
        make.repo(cast.alice, files={"README.md": card(*parts)}, name=f"{stem}-other{number}")
    reader = visit(cast.carol, scripts=scripts, viewport=size)
    find(reader, repo)
    reader.locator("button[value=like]").click()
    expect(reader.locator("button[value=unlike]")).to_be_visible()
    look(reader, "2-liked")

    reader.get_by_role("link", name="Community").click()
    reader.get_by_role("link", name="New discussion").first.click()
    reader.get_by_label("Title").fill("Does it know snow?")
    reader.get_by_label("What is it about?").fill("The card tells only of `rain`.")
    reader.get_by_role("button", name="Start the discussion").click()
    expect(reader.locator(".comment code")).to_have_text("rain")
    look(reader, "3-discussion")

    propose(reader, repo)
    expect(reader.get_by_role("button", name="Merge")).to_have_count(0)
    review_and_merge(visit(cast.alice, scripts=scripts, viewport=size), repo)
    reader.goto(f"/{repo}")
    expect(reader.get_by_text("It knows rain and snow.")).to_be_visible()
