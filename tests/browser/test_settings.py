"""Who sees a repository, what it is called, and its end."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser


PLACES = ("", "/tree/main", "/blob/main/README.md", "/commits/main", "/discussions", "/settings", "/upload/main")


def seen(page: Page, repo: str, place: str) -> tuple[int, str]:
    """Status and content of a page of the repository, with its name and the token of forms taken out."""
    answer = page.context.request.get(f"/{repo}{place}")
    text = answer.text().replace(repo, "X").replace(quote(repo), "X")
    return answer.status, re.sub(r'(csrf[_-]token" (?:value|content)=")[^"]+', r"\1", text)


def test_private_looks_to_strangers_like_nothing(visit: Visits, cast: Cast, make: Make) -> None:
    repo = make.repo(cast.alice, files={"README.md": "# A secret\n"})
    owner, nobody, carol = visit(cast.alice), visit(), visit(cast.carol)
    assert seen(nobody, repo, "")[0] == 200

    owner.goto(f"/{repo}/settings")
    owner.get_by_label("Only people with access").check()
    owner.locator("form", has_text="Who may see it?").get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Only people with access see this now.")).to_be_visible()
    expect(owner.get_by_role("main").get_by_text("private", exact=True)).to_be_visible()

    visit.expect_error("status of 40")
    for page in (nobody, carol):
        for place in PLACES:
            assert seen(page, repo, place) == seen(page, "alice/there-is-no-such-thing", place)
        page.goto(f"/{repo}")
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    nobody.goto("/alice")
    expect(nobody.get_by_role("link", name=repo)).to_have_count(0)
    owner.goto("/alice")
    expect(owner.get_by_role("link", name=repo).first).to_be_visible()


def test_old_addresses_lead_to_the_new_name(visit: Visits, cast: Cast, make: Make) -> None:
    repo, new = make.repo(cast.alice, files={"README.md": "# Here\n"}), make.name("renamed")
    page = visit(cast.alice)
    page.goto(f"/{repo}/settings")
    page.get_by_label("Name", exact=True).fill(new)
    page.get_by_role("button", name="Rename").click()
    page.wait_for_url(f"**/alice/{new}/settings")
    nobody = visit()
    for place in ("", "/tree/main", "/blob/main/README.md"):
        nobody.goto(f"/{repo}{place}")
        assert nobody.url.endswith(f"/alice/{new}{place}")
    expect(nobody.get_by_role("heading", name="Here")).to_be_visible()


def test_deleting_needs_the_name_typed(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice), visit(cast.alice)
    page.goto(f"/{repo}/settings")
    page.get_by_role("button", name="Delete this repository").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("gone for good")
    button = dialog.get_by_role("button", name="Delete this repository")
    dialog.get_by_role("textbox").fill(repo[:-1])
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill(repo)
    button.click()
    page.wait_for_url("**/alice")
    expect(page.get_by_text(f"{repo} is deleted.")).to_be_visible()
    assert not make.api(cast.alice).repo_exists(repo)


def test_others_have_no_settings(visit: Visits, cast: Cast, make: Make) -> None:
    repo, page = make.repo(cast.alice), visit(cast.carol)
    page.goto(f"/{repo}")
    expect(page.get_by_role("link", name="Community")).to_be_visible()
    expect(page.get_by_role("navigation", name="Repository").get_by_role("link", name="Settings")).to_have_count(0)
    answer = page.goto(f"/{repo}/settings")
    visit.expect_error("status of 403")
    assert answer
    assert answer.status == 403
