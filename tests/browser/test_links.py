"""From one repository to the next: the tree of a model, datasets, Spaces, and the leaderboard of a benchmark."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.waiting import eventually

pytestmark = pytest.mark.browser


def test_up_and_down_the_tree(visit: Visits, make: Make, cast: Cast) -> None:
    base = make.repo(cast.alice, {"README.md": "# Base"})
    data = make.repo(cast.alice, {"README.md": "# Rows"}, kind="dataset")
    card = f"---\nbase_model: {base}\ndatasets: [{data}]\n---\n# Child\n"
    child = make.repo(cast.bob, {"README.md": card, "adapter_config.json": "{}"})
    api = make.api(cast.carol)
    eventually(lambda: api.model_info(base, expand=["childrenModelCount"]).children_model_count == 1)
    page = visit(scripts=False)
    page.goto(f"/{base}")
    page.get_by_role("link", name="1 adapter").click()
    page.get_by_role("link", name=child).click()
    tree = page.get_by_role("region", name="Model tree")
    expect(tree.get_by_text("this model")).to_be_visible()
    page.get_by_role("link", name=data).click()
    expect(page.get_by_role("heading", name="Models trained on it")).to_be_visible()
    page.get_by_role("link", name=child).click()
    tree.get_by_role("link", name=base).click()
    page.wait_for_url(f"**/{base}")


def test_a_leaderboard_is_narrowed(visit: Visits, make: Make, cast: Cast) -> None:
    data = make.repo(
        cast.alice, {"README.md": "# Math", "eval.yaml": "tasks: [{id: hard}, {id: easy}]"}, kind="dataset"
    )

    def result(task: str, value: float) -> str:
        return json.dumps([{"dataset": {"id": data, "task_id": task}, "value": value}])

    first = make.repo(cast.alice, {".eval_results/a.yaml": result("hard", 61.5)})
    tuned = make.repo(
        cast.bob, {"README.md": f"---\nbase_model: {first}\n---\n", ".eval_results/a.yaml": result("hard", 70)}
    )
    easy = make.repo(cast.bob, {".eval_results/a.yaml": result("easy", 99)})
    api = make.api(cast.carol)
    eventually(lambda: len(api.get_dataset_leaderboard(data, base_model_only=False)) == 2)
    page = visit(scripts=False)
    page.goto(f"/datasets/{data}")
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("link", name=first)).to_be_visible()
    expect(page.get_by_role("link", name=tuned)).to_have_count(0)
    page.get_by_label("Also what was made from another model").check()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text(tuned)
    page.get_by_label("Task").select_option("easy")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text(easy)
