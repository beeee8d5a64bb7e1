"""Talking about a repository: previews, reactions, pictures, and what its owner does about it."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser

PASTE = """(area, data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "a [b].png", { type: "image/png" }));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_a_preview_and_a_pasted_picture(visit: Visits, cast: Cast, make: Make, png: bytes) -> None:
    repo = make.repo(cast.alice)
    page = visit(cast.carol)
    page.goto(f"/{repo}/discussions/new")
    page.get_by_label("Title").fill("It looks odd")
    area = page.get_by_label("What is it about? (Markdown)")
    area.fill("@alice, *look*: ")
    area.evaluate("area => area.setSelectionRange(area.value.length, area.value.length)")
    area.evaluate(PASTE, base64.b64encode(png).decode())
    expect(area).to_have_value(re.compile(r"\]\(/uploads/"))
    assert area.input_value().startswith("@alice, *look*: ![a b.png](/uploads/")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".compose em")).to_have_text("look")
    expect(page.locator(".compose a")).to_have_attribute("href", "/alice")
    page.get_by_role("button", name="Write").click()
    page.get_by_role("button", name="Start the discussion").click()
    picture = page.locator(".comment img[src^='/uploads/']")
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0


def test_what_is_no_picture_is_said(visit: Visits, cast: Cast, make: Make) -> None:
    page = visit(cast.carol)
    page.goto(f"/{make.repo(cast.alice)}/discussions/new")
    visit.expect_error("400")
    page.get_by_label("What is it about? (Markdown)").evaluate(PASTE, base64.b64encode(b"not a picture").decode())
    expect(page.locator("#toasts")).to_contain_text("Attach a PNG")
    expect(page.get_by_label("What is it about? (Markdown)")).to_have_value("")


def test_without_scripts(visit: Visits, cast: Cast, make: Make) -> None:
    """Preview, reactions and locks by buttons alone."""
    repo = make.repo(cast.alice)
    make.api(cast.carol).create_discussion(repo, "A question", description="Why?")
    page = visit(cast.alice, scripts=False)
    page.goto(f"/{repo}/discussions/1")
    page.get_by_label("Answer (Markdown)").fill("*Because*")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("section.comment em")).to_have_text("Because")
    expect(page.get_by_label("Answer (Markdown)")).to_have_value("*Because*")
    page.get_by_label("React", exact=True).click()
    page.get_by_role("button", name="React with 🚀").click()
    given = page.locator("button.reaction")
    expect(given).to_have_attribute("aria-pressed", "true")
    given.click()
    expect(page.locator("button.reaction")).to_have_count(0)
    page.get_by_text("Manage").click()
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_text("alice: locked this")).to_be_visible()
    other = visit(cast.carol, scripts=False)
    other.goto(f"/{repo}/discussions/1")
    expect(other.get_by_text("This discussion is locked")).to_be_visible()
    expect(other.get_by_role("button", name="Answer")).to_have_count(0)
    page.get_by_text("Manage").click()
    page.get_by_text("Delete this discussion").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("#1 is deleted.")).to_be_visible()
    expect(page.get_by_text("Nothing to discuss yet")).to_be_visible()


def test_two_who_edit_at_once(visit: Visits, cast: Cast, make: Make) -> None:
    """The second one is told, and keeps what they wrote."""
    repo = make.repo(cast.alice)
    make.api(cast.carol).create_discussion(repo, "A question", description="One")
    pages = [visit(cast.alice), visit(cast.carol)]
    for page in pages:
        page.goto(f"/{repo}/discussions/1")
        page.get_by_text("Edit or hide").click()
    for page, text in zip(pages, ("Two", "Three"), strict=True):
        page.get_by_label("Comment (Markdown)").fill(text)
    pages[0].get_by_role("button", name="Save the comment").click()
    expect(pages[0].locator(".comment-body").first).to_have_text("Two")
    visit.expect_error("409")
    pages[1].get_by_role("button", name="Save the comment").click()
    expect(pages[1].get_by_text("Somebody edited this comment since you read it.")).to_be_visible()
    expect(pages[1].get_by_label("Comment (Markdown)")).to_have_value("Three")
    expect(pages[1].locator(".comment-body").first).to_have_text("Two")
    pages[1].get_by_role("button", name="Save the comment").click()
    expect(pages[1].locator(".comment-body").first).to_have_text("Three")


def test_find_among_many_and_turn_off(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice)
    for title in ("It loads slowly", "Where is the licence?"):
        make.api(cast.carol).create_discussion(repo, title, description="d")
    page = visit(cast.alice)
    page.goto(f"/{repo}/discussions")
    page.get_by_label("Words of the title").fill("LICENCE")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("a[data-item]")).to_have_text(["Where is the licence?"])
    page.get_by_label("Opened by").fill("bob")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.goto(f"/{repo}/settings")
    switch = page.locator("form", has_text="May people discuss here?")
    switch.get_by_role("radio", name="No What was said").check()
    switch.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nobody can discuss here now.")).to_be_visible()
    page.goto(f"/{repo}/discussions")
    expect(page.get_by_text("Discussions are turned off here.")).to_be_visible()
    expect(page.get_by_role("link", name="New discussion")).to_have_count(0)
    page.goto(f"/{repo}/discussions/1")
    expect(page.get_by_role("button", name="Answer")).to_have_count(0)


def test_names_are_offered_and_comments_quoted(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice)
    make.api(cast.carol).create_discussion(repo, "A question", description="Line one\n\nline **two**")
    page = visit(cast.bob)
    page.goto(f"/{repo}/discussions/1")
    page.get_by_role("link", name="Quote this in an answer").click()
    area = page.get_by_label("Answer (Markdown)")
    expect(area).to_have_value("> Line one\n> \n> line **two**\n\n")
    area.press("Control+End")
    area.press_sequentially("I think @car")
    expect(page.get_by_role("option", name="carol")).to_be_visible()
    area.press("Enter")
    area.press_sequentially("knows. mail@ali")
    page.wait_for_timeout(400)
    expect(page.get_by_role("option")).to_have_count(0)
    page.get_by_role("button", name="Answer").click()
    said = page.locator(".comment-body").last
    expect(said.locator("blockquote strong")).to_have_text("two")
    expect(said.get_by_role("link", name="@carol")).to_have_attribute("href", "/carol")
