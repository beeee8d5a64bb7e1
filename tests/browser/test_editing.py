"""Cards and other files, written in the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser
CARD = "---\nlicense: mit\n---\n# First title\n\nWords.\n"


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def text_of(make: Make, cast: Cast, repo: str, path: str) -> str:
    file = make.api(cast.alice).hf_hub_download(repo, path)
    with open(file, newline="") as opened:  # noqa: PTH123 - line ends as they are
        return opened.read()


def test_a_card_is_edited_and_shows_at_once(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": CARD}), visit(cast.alice)
    page.goto(f"/{repo}")
    page.get_by_role("link", name="Edit the card").click()
    page.get_by_label("Content").fill(CARD.replace("First title", "Second title").replace("mit", "apache-2.0"))
    page.get_by_label("What changes").fill("A better title")
    save(page)
    page.wait_for_url("**/blob/main/README.md")
    page.get_by_role("link", name="Card", exact=True).click()
    expect(page.get_by_role("heading", name="Second title")).to_be_visible()
    expect(page.get_by_role("link", name="apache-2.0")).to_be_visible()
    assert make.api(cast.alice).list_repo_commits(repo)[0].title == "A better title"
    assert "\r" not in text_of(make, cast, repo, "README.md")


def test_two_people_at_once_lose_nothing(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.bob, name=f"lab/{make.name('shared')}", files={"README.md": CARD})
    first, second = visit(cast.alice), visit(cast.bob)
    for page in (first, second):
        page.goto(f"/{repo}/edit/main/README.md")
    first.get_by_label("Content").fill(f"{CARD}\nFrom alice.\n")
    save(first)
    first.wait_for_url("**/blob/main/README.md")

    second.get_by_label("Content").fill(f"{CARD}\nFrom bob.\n")
    save(second)
    expect(second.get_by_text("This branch moved while you were editing. Your text is kept")).to_be_visible()
    expect(second.get_by_label("Content")).to_have_value(f"{CARD}\nFrom bob.\n")
    visit.expect_error("status of 409")
    assert "From alice." in text_of(make, cast, repo, "README.md")
    # Having seen that, bob may save his text after all.
    save(second)
    second.wait_for_url("**/blob/main/README.md")
    assert "From bob." in text_of(make, cast, repo, "README.md")


def test_metadata_that_cannot_be_read_is_said_with_its_line(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": CARD}), visit(cast.alice)
    page.goto(f"/{repo}/edit/main/README.md")
    broken = "---\nlicense: mit\ntags: [a, b\n---\n# Title\n"
    page.get_by_label("Content").fill(broken)
    save(page)
    visit.expect_error("status of 400")
    notice = page.locator(".notice[data-kind=error]")
    expect(notice).to_contain_text("The metadata is not valid YAML")
    expect(notice).to_contain_text("line 4")
    expect(page.get_by_label("Content")).to_have_value(broken)
    assert text_of(make, cast, repo, "README.md") == CARD


def test_a_new_file_a_rename_and_a_deletion(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": CARD}), visit(cast.alice)
    page.goto(f"/{repo}/tree/main")
    page.get_by_text("Add", exact=True).click()
    page.get_by_role("link", name="New file").click()
    page.get_by_label("Path in the repository").fill("src/run.py")
    page.get_by_label("Content").fill("print('hello')\n")
    save(page)
    page.wait_for_url("**/blob/main/src/run.py")
    expect(page.locator(".blob")).to_contain_text("print('hello')")

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Path in the repository").fill("src/start.py")
    save(page)
    page.wait_for_url("**/blob/main/src/start.py")
    files = set(make.api(cast.alice).list_repo_files(repo))
    assert "src/start.py" in files
    assert "src/run.py" not in files

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete the file").click()
    page.wait_for_url("**/tree/main**")
    expect(page.get_by_text("Committed.")).to_be_visible()
    assert "src/start.py" not in make.api(cast.alice).list_repo_files(repo)


def test_a_new_file_does_not_overwrite_one(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": CARD}), visit(cast.alice)
    page.goto(f"/{repo}/new/main")
    page.get_by_label("Path in the repository").fill("README.md")
    page.get_by_label("Content").fill("mine")
    save(page)
    visit.expect_error("status of 400")
    expect(page.get_by_text("There is a file 'README.md' already.")).to_be_visible()
    expect(page.get_by_label("Content")).to_have_value("mine")


def test_a_stranger_edits_by_pull_request(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": CARD}), visit(cast.carol)
    page.goto(f"/{repo}/blob/main/README.md")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Content").fill(CARD.replace("Words", "Better words"))
    page.get_by_label("What changes").fill("Better words")
    save(page)
    page.wait_for_url("**/discussions/1")
    expect(page.get_by_text("Your change is a pull request now.")).to_be_visible()
    assert text_of(make, cast, repo, "README.md") == CARD


FIELDS = """---
license: mit  # chosen by law
tags:
- weather  # by hand
- rain
ours: {deep: [1]}   # nobody knows this one
---
# Title
"""


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_metadata_are_edited_in_fields(visit: Visits, cast: Cast, make: Make, scripts: bool) -> None:
    dataset = make.repo(cast.alice, kind="dataset", files={"README.md": "# Rows\n"})
    repo, page = make.repo(cast.alice, files={"README.md": FIELDS}), visit(cast.alice, scripts=scripts)
    page.goto(f"/{repo}/edit/main/README.md")
    expect(page.get_by_label("Licence")).to_have_value("mit")
    assert page.locator(f"#words-datasets option[value='{dataset}']").count() == 1
    page.get_by_label("Licence").fill("apache-2.0")
    page.get_by_label("Task", exact=True).fill("text-generation")
    page.get_by_label("Add to Languages").fill("en, no")
    page.get_by_label("Add to Datasets").fill(dataset)
    page.get_by_role("checkbox", name="rain").uncheck()
    page.get_by_label("What changes").fill("Metadata")
    page.get_by_role("button", name="Write into the text").click()
    expect(page.get_by_label("Content")).to_have_value(re.compile("license: apache-2.0  # chosen by law"))
    expect(page.get_by_label("What changes")).to_have_value("Metadata")
    page.get_by_label("Add to Tags").fill("snow")
    save(page)
    page.wait_for_url("**/blob/main/README.md")
    new = FIELDS.replace("mit  #", "apache-2.0  #").replace("- rain\n", "- snow\n")
    added = f"pipeline_tag: text-generation\nlanguage:\n- en\n- 'no'\ndatasets:\n- {dataset}\n"
    assert text_of(make, cast, repo, "README.md") == new.replace("---\n# Title", f"{added}---\n# Title")


def test_what_is_changed_in_the_text_alone_stays(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": FIELDS}), visit(cast.alice)
    page.goto(f"/{repo}/edit/main/README.md")
    text = FIELDS.replace("license: mit", "license: gpl-3.0").replace("- rain", "- fog")
    page.get_by_label("Content").fill(text)
    page.get_by_label("Task", exact=True).fill("text-generation")
    save(page)
    page.wait_for_url("**/blob/main/README.md")
    assert text_of(make, cast, repo, "README.md") == text.replace(
        "---\n# Ti", "pipeline_tag: text-generation\n---\n# Ti"
    )


def test_metadata_that_no_form_can_change_are_told_of(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice, files={"README.md": "---\n{license: mit}\n---\n# T\n"}), visit(cast.alice)
    visited = page.goto(f"/{repo}/edit/main/README.md")
    assert visited is not None
    visit.expect_error("400")
    page.get_by_label("Licence").fill("gpl-3.0")
    save(page)
    expect(page.get_by_text("Edit them as text")).to_be_visible()
    page.get_by_label("Content").fill("---\nlicense: [\n---\n# T\n")
    page.get_by_role("button", name="Write into the text").click()
    expect(page.get_by_text("not valid YAML").first).to_be_visible()


def test_a_new_repository_starts_with_a_card_to_fill_in(visit: Visits, cast: Cast, make: Make) -> None:
    page, name = visit(cast.alice), make.name("templated")
    page.goto("/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Licence").select_option("apache-2.0")
    page.get_by_label("Start with a card to fill in").check()
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(f"**/alice/{name}")
    expect(page.get_by_role("heading", name="What it is for")).to_be_visible()
    expect(page.get_by_text("Who should use it for what")).to_have_count(0)
    assert text_of(make, cast, f"alice/{name}", "README.md").startswith("---\nlicense: apache-2.0\n---\n\n# templated")
    empty = make.repo(cast.alice)
    page.goto(f"/{empty}")
    page.get_by_role("link", name="Write the card").click()
    expect(page.get_by_label("Content")).to_have_value(re.compile("## How to use it"))
