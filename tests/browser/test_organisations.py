"""An organisation, its members, and what each may do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser


def add(page: Page, name: str, role: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"{name} has the role {role}.")).to_be_visible()


def test_members_write_and_readers_read(visit: Visits, cast: Cast, make: Make) -> None:
    org = make.name("team")
    page = visit(cast.alice)
    page.goto("/")
    page.get_by_label("New", exact=True).click()
    page.get_by_role("link", name="Organisation").click()
    page.get_by_label("Name", exact=False).first.fill(org)
    page.get_by_role("button", name="Make").click()
    page.wait_for_url(f"**/organizations/{org}/settings")
    add(page, "bob", "write")
    add(page, "carol", "read")
    make.repo(cast.alice, name=f"{org}/plans", private=True, files={"README.md": "# Plans\n"})

    bob, carol, nobody = visit(cast.bob), visit(cast.carol), visit()
    bob.goto(f"/{org}/plans/edit/main/README.md")
    bob.get_by_label("Content").fill("# Plans of bob\n")
    bob.get_by_role("button", name="Save").click()
    bob.wait_for_url("**/blob/main/README.md")

    carol.goto(f"/{org}/plans")
    expect(carol.get_by_role("heading", name="Plans of bob")).to_be_visible()
    expect(carol.get_by_role("link", name="Edit the card")).to_be_visible()  # to propose a change
    carol.goto("/new")
    assert org not in carol.get_by_label("Owner").inner_text()
    carol.goto(f"/{org}/plans/edit/main/README.md")
    expect(carol.get_by_label("Commit to main")).to_have_count(0)
    expect(carol.get_by_label("Open a pull request")).to_be_checked()

    answer = nobody.goto(f"/{org}/plans")
    visit.expect_error("status of 404")
    assert answer
    assert answer.status == 404


def test_leaving_ends_it(visit: Visits, cast: Cast, make: Make) -> None:
    org, page = make.name("team"), visit(cast.alice)
    page.goto("/organizations/new")
    page.get_by_label("Name", exact=False).first.fill(org)
    page.get_by_role("button", name="Make").click()
    add(page, "bob", "admin")
    row = page.get_by_role("row").filter(has_text="bob")
    row.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("bob is not a member any more.")).to_be_visible()
    # The last admin cannot leave: nobody could manage the organisation.
    page.get_by_role("row").filter(has_text="alice").get_by_role("button", name="Leave").click()
    expect(page.locator("[data-kind=error]")).to_be_visible()
    page.goto(f"/{org}")
    expect(page.get_by_role("main").get_by_role("link", name="alice")).to_be_visible()
