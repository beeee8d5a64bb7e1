"""Finding a model by what it is, without a mouse, without scripts, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.clients import Hf
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser

CARDS = {
    "find-triage": ("text-classification", "transformers", "mit", "en"),
    "find-mood": ("text-classification", "transformers", "apache-2.0", "fr"),
    "find-words": ("text-classification", "spacy", "mit", "en"),
    "find-story": ("text-generation", "transformers", "mit", "en"),
}


@pytest.fixture(scope="module")
def models(server: Server, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> None:
    api = Hf(server.url, tmp_path_factory.mktemp("finding"), cast.alice).api
    for name, (task, library, licence, language) in CARDS.items():
        api.create_repo(f"alice/{name}", exist_ok=True)
        lines = [f"pipeline_tag: {task}", f"library_name: {library}", f"license: {licence}", f"language: {language}"]
        card = "\n".join(["---", *lines, "---", f"# {name}\n"])
        api.upload_file(path_or_fileobj=card.encode(), path_in_repo="README.md", repo_id=f"alice/{name}")


def listed(page: Page) -> list[str]:
    return page.locator("a[data-item]").all_inner_texts()


def choose(page: Page, group: str, value: str) -> None:
    link = page.get_by_role("region", name=group).get_by_role("link", name=value)
    link.focus()
    page.keyboard.press("Enter")
    chosen = page.get_by_role("region", name=group).get_by_role("link", name=value)
    expect(chosen).to_have_attribute("aria-current", "true")
    expect(chosen).to_be_focused()


def test_three_facets_and_a_like_by_keyboard(visit: Visits, cast: Cast, models: None) -> None:
    page = visit(cast.bob)
    page.goto("/models?search=find-")
    page.evaluate("window.stays = true")
    choose(page, "Task", "Text classification")
    choose(page, "Library", "transformers")
    choose(page, "Licence", "mit")
    expect(page.locator("a[data-item]")).to_have_count(1)
    assert page.evaluate("window.stays"), "the page was loaded anew"
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alice/find-triage")
    like = page.locator("button[value=like]")
    like.focus()
    page.keyboard.press("Enter")
    expect(page.locator("button[value=unlike]")).to_be_visible()
    page.goto("/models?search=find-&pipeline_tag=text-classification&library=transformers&filter=license%3Amit")
    assert listed(page) == ["alice/find-triage"], "an address says all of it"


def test_typing_narrows_and_history_goes_back(visit: Visits, models: None) -> None:
    page = visit()
    page.goto("/models?library=transformers")
    box = page.get_by_role("searchbox", name="Filter by name")
    box.click()
    page.keyboard.type("find-s", delay=30)
    expect(page.locator("a[data-item]")).to_have_count(1)
    expect(box).to_be_focused()
    page.keyboard.type("tory")
    expect(box).to_have_value("find-story")
    page.wait_for_url("**/models?library=transformers&search=find-story")
    page.get_by_role("link", name="Remove the filter transformers").click()
    page.wait_for_url("**/models?search=find-story")
    page.go_back()
    page.wait_for_url("**/models?library=transformers&search=find-story")
    expect(page.get_by_role("link", name="Remove the filter transformers")).to_be_visible()


def test_facets_without_scripts(visit: Visits, models: None) -> None:
    page = visit(scripts=False)
    page.goto("/models?search=find-")
    page.get_by_role("region", name="Language").get_by_role("link", name="fr").click()
    assert listed(page) == ["alice/find-mood"]
    page.get_by_role("link", name="Remove the filter fr").click()
    page.get_by_label("At least", exact=True).select_option("7B")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    page.get_by_role("link", name="Without “7B–…”").click()
    assert len(listed(page)) == len(CARDS)


def test_facets_are_in_a_sheet_on_a_phone(visit: Visits, models: None) -> None:
    page = visit(viewport={"width": 375, "height": 700})
    page.goto(
        "/models?search=find-", wait_until="networkidle"
    )  # a click before the scripts are there loads the page anew
    language = page.get_by_role("region", name="Language")
    expect(language).to_be_hidden()
    page.locator("summary", has_text="Filters").click()
    language.get_by_role("link", name="fr").click()
    expect(page.locator("a[data-item]")).to_have_count(1)
    expect(language).to_be_visible()


def test_quick_search_by_keyboard(visit: Visits, models: None) -> None:
    page = visit()
    page.goto("/docs")
    page.keyboard.press("/")
    page.keyboard.type("find-mood", delay=20)
    field = page.get_by_role("combobox", name="Search models")
    expect(page.get_by_role("option", name="alice/find-mood")).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.type(" ")
    expect(page.get_by_role("option", name="alice/find-mood")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "quick-model-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alice/find-mood")


def test_quick_search_without_scripts_leads_to_a_page(visit: Visits, models: None) -> None:
    page = visit(scripts=False)
    page.goto("/docs")
    page.locator("#quick-search").fill("find-")
    page.locator("#quick-search").press("Enter")
    assert "/search?search=find-" in page.url
    assert "alice/find-story" in listed(page)


def test_words_of_cards_are_found_and_marked(visit: Visits, models: None) -> None:
    page = visit()
    page.goto("/models?search=find-story")
    page.get_by_role("link", name="Look for “find-story” in cards too").click()
    box = page.get_by_role("searchbox", name="Words", exact=True)
    expect(box).to_have_value("find-story")
    box.fill("story find")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="alice/find-story")).to_be_visible()
    expect(page.locator("mark").first).to_have_text("find")
