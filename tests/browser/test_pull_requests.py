"""Talking about a repository and merging what others propose."""

from __future__ import annotations

import pytest
from huggingface_hub import CommitOperationAdd
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser


def propose(make: Make, cast: Cast, repo: str, text: str) -> None:
    done = make.api(cast.carol).create_commit(
        repo,
        [CommitOperationAdd("notes.txt", text.encode())],
        commit_message="Say more",
        commit_description="It was **short**.",
        create_pr=True,
    )
    assert done.pr_num


def test_comment_and_merge(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"notes.txt": "one\ntwo\n"})
    propose(make, cast, repo, "one\ntwo\nthree\n")
    page = visit(cast.alice)
    page.goto(f"/{repo}")
    page.get_by_role("link", name="Community").click()
    page.get_by_role("link", name="Say more").click()
    expect(page.locator(".comment strong").filter(has_text="short")).to_be_visible()
    page.get_by_role("link", name="Files changed").click()
    expect(page.locator("tr.add")).to_have_text("+three")
    page.get_by_role("link", name="Side by side").click()
    expect(page.locator("td.add").last).to_have_text("+three")
    page.get_by_role("link", name="Conversation").click()

    page.get_by_label("Answer (Markdown)").fill("Good, *thanks*. <script>alert(1)</script>")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".comment em").filter(has_text="thanks")).to_be_visible()

    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("Merged.", exact=True)).to_be_visible()
    expect(page.get_by_text("merged", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Merge")).to_have_count(0)
    page.goto(f"/{repo}/blob/main/notes.txt")
    expect(page.locator(".blob")).to_contain_text("three")


def test_pictures_before_and_after(visit: Visits, cast: Cast, make: Make, png: bytes) -> None:
    repo = make.repo(cast.alice, files={"picture.png": png})
    changed = CommitOperationAdd("picture.png", png + b"more")
    make.api(cast.carol).create_commit(repo, [changed], commit_message="Repaint", create_pr=True)
    page = visit(cast.alice)
    page.goto(f"/{repo}/discussions/1/files")
    for name in ("Before: picture.png", "After: picture.png"):
        picture = page.get_by_role("img", name=name)
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 64)


def test_close_and_open_again(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"notes.txt": "one\n"})
    propose(make, cast, repo, "two\n")
    author = visit(cast.carol)
    author.goto(f"/{repo}/discussions/1")
    expect(author.get_by_role("button", name="Merge")).to_have_count(0)
    author.get_by_role("button", name="Close").click()
    expect(author.get_by_text("carol: closed it")).to_be_visible()
    author.goto(f"/{repo}/discussions")
    expect(author.get_by_role("link", name="Say more")).to_have_count(0)
    author.get_by_role("link", name="Closed").click()
    author.get_by_role("link", name="Say more").click()
    author.get_by_role("button", name="Open again").click()
    expect(author.get_by_role("button", name="Close")).to_be_visible()


def test_a_conflict_is_said_before_anybody_tries(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"notes.txt": "one\n"})
    propose(make, cast, repo, "two\n")
    make.commit(cast.alice, repo, {"notes.txt": "three\n"})
    page = visit(cast.alice)
    page.goto(f"/{repo}/discussions/1")
    box = page.locator("#merge-box")
    expect(box).to_contain_text("changed on both sides")
    expect(box.get_by_role("listitem")).to_have_text("notes.txt")
    expect(box).to_contain_text("git push origin HEAD:refs/pr/1")
    expect(page.get_by_role("button", name="Merge")).to_be_disabled()


def test_a_discussion(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice), visit(cast.carol)
    page.goto(f"/{repo}/discussions")
    page.get_by_role("link", name="New discussion").first.click()
    page.get_by_label("Title").fill("Does it know fog?")
    page.get_by_label("What is it about?").fill("I tried `fog`.")
    page.get_by_role("button", name="Start the discussion").click()
    page.wait_for_url("**/discussions/1")
    expect(page.locator(".comment code")).to_have_text("fog")

    nobody = visit()
    nobody.goto(f"/{repo}/discussions/1")
    expect(nobody.get_by_role("link", name="Log in to answer")).to_be_visible()
    expect(nobody.get_by_label("Answer (Markdown)")).to_have_count(0)
