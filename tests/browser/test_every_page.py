"""What holds on every page: nobody is hindered, it fits a phone, no errors, no other host, and it is light."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Request

from pioche.app import ROUTES
from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.web.routing import Route, Router

pytestmark = pytest.mark.browser
AXE = (Path(__file__).parents[1] / "web/axe-core-4.14.1/axe.min.js").read_text()
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
CONTRAST = "{type: 'rule', values: ['color-contrast']}"
LIGHT = 150_000  # bytes of a model's page with all that it loads, as they come over the wire

ROWS = {"README.md": "# Rows\n", "rows.csv": "a\n1\n", "eval.yaml": "tasks: [{id: all}]\n"}

# `{repo}` is a model with one file of each kind and a pull request, `{oid}` its newest commit.
FOR_ALICE = [
    "/",
    "/models",
    "/models?search=nothing-has-this-name",
    "/models?library=transformers&num_parameters=min:1M&in_other=a&all=task",
    "/search",
    "/search?search=a",
    "/search/full-text",
    "/search/full-text?q=model",
    "/search/full-text?q=nothinghasthisword",
    "/datasets",
    "/spaces",
    "/kernels",
    "/new-kernel",
    "/docs",
    "/papers",
    "/papers/2401.12345",
    "/alice",
    "/lab",
    "/activity",
    "/notifications",
    "/settings/notifications",
    "/alice/-/people",
    "/alice/-/people?show=following",
    "/alice/-/activity",
    "/{repo}",
    "/{linked}",
    "/datasets/{dataset}",
    "/datasets/{dataset}/leaderboard",
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
    "/{repo}/settings/access",
    "/{repo}/discussions",
    "/{repo}/discussions/new",
    "/{repo}/discussions/1",
    "/{repo}/discussions/1?comment=1&quote=1",
    "/{repo}/discussions?search=nothing-has-this-title",
    "/{repo}/discussions/1/files",
    "/{repo}/discussions/1/files?view=split",
    "/{repo}/commit/{oid}?view=split",
    "/new",
    "/new-space",
    "/organizations/new",
    "/organizations/lab/settings",
    "/organizations/lab/settings/groups",
    "/organizations/lab/settings/groups/{group}",
    "/{grouped}/settings",
    "/organizations/lab/settings/service-accounts",
    "/settings/profile",
    "/settings/account",
    "/settings/tokens",
    "/settings/tokens/new",
    "/train",
    "/train/new",
    "/train/new?task=text-classification",
    "/jobs/alice",
    "/jobs/alice/new",
    "/jobs/alice/{job}",
    "/jobs/alice/scheduled",
    "/jobs/alice/usage",
    "/jobs/alice/scheduled/{schedule}",
    "/settings/webhooks",
    "/settings/webhooks/new",
    "{hook}",
    "{hook}/deliveries/{delivery}",
    "/settings/organizations",
    "/settings/connected",
    "/settings/gated-repos",
    "/settings/applications",
    "/settings/applications/new",
    "/oauth/device",
    "{app}",
    "/oauth/authorize?client_id={client}&redirect_uri=http://127.0.0.1/done&response_type=code&state=s&code_challenge="
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    "/buckets",
    "/buckets/{bucket}",
    "/buckets/{bucket}/tree/data",
    "/buckets/{bucket}/settings",
    "/buckets/{bucket}/delete/notes.txt",
    "/new-bucket",
    "/playground",
    "/playground?model={talker}",
    "/{talker}/try",
    "/{talker}-tables/try",
    "/collections",
    "/collections/{collection}",
    "/new-collection",
    "/add-to-collection?type=model&id={repo}",
]
# These show the same page as another one, lead on to one, or are no pages; the set-up has a test of its own.
LIKE_OTHERS = {
    "/train/{key}",  # needs a training: tests/browser/test_training.py
    "/train/{key}/live",  # a part of it
    "/jobs/{ns}/{job}/live",  # a part of the page of a job
    "/{ns}/{name}/commit/{oid}/files.diff",  # text
    "/{ns}/{name}/discussions/{num}/files.diff",
    "/static/{path*}",
    "/notifications/{number}",
    "/notifications/unsubscribe/{link}",
    "/password/reset/{link}",
    "/settings",
    "/join",
    "/setup",
    "/new-dataset",
    "/jobs",
    "/settings/usage",
}
TALKER = "---\npipeline_tag: text-generation\nwidget: [{text: Hello there}, {text: And now}]\n---\n"
TABLES = (
    "---\npipeline_tag: tabular-regression\nlibrary_name: sklearn\n"
    "widget: [{structured_data: {size: [1, 2], wave: [3, 4]}}]\n---\n"
)
FOR_NOBODY = [
    "/",
    "/login",
    "/password/forgot",
    "/signup",
    "/{repo}",
    "/{repo}/discussions/1",
    "/{repo}/discussions/1/files",
    "/{repo}/discussions/1/files?view=split",
    "/alice/there-is-no-such-thing",
]


@pytest.fixture
def places(make: Make, cast: Cast, png: bytes, wav: bytes, safetensors: bytes) -> dict[str, str]:
    card = "---\nlicense: mit\ntags: [weather]\n---\n# Weather\n\narXiv:2401.12345\n\n$x^2$\n\n"
    card += "```python\nimport os\n```\n\n"
    card += "| a very long heading of a column | another very long heading | b |\n|-|-|-|\n| 1 | 2 | 3 |\n\n"
    card += "[x](code.py) and a_word_that_is_far_too_long_for_the_screen_of_any_phone_that_was_ever_sold_anywhere\n"
    code = "".join(f"value_{n} = {'x' * (n * 10)!r}\n" for n in range(30))
    files = {"README.md": card, "code.py": code, "picture.png": png, "sound.wav": wav, "data/rows.csv": "a,b\n1,2\n"}
    repo = make.repo(cast.alice, files={**files, "model.safetensors": safetensors})
    oid = make.commit(cast.alice, repo, {"code.py": code.replace("value_3", "worth_3"), "picture.png": png + b"\0"})
    make.api(cast.carol).upload_file(
        path_or_fileobj=b"1\n", path_in_repo="notes.txt", repo_id=repo, create_pr=True, commit_description="**Why**"
    )
    dataset = make.repo(cast.alice, kind="dataset", files=ROWS)
    results = (
        f"[{{dataset: {{id: {dataset}, task_id: all}}, value: 1, notes: fast, source: {{url: https://a.example}}}}]"
    )
    more = f"---\nbase_model: [{repo}, other/base]\ndatasets: [{dataset}]\n---\narXiv:2401.12345\n"
    linked = make.repo(cast.alice, files={"README.md": more, "a-Q4_0.gguf": b"GGUF", ".eval_results/a.yaml": results})
    return {"repo": repo, "oid": oid, "dataset": dataset, "linked": linked, "empty": make.repo(cast.alice)}


@pytest.fixture
def more_places(make: Make, cast: Cast, visit: Visits, places: dict[str, str]) -> dict[str, str]:
    """With a bucket, a collection and an application."""
    api, bucket = make.api(cast.alice), f"alice/{make.name('bucket')}"
    api.create_bucket(bucket)
    api.batch_bucket_files(bucket, add=[(b"1", "notes.txt"), (b"2", "data/rows.csv")])
    collection = api.create_collection(make.name("best"), namespace="alice", description="The best").slug
    api.add_collection_item(collection, places["repo"], "model", note="Small")
    page = visit(cast.alice)
    page.goto("/settings/applications/new")
    page.get_by_label("On the machines of people").check()
    page.get_by_label("Name").fill("Notebook")
    page.get_by_label("Redirect addresses").fill("http://127.0.0.1/done")
    page.get_by_role("button", name="Register").click()
    client = page.locator("dd code").first.inner_text()
    hook = api.create_webhook(url="https://example.org/hook", watched=[{"type": "model", "name": places["repo"]}])
    page.goto(f"/settings/webhooks/{int(hook.id, 16)}")
    page.get_by_role("button", name="Send a ping").click()
    delivery = page.get_by_role("link", name="ping").get_attribute("href") or ""
    page.goto("/settings/applications")
    app = page.get_by_role("main").get_by_role("link", name="Notebook").first.get_attribute("href")
    job = api.run_job(image="debian", command=["sh", "-c", "echo a line of the log"], namespace="alice").id
    schedule = api.create_scheduled_job(image="debian", command=["true"], schedule="@daily", namespace="alice").id
    more = {
        "job": job,
        "schedule": schedule,
        "hook": f"/settings/webhooks/{int(hook.id, 16)}",
        "delivery": delivery.rpartition("/")[2],
    }
    hidden = make.group(cast.alice, bob="write")
    grouped = f"lab/{make.name('hidden')}"
    api.create_repo(grouped, private=True, resource_group_id=hidden)
    make.service_account(cast.alice)
    more |= {"group": hidden, "grouped": grouped, "talker": talkers(make, cast)}
    return {**places, **more, "bucket": bucket, "collection": collection, "client": client, "app": app or ""}


def talkers(make: Make, cast: Cast) -> str:
    """A model that looks as if it could chat; beside it, with `-tables` at its end, one that takes tables."""
    talker = make.repo(cast.alice, files={"README.md": TALKER, "model.safetensors": b"0"})
    api = make.api(cast.alice)
    api.create_repo(f"{talker}-tables")
    api.upload_file(path_or_fileobj=TABLES.encode(), path_in_repo="README.md", repo_id=f"{talker}-tables")
    return talker


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


def test_no_page_hinders_anyone(visit: Visits, cast: Cast, more_places: dict[str, str]) -> None:
    found = []
    for person, addresses in ((cast.alice, FOR_ALICE), (None, FOR_NOBODY)):
        page = visit(person, reduced_motion="reduce")
        for address in addresses:
            page.goto(address.format(**more_places))
            found += [f"{address} {fault}" for fault in look_at(page)]
    visit.expect_error("status of 404")  # the one page that is not there
    assert found == []


def pattern_of(route: Route) -> str:
    """A page below a path of files is the page of the files; kinds of repositories share theirs."""
    return route.pattern.removesuffix("/{path*}") if "{rev}" in route.pattern else route.pattern


def test_no_page_is_left_out() -> None:
    """A page that is new needs a line in the lists above."""
    routes = [route for routes in ROUTES for route in routes]
    names = ("repo", "dataset", "linked", "empty", "bucket", "collection", "grouped", "talker")
    example = {**dict.fromkeys(names, "alice/x"), "oid": "0" * 40, "client": "x", "app": "/settings/applications/x"}
    example |= {"hook": "/settings/webhooks/1", "delivery": "1", "job": "x", "schedule": "x", "group": "1"}
    router, looked_at = Router(routes), set(LIKE_OTHERS)
    for address in (*FOR_ALICE, *FOR_NOBODY):
        route, _, _ = router.find("GET", address.format(**example).partition("?")[0])
        assert route, address
        looked_at.add(pattern_of(route))
    pages = {pattern_of(route) for route in routes if route.method == "GET" and route.dialect == "html"}
    assert {page for page in pages - looked_at if not page.startswith(("/datasets/", "/spaces/", "/kernels/"))} == set()


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


def test_a_models_page_is_light(visit: Visits, cast: Cast, make: Make) -> None:
    """With all that it loads on a first visit. Math brings fonts of its own, and only where there is some."""
    card = (
        "# Weather\n\nIt *knows* **rain**, in `code` too.\n\n```python\nimport os\n```\n\n| a | b |\n|-|-|\n| 1 | 2 |\n"
    )
    repo = make.repo(cast.alice, files={"README.md": card * 5})
    page = visit()
    sizes: dict[str, int] = {}

    def note(request: Request) -> None:
        size = request.sizes()
        sizes[request.url] = size["responseBodySize"] + size["responseHeadersSize"]

    page.on("requestfinished", note)
    page.goto(f"/{repo}")
    page.wait_for_load_state("networkidle")
    assert any("woff2" in url for url in sizes)
    assert sum(sizes.values()) <= LIGHT, sizes
