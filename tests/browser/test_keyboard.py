"""The pages without a mouse, and without scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from pioche.testkit.browser import Visits, log_in
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser


def test_keys_that_go_places(visit: Visits) -> None:
    page = visit()
    page.goto("/docs")
    page.keyboard.press("/")
    expect(page.locator("#quick-search")).to_be_focused()
    # What is typed into a field is text.
    page.keyboard.type("gm/")
    expect(page.locator("#quick-search")).to_have_value("gm/")
    page.locator("#quick-search").blur()
    for key, place in (("m", "models"), ("d", "datasets"), ("s", "spaces")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**/{place}")


def test_the_first_tab_skips_to_the_content(visit: Visits) -> None:
    page = visit()
    page.goto("/docs")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_menus_by_keyboard(visit: Visits, cast: Cast) -> None:
    page = visit(cast.alice)
    page.goto("/")
    menu = page.get_by_label("Your account")
    menu.focus()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Access tokens")
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(menu).to_be_focused()
    page.keyboard.press("Space")
    for _ in range(10):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/tokens")


def test_ctrl_enter_sends_what_one_writes(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice), visit(cast.alice)
    page.goto(f"/{repo}/new/main?name=notes.txt")
    page.get_by_label("Content").fill("written by hand\n")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/blob/main/notes.txt")


def test_everything_works_without_scripts(visit: Visits, cast: Cast, make: Make, tmp_path: Path) -> None:
    page, name = visit(scripts=False), make.name("plain")
    log_in(page, cast.alice)
    page.get_by_label("New", exact=True).click()
    page.get_by_role("link", name="Model", exact=True).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(f"**/alice/{name}")

    page.get_by_role("link", name="Upload files").click()
    sent = tmp_path / "notes.txt"
    sent.write_text("one\n")
    page.get_by_label("Files", exact=True).set_input_files(sent)
    page.get_by_role("button", name="Upload and commit").click()
    page.wait_for_url("**/tree/main")
    page.get_by_role("link", name="notes.txt", exact=True).click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Content").fill("two\n")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/blob/main/notes.txt")
    expect(page.locator(".blob")).to_contain_text("two")

    page.locator("main summary").filter(has_text="main").click()
    expect(page.get_by_role("link", name="main", exact=True)).to_be_visible()
    page.goto(f"/alice/{name}/settings")
    page.get_by_role("textbox", name=f"Type alice/{name} to confirm").fill(f"alice/{name}")
    page.get_by_role("button", name="Delete this repository").click()
    page.wait_for_url("**/alice")
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
