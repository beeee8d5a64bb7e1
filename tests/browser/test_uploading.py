"""Files and folders dropped on the page, small and very large: seen on their way, stopped, and there byte for byte."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Error, Page, expect

from pioche.testkit.browser import Visits
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.browser
MIB = 1024 * 1024


def drop(page: Page, *paths: Path) -> None:
    """As the mouse does: real files and folders of this machine, let go over the middle of the drop zone."""
    zone = page.locator("[data-part=drop]")
    zone.scroll_into_view_if_needed()
    box = zone.bounding_box()
    assert box
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **place, "data": data})


def upload(page: Page) -> None:
    page.get_by_role("button", name="Upload", exact=True).click()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two small files, a folder with one more, and 80 MiB."""
    folder = tmp_path / "tokenizer"
    (folder / "vocab").mkdir(parents=True)
    (folder / "vocab" / "words.txt").write_text("sun\nrain\nfög\n")
    config, notes, weights = tmp_path / "config.json", tmp_path / "notes on use.txt", tmp_path / "weights.bin"
    config.write_text('{"model_type": "bert"}\n')
    notes.write_bytes(b"lines that end\r\nas on Windows\r\n")
    weights.write_bytes(os.urandom(80 * MIB + 13))
    return [config, notes, folder, weights]


def test_files_a_folder_and_a_large_file(
    visit: Visits, cast: Cast, make: Make, files: list[Path], tmp_path: Path
) -> None:
    repo, page = make.repo(cast.alice), visit(cast.alice)
    page.goto(f"/{repo}")
    page.get_by_role("link", name="Files", exact=True).click()
    page.get_by_text("Add", exact=True).click()
    page.get_by_role("link", name="Upload files").click()
    drop(page, *files)
    expect(page.locator(".up-file")).to_have_count(4)
    expect(page.locator(".up-file").filter(has_text="tokenizer/vocab/words.txt")).to_be_visible()

    upload(page)
    total = page.get_by_role("progressbar", name="All files")
    expect(total).to_be_visible()
    expect(page.locator("[data-part=amount]")).to_have_text(re.compile(r"^[1-9]\d?% · 83.9 MB$"))
    page.wait_for_url("**/tree/main")
    expect(page.get_by_role("link", name="weights.bin", exact=True)).to_be_visible()

    got = Path(make.api(cast.alice).snapshot_download(repo, local_dir=tmp_path / "got"))
    for sent in (*files[:2], files[2] / "vocab/words.txt", files[3]):
        assert (got / sent.relative_to(tmp_path)).read_bytes() == sent.read_bytes(), sent


def test_cancel_leaves_nothing_behind(visit: Visits, cast: Cast, make: Make, files: list[Path]) -> None:
    repo, page = make.repo(cast.alice), visit(cast.alice)
    before = make.api(cast.alice).list_repo_files(repo)
    page.goto(f"/{repo}/upload/main")
    drop(page, *files)
    upload(page)
    expect(page.locator(".up-file[data-state=hashing], .up-file[data-state=uploading]")).to_have_count(1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-part=message]")).to_contain_text("Stopped. What was uploaded is kept")
    assert make.api(cast.alice).list_repo_files(repo) == before
    # A file can be taken out of the list, and the rest sent after all.
    page.get_by_role("button", name="Remove weights.bin").click()
    upload(page)
    page.wait_for_url("**/tree/main")
    assert set(make.api(cast.alice).list_repo_files(repo)) == {
        *before,
        "config.json",
        "notes on use.txt",
        "tokenizer/vocab/words.txt",
    }


def test_one_file_without_a_title_names_the_commit(visit: Visits, cast: Cast, make: Make, files: list[Path]) -> None:
    repo, page = make.repo(cast.alice), visit(cast.alice)
    page.goto(f"/{repo}/upload/main")
    drop(page, files[0])
    upload(page)
    page.wait_for_url("**/tree/main")
    assert make.api(cast.alice).list_repo_commits(repo)[0].title == "Upload config.json"


def test_who_may_not_write_opens_a_pull_request(
    visit: Visits, cast: Cast, make: Make, files: list[Path], tmp_path: Path
) -> None:
    repo, page = make.repo(cast.alice), visit(cast.carol)
    page.goto(f"/{repo}/upload/main")
    expect(page.get_by_label("Commit directly")).to_have_count(0)
    drop(page, files[0], files[3])
    page.get_by_label("What changes").fill("Weights from my machine")
    upload(page)
    page.wait_for_url(f"**/{repo}/discussions/1")
    expect(page.get_by_role("heading", name="Weights from my machine")).to_be_visible()
    api = make.api(cast.alice)
    assert "weights.bin" not in api.list_repo_files(repo)
    got = Path(api.hf_hub_download(repo, "weights.bin", revision="refs/pr/1", cache_dir=tmp_path / "cache"))
    assert got.read_bytes() == files[3].read_bytes()


@pytest.mark.slow
def test_more_than_a_gibibyte_in_little_memory(
    visit: Visits, cast: Cast, make: Make, server: Server, tmp_path: Path
) -> None:
    """The page reads the file in pieces: what it holds does not grow with the file."""
    large, size = tmp_path / "huge.bin", 1229 * MIB + 5
    with large.open("wb") as file:
        file.truncate(size)
        for at in range(0, size - MIB, 64 * MIB):
            file.seek(at)
            file.write(os.urandom(MIB))
    repo, page = make.repo(cast.alice), visit(cast.alice)
    page.set_default_timeout(120_000)
    page.goto(f"/{repo}/upload/main")
    drop(page, large)
    upload(page)
    peak = 0
    while "/upload/" in page.url:
        peak = max(peak, _heap(page))
        page.wait_for_timeout(250)
    assert peak < 64 * MIB
    page.wait_for_url("**/tree/main")
    with large.open("rb") as file:
        expected = hashlib.file_digest(file, "sha256")
    info = make.api(cast.alice).get_paths_info(repo, "huge.bin")[0]
    assert (info.size, info.lfs.sha256) == (size, expected.hexdigest())
    digest = hashlib.sha256()
    with httpx.stream("GET", f"{server.url}/{repo}/resolve/main/huge.bin", follow_redirects=True) as answer:
        for piece in answer.iter_bytes(MIB):
            digest.update(piece)
    assert digest.digest() == expected.digest()


def _heap(page: Page) -> int:
    """Bytes that the page and its buffers hold; 0 while it is on its way to the next one."""
    try:
        found = page.evaluate("globalThis.performance?.memory?.usedJSHeapSize ?? 0")
    except Error as error:
        if "navigation" not in str(error):
            raise
        return 0
    assert isinstance(found, int)
    return found
