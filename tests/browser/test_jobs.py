"""Jobs in the browser: started in the form, watched, stopped, run again; schedules by their buttons."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def start(page: Page, command: str, **fields: str) -> None:
    page.goto("/jobs/alice/new")
    page.get_by_label("Command").fill(command)
    page.get_by_label("Environment").select_option("debian")
    for label, text in fields.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_role("button", name="Run", exact=True).click()


def test_a_job_is_watched_while_it_runs_and_stopped(visit: Visits, cast: Cast) -> None:
    page = visit(cast.alice)
    start(page, "sh -c 'echo begun; i=0; while true; do i=$((i+1)); done'", Variables="EPOCHS=3")
    log = page.get_by_label("Log")
    expect(log).to_contain_text("begun", timeout=60_000)
    expect(page.get_by_text("running")).to_be_visible(timeout=20_000)
    # What it takes comes by itself, without loading the page.
    cpu = page.locator(".tiles .stat").nth(1)
    expect(cpu).not_to_have_text(re.compile(r"^0\.0"), timeout=20_000)
    expect(page.get_by_role("img", name="CPU")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("estimated from CPU time").or_(page.get_by_text("measured"))).to_be_visible()
    command = page.locator(".command code").inner_text()
    assert command.startswith("hf jobs run --namespace alice --flavor cpu-basic")
    assert "--env EPOCHS=3" in command
    expect(page.get_by_role("button", name="Copy the command")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Run again").click()
    expect(log).to_contain_text("begun", timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("cancelled")).to_be_visible(timeout=30_000)


def test_what_is_wrong_stays_in_the_form(visit: Visits, cast: Cast) -> None:
    page = visit(cast.alice)
    visit.expect_error("status of 400")
    start(page, "true", Volumes="datasets/me/data")
    expect(page.get_by_text("Write one volume per line")).to_be_visible()
    start(page, "true", Schedule="sometimes")
    expect(page.get_by_text("is no schedule")).to_be_visible()
    expect(page.get_by_label("Command")).to_have_value("true")


def test_a_schedule_by_its_buttons(visit: Visits, cast: Cast) -> None:
    page = visit(cast.alice)
    start(page, "echo by the clock", Schedule="0 9 * * 1")
    expect(page.get_by_text("At 09:00 on Monday (UTC)")).to_be_visible()
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("suspended")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_label("Schedule").fill("@daily")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("At 00:00 every day (UTC)")).to_be_visible()
    page.get_by_role("button", name="Run now").click()
    expect(page.get_by_label("Log")).to_contain_text("by the clock", timeout=60_000)
    page.get_by_role("link", name="by its schedule").click()
    page.get_by_role("button", name="Delete the schedule").click()
    expect(page.get_by_role("heading", name="Jobs of alice")).to_be_visible()
