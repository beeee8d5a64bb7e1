"""Texts of people that try to be more than texts, in every place that takes one, looked at in a real browser.

On no page may any of them become an element, an attribute that runs, or an address that runs. What the browser finds is
asked of its own tree, so that a page is at fault even where the Content-Security-Policy would have stopped it.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

from pioche.app import ROUTES
from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server
from pioche.web.routing import Router

pytestmark = pytest.mark.browser

EVIL = """"'><x-evil onclick=evil()>e</x-evil><img src=x onerror=evil()><script>evil()</script>{{7*7}}"""
SHORT = """"'><x-evil onclick=evil()>"""
REF = "\"'><x-evil/onclick=evil()>"
RUNS = "javascript:evil()//"
MOST_OF_A_PATTERN = 3
MOST = 170  # pages

# What a text would have become. Addresses of whatever follows or loads are as the browser understands them.
LOOK = """() => {
  const found = [...document.querySelectorAll("x-evil, [onclick], [onerror], [onload], [onmouseover], base, iframe")]
    .map((one) => one.outerHTML);
  for (const one of document.querySelectorAll("script"))
    if (one.textContent.includes("evil")) found.push(one.outerHTML);
  for (const one of document.querySelectorAll("[href], [src], [action], [formaction], [data]"))
    for (const name of ["href", "src", "action", "formaction", "data"])
      if (/^\\s*(javascript|vbscript|data:text)/i.test(one[name] ?? "")) found.push(one.outerHTML);
  if (window.caught) found.push("a script ran");
  return found.map((text) => text.slice(0, 200));
}"""
LINKS = "() => [...document.querySelectorAll('a[href]')].map((one) => one.href)"
CARD = {
    "license": SHORT, "license_name": EVIL, "license_link": RUNS, "tags": [EVIL, SHORT], "library_name": SHORT,
    "pipeline_tag": "text-generation", "base_model": [EVIL, f"a/{SHORT}"], "datasets": [EVIL, "a/" + RUNS],
    "language": [SHORT], "title": EVIL, "emoji": EVIL, "colorFrom": EVIL, "thumbnail": RUNS, "metrics": [EVIL],
    "widget": [{"text": EVIL, "example_title": EVIL}, {"src": RUNS, "output": {"url": RUNS, "text": EVIL}}],
    "extra_gated_prompt": EVIL, "extra_gated_description": EVIL, "extra_gated_button_content": EVIL,
    "extra_gated_heading": EVIL, "extra_gated_fields": {EVIL: "text", "one": {"type": "select", "options": [EVIL]}},
    "model-index": [{"name": EVIL, "results": [{"task": {"type": SHORT, "name": EVIL}, "dataset": {
        "name": EVIL, "type": SHORT, "config": EVIL}, "metrics": [{"type": SHORT, "name": EVIL, "value": EVIL}],
        "source": {"name": EVIL, "url": RUNS}}]}],
}  # fmt: skip
TEXT = f"""# {EVIL}

{EVIL}

[a]({RUNS}) ![b]({RUNS}) <{RUNS}> [c](data:text/html,<script>evil()</script>) [d](&#106;avascript:evil\\(\\))
[e](java&Tab;script:evil\\(\\)) <a href="\x01javascript:evil()">f</a> <a href="java\nscript:evil()">g</a>
<svg><a xlink:href="{RUNS}"><text>h</text></a></svg> <math><mi xlink:href="{RUNS}">i</mi></math>
<form action="{RUNS}"><button formaction="{RUNS}">j</button></form> <base href="//evil.example"> <iframe srcdoc="k">
<details open ontoggle=evil()>l</details> <video><source onerror=evil()></video> <style>@import 'x'</style>
<noscript><p title="</noscript><img src=x onerror=evil()>"></noscript>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=evil()&gt;">
$\\href{{{RUNS}}}{{m}}$ $\\htmlData{{x=y}}{{n}}$ $</span><x-evil>$ \\(\\url{{{RUNS}}}\\)

```python
</code></pre><x-evil>{EVIL}
```

```{SHORT}
o
```

[^1]

[^1]: {EVIL}

- [ ] {EVIL}

|{SHORT}|
|-|
|{EVIL}|
"""


def tensors(name: str, size: int = 1) -> bytes:
    head = json.dumps({
        "__metadata__": {"format": "pt", EVIL: EVIL}, name: {"dtype": "U8", "shape": [size], "data_offsets": [0, size]},
    })  # fmt: skip
    return struct.pack("<Q", len(head)) + head.encode() + b"\0" * size


def notebook() -> str:
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": [TEXT], "metadata": {}},
        {"cell_type": "code", "source": EVIL, "metadata": {}, "execution_count": 1, "outputs": [
            {"output_type": "display_data", "data": {"text/html": EVIL, "image/svg+xml": EVIL}, "metadata": {}}]},
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def files() -> dict[str, bytes | str]:
    card = f"---\n{json.dumps(CARD)}\n---\n{TEXT}\narXiv:2401.12345\n"
    return {
        "README.md": card,
        f"{SHORT}/{SHORT}.py": f"x = '{EVIL}'\n",
        f"{SHORT}.png": b"no picture",
        "page.html": f"<!doctype html>{EVIL}",
        "draw.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="evil()">{EVIL}</svg>',
        "note.ipynb": notebook(),
        "rows.csv": f'{SHORT},b\n"{EVIL}",2\n'.replace("\"'", ""),
        "model.safetensors": tensors(SHORT),
        ".eval_results/a.yaml": json.dumps([
            {"dataset": {"id": "alice/" + SHORT, "task_id": EVIL}, "value": 1, "notes": EVIL}]),
    }  # fmt: skip


class Mischief:
    """alice fills in everything that takes a text."""

    def __init__(self, make: Make, alice: Person, bob: Person) -> None:
        self.make, self.alice, self.bob = make, alice, bob
        self.api = make.api(alice)
        self.refused: list[str] = []

    def post(self, path: str, body: Any, method: str = "POST") -> Any:
        headers = {"authorization": f"Bearer {self.alice.token}"}
        answer = httpx.request(method, self.make.url + path, json=body, headers=headers, timeout=30)
        assert answer.status_code < 500, (path, answer.text)
        if answer.status_code >= 400:
            self.refused.append(f"{path}: {answer.text[:120]}")
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}

    def everything(self) -> Iterator[str]:
        """Addresses to begin with."""
        repo = self.make.repo(self.alice, files=files())
        self.make.commit(self.alice, repo, {
            "rows.csv": f'{SHORT},c\n"{EVIL} again",3\n', f"{SHORT}/{SHORT}.py": f"y = '{EVIL}'\n",
            "model.safetensors": tensors(SHORT, 2), "draw.svg": "<svg/>", f"{SHORT}.png": b"none",
        })  # fmt: skip
        yield from (f"/{repo}", f"/{repo}/settings", f"/{repo}/commits/main", f"/{repo}/discussions")
        yield from (f"/{repo}/blob/main/{name}" for name in ("page.html", "draw.svg", "note.ipynb", "rows.csv"))
        for kind in ("dataset", "space", "kernel"):
            other = f"alice/{self.make.name()}"
            self.api.create_repo(other, repo_type=kind, space_sdk="static" if kind == "space" else None)
            self.make.commit(self.alice, other, {"README.md": files()["README.md"]}, kind)
            yield f"/{kind}s/{other}"
        for verb in ("branch", "tag"):
            self.post(f"/api/models/{repo}/{verb}/{quote(REF, safe='') if verb == 'branch' else 'main'}", {"tag": REF})
        yield from self._talk(repo)
        yield from self._things(repo)

    def _talk(self, repo: str) -> Iterator[str]:
        where = f"/api/models/{repo}/discussions"
        number = self.post(where, {"title": EVIL[:190], "description": TEXT})["num"]
        self.post(f"{where}/{number}/comment", {"comment": f"{TEXT} @alice"})
        self.post(f"{where}/{number}/title", {"title": f"{SHORT} and more"})
        self.post(f"{where}/{number}/status", {"status": "closed", "comment": EVIL})
        self.make.api(self.bob).create_discussion(repo, title=f"{SHORT} @alice", description=f"@alice {TEXT}")
        change = self.api.upload_file(
            path_or_fileobj=EVIL.encode(), path_in_repo=f"{SHORT}.md", repo_id=repo, create_pr=True,
            commit_message=EVIL, commit_description=TEXT,
        )  # fmt: skip
        yield from (f"/{repo}/discussions/{number}", f"/{repo}/discussions/{number}?comment=1&quote=1")
        yield from (f"/{repo}/discussions/3", f"/{repo}/discussions/3/files", f"/{repo}/commit/{change.oid}")

    def _things(self, repo: str) -> Iterator[str]:
        collection = self.post("/api/collections", {
            "title": SHORT[:50], "description": EVIL[:140], "namespace": "alice",
            "item": {"type": "model", "id": repo}, "note": EVIL})  # fmt: skip
        yield f"/collections/{collection['slug']}"
        bucket = f"alice/{self.make.name('bucket')}"
        self.api.create_bucket(bucket)
        self.api.batch_bucket_files(bucket, add=[(EVIL.encode(), f"{SHORT}/{SHORT}.txt"), (TEXT.encode(), "README.md")])
        yield from (f"/buckets/{bucket}", f"/buckets/{bucket}/tree/{quote(SHORT)}")
        group = self.post("/api/organizations/lab/resource-groups", {"name": SHORT, "description": EVIL})
        yield f"/organizations/lab/settings/groups/{int(group['id'], 16)}" if "id" in group else "/lab"
        job = self.post("/api/jobs/alice", {
            "dockerImage": "debian", "command": ["sh", "-c", f"echo {EVIL!r}"], "environment": {"E": EVIL},
            "secrets": {}, "flavor": "cpu-basic", "labels": {"a": EVIL}})  # fmt: skip
        yield f"/jobs/alice/{job['id']}" if "id" in job else "/jobs/alice"
        schedule = self.post("/api/scheduled-jobs/alice", {"schedule": "@daily", "jobSpec": {
            "dockerImage": "debian", "command": ["echo", EVIL], "environment": {"E": EVIL},
            "flavor": "cpu-basic"}})  # fmt: skip
        yield f"/jobs/alice/scheduled/{schedule['id']}" if "id" in schedule else "/jobs/alice/scheduled"
        self.api.create_webhook(url=f"https://example.org/{quote(SHORT)}", watched=[{"type": "model", "name": repo}])
        self.post("/api/papers/2401.12345/comment", {"comment": TEXT})
        yield from ("/papers/2401.12345", "/settings/webhooks", f"/{repo}/try", "/settings/tokens", "/lab", "/alice")


def forms(page: Page) -> None:
    """What has no API: profiles, programs and tokens."""
    page.goto("/settings/profile")
    for name, text in (("fullname", SHORT), ("bio", EVIL), ("website", RUNS)):
        page.locator(f"[name={name}]").fill(text)
    page.locator("main form button.btn-primary").first.click()
    if page.locator("[name=website]").input_value() == RUNS:  # refused, as it should be
        page.locator("[name=website]").fill("https://example.org/" + SHORT.replace(" ", ""))
        page.locator("main form button.btn-primary").first.click()
    page.goto("/organizations/lab/settings")
    page.locator("[name=fullname]").fill(SHORT)
    page.locator("main form button.btn-primary").first.click()
    page.goto("/settings/applications/new")
    page.get_by_label("Name").fill(SHORT)
    page.get_by_label("Redirect addresses").fill("http://127.0.0.1/done")
    page.get_by_role("button", name="Register").click()


SEARCHES = (
    "/models?search={e}&library={e}&license={e}&other={e}&pipeline_tag={e}&sort={e}&author={e}",
    "/datasets?search={e}&language={e}&p={e}", "/spaces?search={e}", "/search?search={e}",
    "/search/full-text?q={e}&type={e}",
    "/models?{e}={e}", "/new?name={e}&license={e}", "/login?next={e}", "/signup?next={j}", "/login?next={j}",
    "/alice/{e}", "/{e}", "/oauth/device?user_code={e}", "/playground?model={e}",
    "/train/new?task={e}&model={e}&name={e}",
    "/train/new?task=text-classification&model={e}&name={e}&dataset={e}", "/add-to-collection?type={e}&id={e}",
    "/collections?q={e}&sort={e}&item={e}", "/papers?q={e}&sort={e}", "/jobs/alice?label={e}&status={e}", "/docs?{e}",
    "/activity?before={e}", "/notifications?{e}={e}&type={e}", "/buckets?search={e}",
    "/settings/gated-repos?status={e}",
    "/oauth/authorize?client_id={e}&redirect_uri={j}", "/password/reset/{e}", "/notifications/unsubscribe/{e}",
)  # fmt: skip


def crawl(page: Page, url: str, begin: list[str], seen: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Everything that can be reached, some of each kind of page: address and faults."""
    router = Router([route for routes in ROUTES for route in routes])
    waiting, patterns, host = list(begin), Counter[str](), urlsplit(url).netloc
    while waiting and len(seen) < MOST:
        address = waiting.pop(0)
        key = address.partition("#")[0]
        route, _, _ = router.find("GET", urlsplit(key).path)
        pattern = route.pattern if route else "none"
        if key in seen or (route and route.dialect != "html") or pattern.startswith("/logout"):
            continue
        if address not in begin and patterns[pattern] >= MOST_OF_A_PATTERN:
            continue
        patterns[pattern] += 1
        answer = page.goto(address)
        assert answer is not None
        seen[key] = answer.status
        yield address, page.evaluate(LOOK)
        links = [link for link in page.evaluate(LINKS) if urlsplit(link).netloc == host]
        waiting += [link.removeprefix(url) for link in links]


def test_no_text_of_people_becomes_more_than_text(visit: Visits, server: Server, make: Make, cast: Cast) -> None:
    page = visit(cast.alice)
    page.add_init_script("window.evil = () => { window.caught = true; }")
    forms(page)
    mischief = Mischief(make, cast.alice, cast.bob)
    begin = list(mischief.everything())
    begin += [address.format(e=quote(EVIL, safe=""), j=quote(RUNS, safe="")) for address in SEARCHES]
    seen: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    shown = 0
    for address, found in crawl(page, server.url, begin, seen):
        shown += "<x-evil" in page.locator("body").inner_text()
        if found:
            faults[address] = found
    visit.expect_error("status of 4")  # pages that are not there, and pictures that are none
    visit.expect_error("https://")
    assert faults == {}
    assert [key for key, status in seen.items() if status >= 500] == []
    # Else nobody was tempted: the texts must have been taken, and shown.
    assert mischief.refused == []
    assert shown > 60, shown


HARMLESS = ("text/plain", "application/octet-stream", "application/json")
FILES = {
    "page.html": "<!doctype html><script>document.title='evil'</script><body>still a text",
    "page.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><script>document.title="evil"</script></html>',
    "draw.svg": '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title="evil"</script></svg>',
    "data.xml": '<x:script xmlns:x="http://www.w3.org/1999/xhtml">document.title="evil"</x:script>',
    "page.mhtml": "MIME-Version: 1.0\nContent-Type: text/html\n\n<script>document.title='evil'</script>",
    "unknown": "<!doctype html><script>document.title='evil'</script>",
    "data:text/html,x": "<script>document.title='evil'</script>",
    "data:image/svg+xml,x": "<script>document.title='evil'</script>",
    "data:image/\u2603,x": "text",
    "note.ipynb": notebook(),
}


def test_files_of_people_do_not_run_where_the_hub_is(visit: Visits, make: Make, cast: Cast) -> None:
    """Opened by themselves, as raw files and as files to download, and loaded as scripts of a page."""
    repo = make.repo(cast.alice, files={**FILES, "run.js": "document.title = 'evil'", "work.css": "body{color:red}"})
    bucket = f"alice/{make.name('bucket')}"
    make.api(cast.alice).create_bucket(bucket)
    make.api(cast.alice).batch_bucket_files(bucket, add=[(text.encode(), name) for name, text in FILES.items()])
    page = visit(cast.alice)
    page.goto(f"/{repo}")
    for place in (f"/{repo}/resolve/main/", f"/{repo}/raw/main/", f"/buckets/{bucket}/resolve/"):
        for name in FILES:
            answer = page.request.get(f"{place}{quote(name, safe='')}")
            assert answer.status == 200, (place, name, answer.status)
            kind, policy = answer.headers["content-type"], answer.headers["content-security-policy"]
            assert kind.partition(";")[0] in HARMLESS, (name, kind)
            assert "sandbox" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
    runs = """address => new Promise(done => {
      const one = document.createElement("script");
      one.src = address; one.onload = () => done("ran"); one.onerror = () => done("refused");
      document.head.append(one);
    })"""
    assert page.evaluate(runs, f"/{repo}/resolve/main/run.js") == "refused"
    assert page.evaluate(runs, f"/{repo}/raw/main/run.js") == "refused"
    assert "evil" not in page.title()
    visit.expect_error("run.js")
    page.goto(f"/{repo}/raw/main/page.html")
    assert "evil" not in page.title()
    assert "<script>" in page.locator("body").inner_text()
