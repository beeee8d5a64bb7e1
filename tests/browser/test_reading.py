"""What readers see: cards, code, pictures, sound, tensors, and how it came about."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from playwright.sync_api import expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser
CARD = """---
license: mit
pipeline_tag: text-classification
library_name: transformers
base_model: lab/base
datasets: [alice/forecasts]
---
# Weather

The loss is $L = -\\sum_i y_i \\log p_i$, and

$$\\int_0^1 x^2 dx = \\frac13$$

```python
from transformers import pipeline
run = pipeline(model="weather")
```

| Split | Accuracy |
| --- | ---: |
| test | 0.92 |

See [the code](src/train.py) and ![a picture](picture.png).
"""
CODE = "".join(f"line_{n} = {n}\n" for n in range(1, 41))


@pytest.fixture
def repo(make: Make, cast: Cast, png: bytes, wav: bytes, safetensors: bytes) -> str:
    files = {"README.md": CARD, "src/train.py": CODE, "picture.png": png, "sound.wav": wav}
    repo = make.repo(cast.alice, files={**files, "model.safetensors": safetensors})
    make.commit(cast.alice, repo, {"src/train.py": CODE.replace("line_3 = 3\n", "line_3 = 33\n")})
    return repo


def test_a_card(visit: Visits, repo: str) -> None:
    page = visit()
    page.goto(f"/{repo}")
    card = page.get_by_role("article")
    expect(card.get_by_role("heading", name="Weather")).to_be_visible()
    expect(card.locator(".katex")).to_have_count(2)
    expect(card.get_by_role("cell", name="0.92")).to_have_css("text-align", "right")
    expect(card.get_by_role("img", name="a picture")).to_have_js_property("naturalWidth", 64)
    expect(page.get_by_text("200 parameters")).to_be_visible()
    expect(page.get_by_role("link", name="Text classification")).to_have_attribute(
        "href", "/models?pipeline_tag=text-classification"
    )
    for name in ("lab/base", "alice/forecasts"):  # named by the card, and not on this hub
        expect(page.get_by_text(name, exact=True)).to_be_visible()
        expect(page.get_by_role("link", name=name)).to_have_count(0)

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card.locator(".code").hover()
    card.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines() == ["from transformers import pipeline", 'run = pipeline(model="weather")']

    card.get_by_role("link", name="the code").click()
    page.wait_for_url(f"**/{repo}/blob/main/src/train.py")


def test_how_to_use_a_model_names_this_hub(visit: Visits, repo: str) -> None:
    page = visit()
    page.goto(f"/{repo}")
    page.get_by_text("Use this model").click()
    expect(page.get_by_text(f'os.environ["HF_ENDPOINT"] = "{visit.url}"').first).to_be_visible()
    expect(page.get_by_text(f'pipe = pipeline("text-classification", model="{repo}")')).to_be_visible()
    page.get_by_text("hf download", exact=True).click()
    expect(page.get_by_text(f"hf download {repo}")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("details.use[open] .code").hover()
    page.locator("details.use[open] .code > .copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines() == [f"export HF_ENDPOINT={visit.url}", f"hf download {repo}"]


def test_how_to_use_a_model_without_scripts(visit: Visits, repo: str) -> None:
    page = visit(scripts=False)
    page.goto(f"/{repo}")
    page.get_by_text("Use this model").click()
    page.get_by_text("git clone", exact=True).click()
    expect(page.get_by_text(f"git clone {visit.url}/{repo}")).to_be_visible()


def test_lines_have_addresses(visit: Visits, repo: str) -> None:
    page = visit()
    page.goto(f"/{repo}/blob/main/src/train.py#L2")
    expect(page.locator("#L2")).to_have_class("line picked")
    expect(page.locator(".line.picked")).to_have_count(1)
    plain = page.locator("#L4").evaluate("line => getComputedStyle(line).backgroundColor")
    assert page.locator("#L2").evaluate("line => getComputedStyle(line).backgroundColor") != plain


def test_raw_and_download_give_the_bytes(visit: Visits, repo: str, safetensors: bytes) -> None:
    page = visit()
    page.goto(f"/{repo}/blob/main/model.safetensors")
    expect(page.get_by_text("2 tensors")).to_contain_text("200 parameters")
    row = page.get_by_role("row").filter(has_text="layer.weight")
    expect(row).to_contain_text("F16")
    expect(row).to_contain_text("[12, 10]")
    expect(row).to_contain_text("120")
    expect(page.get_by_text(hashlib.sha256(safetensors).hexdigest())).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename == "model.safetensors"
    assert Path(started.value.path()).read_bytes() == safetensors

    page.goto(f"/{repo}/blob/main/src/train.py")
    page.get_by_role("link", name="Raw").click()
    assert page.inner_text("body").splitlines()[:3] == ["line_1 = 1", "line_2 = 2", "line_3 = 33"]


def test_pictures_and_sound(visit: Visits, repo: str) -> None:
    page = visit()
    page.goto(f"/{repo}/blob/main/picture.png")
    expect(page.get_by_role("img", name="picture.png")).to_have_js_property("naturalHeight", 32)
    page.goto(f"/{repo}/blob/main/sound.wav")
    page.wait_for_function("() => document.querySelector('audio').duration === 0.25")


def test_history_and_a_commit(visit: Visits, repo: str) -> None:
    page = visit()
    page.goto(f"/{repo}/tree/main")
    page.get_by_role("link", name="3 commits").click()
    expect(page.get_by_role("main").get_by_role("listitem").filter(has_text="Write")).to_have_count(2)
    page.get_by_role("link", name="Write 1 files").click()
    expect(page.get_by_text("1 file changed")).to_be_visible()
    expect(page.locator("tr.del")).to_have_text("-line_3 = 3")
    expect(page.locator("tr.add")).to_have_text("+line_3 = 33")

    page.goto(f"/{repo}/blob/main/src/train.py")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("link", name="Write 5 files")).to_be_visible()
    expect(page.get_by_role("link", name="Initial commit")).to_have_count(0)


def test_branches_and_tags(visit: Visits, repo: str, make: Make, cast: Cast) -> None:
    api = make.api(cast.alice)
    api.create_branch(repo, branch="try/this")
    api.create_tag(repo, tag="v1.0")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="only-here.txt", repo_id=repo, revision="try/this")
    page = visit()
    page.goto(f"/{repo}/tree/main/src")
    page.locator("main summary").filter(has_text="main").click()
    page.get_by_role("link", name="try/this").click()
    # The folder stays the same on the other branch.
    expect(page.get_by_role("link", name="train.py", exact=True)).to_be_visible()
    page.get_by_label("Path").get_by_role("link").first.click()
    expect(page.get_by_role("link", name="only-here.txt", exact=True)).to_be_visible()
    page.locator("main summary").filter(has_text="try/this").click()
    page.get_by_role("link", name="v1.0").click()
    expect(page.get_by_role("link", name="only-here.txt", exact=True)).to_have_count(0)


def test_a_search_finds_all_kinds(visit: Visits, make: Make, cast: Cast) -> None:
    name = make.name("zebra")
    make.repo(cast.alice, name=name)
    make.repo(cast.alice, name=name, kind="dataset")
    page = visit()
    page.goto("/")
    page.locator("#quick-search").fill(name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?search=*")
    expect(page.locator(f"main a[href='/alice/{name}']")).to_be_visible()
    expect(page.locator(f"main a[href='/datasets/alice/{name}']")).to_be_visible()
    page.get_by_role("link", name="All with facets Models").click()
    page.get_by_role("link", name="1 dataset").click()
    expect(page.get_by_role("link", name=f"alice/{name}")).to_have_attribute("href", f"/datasets/alice/{name}")
