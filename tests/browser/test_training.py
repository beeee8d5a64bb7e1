"""A new AI in the page: a table is dropped in, what is suggested is accepted, and the model answers."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.library]

PRAISE = ["good", "great", "fine", "lovely", "happy", "bright", "warm", "kind", "clean", "quick"]
BLAME = ["bad", "awful", "sad", "cold", "rude", "dirty", "slow", "broken", "late", "loud"]
PLACES = ["the room", "food", "staff", "street", "bed", "view", "train", "shop"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four hundred comments on a hotel."""
    chance = random.Random(2)
    rows = []
    for number in range(400):
        label, words = ("praise", PRAISE) if number % 2 else ("blame", BLAME)
        said = f"{chance.choice(PLACES)} was {chance.choice(words)} and {chance.choice(words)}"
        rows.append(f'"{said}",{label}')
    path = tmp_path / "Hotel comments.csv"
    path.write_text("comment,mood\n" + "\n".join(rows) + "\n")
    return path


def test_a_table_becomes_a_model_that_answers(visit: Visits, cast: Cast, table: Path) -> None:
    page = visit(cast.alice)
    page.goto("/train")
    page.get_by_role("link", name="New AI").first.click()
    expect(page.locator(".steps [aria-current]")).to_contain_text("What it does")
    page.get_by_role("link", name="Put texts into classes").click()
    expect(page.locator(".steps [aria-current]")).to_contain_text("Your data")
    page.get_by_label("A table (CSV").set_input_files(table)
    page.get_by_role("button", name="Look at it").first.click()
    expect(page.get_by_label("Column of the text")).to_have_value("comment")
    expect(page.get_by_label("Column of the label")).to_have_value("mood")
    expect(page.get_by_text("400 rows")).to_be_visible()
    expect(page.locator(".steps [aria-current]")).to_contain_text("Check and train")
    expect(page.get_by_label("Name of the model")).to_have_value("hotel-comments-model")
    page.get_by_role("button", name="Train").click()
    page.wait_for_url("**/train/*")
    expect(page.get_by_text("It is published:")).to_be_visible(timeout=240_000)
    expect(page.get_by_role("img", name="Loss", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="Accuracy", exact=True)).to_be_visible()
    page.get_by_label("Path").get_by_role("link", name="Trainings").click()
    expect(page.get_by_role("row", name="hotel-comments-model")).to_contain_text("Put texts into classes")
    page.get_by_role("link", name="alice/hotel-comments-model").click()
    page.get_by_role("link", name="try alice/hotel-comments-model").click()
    page.get_by_label("Text", exact=True).fill("the food was great and fine")
    page.set_default_timeout(200_000)
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".tally li span").first).to_have_text("praise", timeout=200_000)
    page.goto("/train/new?task=text-classification")  # what was dropped in is offered again
    expect(page.locator("#datasets option[value='alice/hotel-comments-data']")).to_have_count(1)
    page.goto("/alice/hotel-comments-model")
    expect(page.get_by_text("To be written by its author")).to_be_visible()


def test_a_dataset_leads_to_a_training(visit: Visits, cast: Cast, make: Make) -> None:
    rows = "said,mood\n" + "".join(f"it was {word} {n},{word}\n" for n in range(30) for word in ("good", "bad"))
    dataset = make.repo(cast.alice, {"rows.csv": rows}, kind="dataset")
    page = visit(cast.alice)
    page.goto(f"/datasets/{dataset}")
    page.get_by_role("link", name="Train on it").click()
    expect(page.get_by_text(f"A model learns from {dataset}")).to_be_visible()
    page.get_by_role("link", name="Put texts into classes").click()
    expect(page.locator(".steps [aria-current]")).to_contain_text("Check and train")
    expect(page.get_by_text("60 rows")).to_be_visible()
    page.locator("summary", has_text="Details").click()
    expect(page.get_by_label("Epochs")).to_have_value("0")


def test_parquet_is_looked_at_like_any_table(visit: Visits, cast: Cast, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"comment": f"it was {word} {number}", "mood": word} for number in range(30) for word in ("good", "bad")]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "Answers.parquet")
    page = visit(cast.alice)
    page.goto("/train/new?task=text-classification")
    page.set_default_timeout(120_000)
    page.get_by_label("A table (CSV").set_input_files(tmp_path / "Answers.parquet")
    page.get_by_role("button", name="Look at it").first.click()
    expect(page.get_by_label("Column of the text")).to_have_value("comment", timeout=120_000)
    expect(page.get_by_text("60 rows")).to_be_visible()
