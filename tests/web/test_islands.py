"""What scripts add to the pages, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from pioche.testkit.factories import Make
from pioche.testkit.people import Cast

pytestmark = pytest.mark.browser
CARD = """---
license: mit
---
# Try it

Area $a^2$ and

$$\\int_0^1 x\\,dx$$

```python
import os
```

| a | b |
|-|-:|
| 1 | 2 |

- [x] done

"""
CARD += "word\n\n" * 120 + "## Far below\n\n"
CARD += "<script>document.title = 'owned'</script><img src=x.png onerror=\"document.title='owned'\">"
CODE = "\n".join(f"line_{number} = {number}" for number in range(1, 200))


@pytest.fixture
def repo(make: Make, cast: Cast) -> str:
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360606060000000050001"
        "a5f645400000000049454e44ae426082".replace(" ", "")
    )
    return make.repo(cast.alice, files={"README.md": CARD, "code.py": CODE, "x.png": pixel})


def test_the_theme_is_remembered_and_there_before_first_paint(page: Page) -> None:
    page.goto("/models")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(20, 22, 21)"
    page.goto("/datasets")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="System").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme ?? ''") == ""


def test_the_keyboard_goes_places(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search models, datasets, Spaces")).to_be_focused()
    page.keyboard.type("g d ?")
    assert page.url.endswith("/")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_url("**/datasets")


def test_j_and_k_walk_a_list(page: Page, make: Make, cast: Cast) -> None:
    for _ in range(2):
        make.repo(cast.alice)
    page.goto("/models")
    names = page.locator("a[data-item]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(names.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(names.nth(0)).to_be_focused()


def test_code_of_a_card_can_be_copied(page: Page, repo: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/{repo}")
    page.locator(".prose .code").hover()
    page.locator(".prose .code .copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == "import os"
    expect(page.locator("#said")).to_have_text("Copied")


def test_math_is_drawn_and_only_loaded_where_it_is(page: Page, repo: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/models")
    assert not any("katex" in url for url in asked)
    page.goto(f"/{repo}")
    expect(page.locator(".math .katex")).to_have_count(2)


def test_scripts_of_a_card_do_nothing(page: Page, repo: str) -> None:
    page.goto(f"/{repo}")
    expect(page.locator(".prose img")).to_have_count(1)
    assert "owned" not in page.title()


def test_an_anchor_of_a_card_is_found_by_its_plain_name(page: Page, repo: str) -> None:
    page.goto(f"/{repo}#far-below")
    expect(page.get_by_role("heading", name="Far below")).to_be_in_viewport()


def test_lines_are_picked_and_shared_by_address(page: Page, repo: str) -> None:
    page.goto(f"/{repo}/blob/main/code.py#L150-L152")
    expect(page.locator(".line.picked")).to_have_count(3)
    expect(page.locator("#L150")).to_be_in_viewport()
    page.locator("#L151 .ln").click()
    page.locator("#L155 .ln").click(modifiers=["Shift"])
    assert page.url.endswith("#L151-L155")
    expect(page.locator(".line.picked")).to_have_count(5)


def test_deleting_wants_the_name_typed(alice_page: Page, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice)
    alice_page.goto(f"/{repo}/settings")
    alice_page.get_by_role("button", name="Delete this repository").click()
    dialog = alice_page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Delete this repository")
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill("something else")
    expect(button).to_be_disabled()
    dialog.get_by_role("textbox").fill(repo)
    button.click()
    alice_page.wait_for_url(lambda url: not url.endswith("/settings"))
    assert not make.api(cast.alice).repo_exists(repo)


def test_times_say_the_exact_moment(page: Page, repo: str) -> None:
    page.goto(f"/{repo}")
    time = page.locator("time[data-ago]").first
    expect(time).to_contain_text("ago")
    assert "20" in (time.get_attribute("title") or "")
