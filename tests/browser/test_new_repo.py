"""A new repository, made in the page."""

from __future__ import annotations

import pytest
from huggingface_hub import ModelCard
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser


def test_a_model_with_a_licence_has_it_in_its_card(visit: Visits, cast: Cast, make: Make) -> None:
    page, name = visit(cast.alice), make.name("weather")
    page.goto("/")
    page.get_by_label("New", exact=True).click()
    page.get_by_role("link", name="Model", exact=True).click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Licence").select_option("apache-2.0")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(f"**/alice/{name}")
    expect(page.get_by_role("link", name="apache-2.0")).to_be_visible()
    card = make.api(cast.alice).hf_hub_download(f"alice/{name}", "README.md")
    assert ModelCard.load(card).data.license == "apache-2.0"


def test_an_empty_dataset_shows_the_commands_for_it(visit: Visits, cast: Cast, make: Make, server: Server) -> None:
    page, name = visit(cast.alice), make.name("rows")
    page.goto("/new-dataset")
    expect(page.get_by_label("A dataset")).to_be_checked()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(f"**/datasets/alice/{name}")
    expect(page.get_by_role("heading", name="No card yet")).to_be_visible()
    for command in (
        f"export HF_ENDPOINT={server.url}",
        f"hf upload alice/{name} . . --repo-type dataset",
        f"git clone {server.url}/datasets/alice/{name}",
    ):
        expect(page.get_by_role("main").get_by_text(command, exact=True).first).to_be_attached()
    assert make.api(cast.alice).repo_exists(f"alice/{name}", repo_type="dataset")


def test_a_private_space_in_an_organisation(visit: Visits, cast: Cast, make: Make) -> None:
    page, name = visit(cast.bob), make.name("app")
    page.goto("/new-space")
    page.get_by_label("Owner").select_option("lab")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Kind of app").select_option("static")
    page.get_by_label("Only people with access").check()
    page.get_by_role("button", name="Create").click()
    page.wait_for_url(f"**/spaces/lab/{name}")
    info = make.api(cast.bob).space_info(f"lab/{name}")
    assert (info.private, info.sdk) == (True, "static")


def test_a_name_that_is_taken_keeps_the_form(visit: Visits, cast: Cast, make: Make) -> None:
    taken = make.repo(cast.alice)
    page = visit(cast.alice)
    page.goto("/new")
    page.get_by_label("Name", exact=True).fill(taken.partition("/")[2])
    page.get_by_label("Licence").select_option("mit")
    page.get_by_role("button", name="Create").click()
    visit.expect_error("409")
    expect(page.get_by_text("already")).to_be_visible()
    expect(page.get_by_label("Licence")).to_have_value("mit")
    page.get_by_label("Name", exact=True).fill("no spaces, please")
    page.get_by_role("button", name="Create").click()
    visit.expect_error("400")
    expect(page.get_by_label("Name", exact=True)).to_have_value("no spaces, please")
