"""Upload by drag and drop, in a real browser: small files, large ones, folders, pull requests, cancel and failure."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from pioche.testkit.browser import log_in, watched_page
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser
LARGE = 24 * 1024 * 1024 + 11


def choose(page: Page, repo: str, files: list[Path], place: str = "main") -> None:
    page.goto(f"/{repo}/upload/{place}")
    page.set_input_files("[data-part=drop] input:not([webkitdirectory])", files)


def send(page: Page) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    small, empty, large = tmp_path / "notes.txt", tmp_path / "empty.txt", tmp_path / "model.bin"
    small.write_text("héllo\n")
    empty.write_bytes(b"")
    large.write_bytes(os.urandom(LARGE))
    return [small, empty, large]


def test_files_of_all_sizes_in_one_commit(
    alice_page: Page, make: Make, cast: Cast, files: list[Path], tmp_path: Path
) -> None:
    repo = make.repo(cast.alice)
    choose(alice_page, repo, files, "main/sub")
    alice_page.get_by_label("What changes").fill("By drag and drop")
    send(alice_page)
    alice_page.wait_for_url("**/tree/main/sub")
    api = make.api(cast.alice)
    assert api.list_repo_commits(repo)[0].title == "By drag and drop"
    for file in files:
        got = Path(api.hf_hub_download(repo, f"sub/{file.name}", cache_dir=tmp_path / "cache")).read_bytes()
        assert hashlib.sha256(got).digest() == hashlib.sha256(file.read_bytes()).digest()
    info = {item.path: item for item in api.get_paths_info(repo, [f"sub/{file.name}" for file in files])}
    assert info["sub/model.bin"].lfs.size == LARGE
    assert info["sub/notes.txt"].lfs is None


def test_a_folder_keeps_its_paths(alice_page: Page, make: Make, cast: Cast, tmp_path: Path) -> None:
    repo = make.repo(cast.alice)
    folder = tmp_path / "data"
    for name in ("a/1.txt", "a/b/2.txt", ".git/config"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    alice_page.goto(f"/{repo}/upload/main")
    alice_page.set_input_files("[data-part=drop] input[webkitdirectory]", folder)
    send(alice_page)
    alice_page.wait_for_url("**/tree/main")
    found = make.api(cast.alice).list_repo_files(repo)
    assert {"data/a/1.txt", "data/a/b/2.txt"} <= set(found)
    assert not any(".git/" in path for path in found)


def test_a_dropped_file_is_taken(alice_page: Page, make: Make, cast: Cast) -> None:
    repo = make.repo(cast.alice, kind="dataset")
    alice_page.goto(f"/datasets/{repo}/upload/main")
    transfer = alice_page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['x,y\\n'], 'rows.csv')); return t; }"
    )
    alice_page.dispatch_event("[data-part=drop]", "drop", {"dataTransfer": transfer})
    expect(alice_page.locator(".up-file")).to_contain_text("rows.csv")
    send(alice_page)
    alice_page.wait_for_url("**/tree/main")
    assert "rows.csv" in make.api(cast.alice).list_repo_files(repo, repo_type="dataset")


def test_as_a_pull_request(alice_page: Page, make: Make, cast: Cast, files: list[Path]) -> None:
    repo = make.repo(cast.alice)
    choose(alice_page, repo, files[:1])
    alice_page.get_by_label("Open a pull request").check()
    send(alice_page)
    alice_page.wait_for_url("**/discussions/1")
    api = make.api(cast.alice)
    assert "notes.txt" not in api.list_repo_files(repo)
    assert "notes.txt" in api.list_repo_files(repo, revision="refs/pr/1")


def test_what_fails_can_be_tried_again(
    browser: Browser, server: Server, make: Make, cast: Cast, files: list[Path]
) -> None:
    repo = make.repo(cast.alice)
    with watched_page(browser, server.url) as (page, watch):
        log_in(page, cast.alice)
        refused: list[str] = []

        def refuse_once(route: Route) -> None:
            if refused:
                return route.continue_()
            refused.append(route.request.url)
            return route.fulfill(status=413, json={"message": "No room left for this owner."})

        page.route(lambda url: "model" not in url and "/lfs" in url and "batch" not in url, refuse_once)
        choose(page, repo, files)
        send(page)
        expect(page.locator(".up-file[data-state=failed]")).to_contain_text("No room left for this owner.")
        assert make.api(cast.alice).list_repo_commits(repo)[0].title == "Initial commit"
        page.get_by_role("button", name="Try again").click()
        page.wait_for_url("**/tree/main")
        watch.allow("413")
    assert "model.bin" in make.api(cast.alice).list_repo_files(repo)


def test_cancel_commits_nothing_and_can_go_on(alice_page: Page, make: Make, cast: Cast, files: list[Path]) -> None:
    repo = make.repo(cast.alice)
    held: list[Route] = []
    alice_page.route("**/objects/batch", lambda route: held.append(route))
    choose(alice_page, repo, files)
    send(alice_page)
    alice_page.wait_for_function("() => document.querySelector('.up-file[data-state=uploading]')")
    alice_page.get_by_role("button", name="Cancel").click()
    expect(alice_page.locator("[data-part=message]")).to_contain_text("Stopped.")
    assert held
    assert "model.bin" not in make.api(cast.alice).list_repo_files(repo)
    alice_page.unroute("**/objects/batch")
    send(alice_page)
    alice_page.wait_for_url("**/tree/main")
    assert "model.bin" in make.api(cast.alice).list_repo_files(repo)


def test_without_scripts_the_plain_form_is_there(
    browser: Browser, server: Server, make: Make, cast: Cast, files: list[Path]
) -> None:
    repo = make.repo(cast.alice)
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, cast.alice)
    page.goto(f"/{repo}/upload/main")
    page.get_by_label("Files", exact=True).set_input_files(files[:1])
    page.get_by_role("button", name="Upload and commit").click()
    page.wait_for_url("**/tree/main")
    context.close()
    assert "notes.txt" in make.api(cast.alice).list_repo_files(repo)
