"""What holds on every page: nobody is hindered, it fits a phone, no errors, no other host, and it is light."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parents[1] / "web/axe-core-4.14.1/axe.min.js").read_text()
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
CONTRAST = "{type: 'rule', values: ['color-contrast']}"
LIGHT = 150_000  # bytes of a model's page with all that it loads, as they come over the wire

# `{repo}` is a model with one file of each kind, `{pr}` its pull request, `{oid}` its newest commit.
FOR_ALICE = [
    "/",
    "/models",
    "/models?search=nothing-has-this-name",
    "/datasets",
    "/spaces",
    "/docs",
    "/alice",
    "/lab",
    "/{repo}",
    "/datasets/{dataset}",
    "/{empty}",
    "/{repo}/tree/main",
    "/{repo}/tree/main/data",
    "/{repo}/blob/main/README.md",
    "/{repo}/blob/main/code.py",
    "/{repo}/blob/main/picture.png",
    "/{repo}/blob/main/sound.wav",
    "/{repo}/blob/main/model.safetensors",
    "/{repo}/commits/main",
    "/{repo}/commit/{oid}",
    "/{repo}/edit/main/README.md",
    "/{repo}/new/main",
    "/{repo}/delete/main/code.py",
    "/{repo}/upload/main",
    "/{repo}/settings",
    "/{repo}/discussions",
    "/{repo}/discussions/new",
    "/{repo}/discussions/1",
    "/new",
    "/new-space",
    "/organizations/new",
    "/organizations/lab/settings",
    "/settings/profile",
    "/settings/account",
    "/settings/tokens",
    "/settings/tokens/new",
    "/settings/organizations",
    "/settings/connected",
    "/settings/applications",
    "/settings/applications/new",
    "/oauth/device",
]
FOR_NOBODY = ["/", "/login", "/signup", "/{repo}", "/{repo}/discussions/1", "/alice/there-is-no-such-thing"]


@pytest.fixture
def places(make: Make, cast: Cast, png: bytes, wav: bytes, safetensors: bytes) -> dict[str, str]:
    card = "---\nlicense: mit\ntags: [weather]\n---\n# Weather\n\n$x^2$\n\n```python\nimport os\n```\n\n"
    card += "| a very long heading of a column | another very long heading | b |\n|-|-|-|\n| 1 | 2 | 3 |\n\n"
    card += "[x](code.py) and a_word_that_is_far_too_long_for_the_screen_of_any_phone_that_was_ever_sold_anywhere\n"
    code = "".join(f"value_{n} = {'x' * (n * 10)!r}\n" for n in range(30))
    files = {"README.md": card, "code.py": code, "picture.png": png, "sound.wav": wav, "data/rows.csv": "a,b\n1,2\n"}
    repo = make.repo(cast.alice, files={**files, "model.safetensors": safetensors})
    oid = make.commit(cast.alice, repo, {"code.py": code.replace("value_3", "worth_3"), "picture.png": png + b"\0"})
    make.api(cast.carol).upload_file(
        path_or_fileobj=b"1\n", path_in_repo="notes.txt", repo_id=repo, create_pr=True, commit_description="**Why**"
    )
    dataset = make.repo(cast.alice, kind="dataset", files={"README.md": "# Rows\n", "rows.csv": "a\n1\n"})
    return {"repo": repo, "oid": oid, "dataset": dataset, "empty": make.repo(cast.alice)}


def faults(page: Page, rules: str = RULES) -> list[str]:
    """What axe finds. The page must have it: `page.evaluate(AXE)`."""
    found: list[str] = page.evaluate(
        f"() => axe.run(document, {{runOnly: {rules}}}).then(done => done.violations.map("
        "fault => `${fault.id}: ${fault.nodes.map(node => node.html.slice(0, 160)).join(' | ')}`))"
    )
    return found


def too_wide(page: Page) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"{width} px wide"] if width > page.evaluate("document.documentElement.clientWidth") else []


def look_at(page: Page) -> list[str]:
    """Wide and light, wide and dark (where only colours differ), and on a phone."""
    page.evaluate(AXE)
    found = faults(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {fault}" for fault in faults(page, CONTRAST)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 375, "height": 800})
    found += [f"phone: {fault}" for fault in (*faults(page), *too_wide(page))]
    page.set_viewport_size({"width": 1280, "height": 800})
    return [*found, *too_wide(page)]


def test_no_page_hinders_anyone(visit: Visits, cast: Cast, places: dict[str, str]) -> None:
    found = []
    for person, addresses in ((cast.alice, FOR_ALICE), (None, FOR_NOBODY)):
        page = visit(person, reduced_motion="reduce")
        for address in addresses:
            page.goto(address.format(**places))
            found += [f"{address} {fault}" for fault in look_at(page)]
    visit.expect_error("status of 404")  # the one page that is not there
    assert found == []


def test_open_menus_and_dialogs_hinder_nobody(visit: Visits, cast: Cast, places: dict[str, str]) -> None:
    found = []
    page = visit(cast.alice)
    page.goto(f"/{places['repo']}/settings")
    page.evaluate(AXE)
    for opener in ("Your account", "New"):
        page.get_by_label(opener, exact=True).click()
        found += faults(page)
        page.keyboard.press("Escape")
    page.get_by_text("Use this model").click()
    found += faults(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete this repository").click()
    found += faults(page)
    assert found == []


def test_a_models_page_is_light(visit: Visits, places: dict[str, str]) -> None:
    page = visit()
    sizes: dict[str, int] = {}

    def note(request: Request) -> None:
        size = request.sizes()
        sizes[request.url] = size["responseBodySize"] + size["responseHeadersSize"]

    page.on("requestfinished", note)
    page.goto(f"/{places['empty']}")
    page.wait_for_load_state("networkidle")
    assert any("woff2" in url for url in sizes)
    assert sum(sizes.values()) <= LIGHT, sizes


def test_the_first_byte_comes_soon(visit: Visits, places: dict[str, str]) -> None:
    """The best of a few, since the machine that tests has other things to do; `bench/` measures it in earnest."""
    page = visit()
    waits = []
    for _ in range(8):
        page.goto(f"/{places['repo']}")
        waits.append(
            page.evaluate("(t => t.responseStart - t.requestStart)(performance.getEntriesByType('navigation')[0])")
        )
    assert min(waits) <= 15, waits
