"""Large folders and long uploads: lists of 100,000 files, last commits of 6,500, many small files at once."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd
from measure import Bench, bench, best, cpu_seconds, folder_size, memory_mib, report

from pioche.testkit.clients import Git

PARTS = ("list", "expand", "commit", "upload")
PAGE_MS = 50
BROWSER_MS = 300
EXPAND_SECONDS = 1.0
COMMIT_SECONDS = 10.0
PER_SECOND = 200_000 / 360
"""A peer takes 6 minutes for 200,000 files."""
KB = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--files", type=int, default=100_000, help="in the folders that are listed")
    parser.add_argument("--entries", type=int, default=6_500, help="of the folder whose last commits are asked for")
    parser.add_argument("--commits", type=int, default=3_250, help="of its history")
    parser.add_argument("--commit-files", type=int, default=10_000, help="small files of one commit")
    parser.add_argument("--upload", type=int, default=200_000, help="files of 10 KB that `hf upload` sends")
    given = parser.parse_args()
    with bench() as at:
        if "list" in given.parts:
            _list(at, given.files)
        if "expand" in given.parts:
            _expand(at, given.entries, given.commits)
        if "commit" in given.parts:
            _commit(at, given.commit_files)
        if "upload" in given.parts:
            _upload(at, given.upload)


# -- lists --


def _list(at: Bench, count: int) -> None:
    """One flat folder, and as many files in folders of 1,000; by the API and in the page."""
    flat = [(f"{i:06}.txt", i) for i in range(count)]
    deep = [(f"{i // 1000:03}/{i:06}.txt", i) for i in range(count)]
    for name, files in (("flat", flat), ("deep", deep)):
        _push(at, name, iter([("Many files", files)]))
    _list_page(at, f"first page of a folder, {count:,} files", "/api/models/alice/flat/tree/main", PAGE_MS)
    whole = "/api/models/alice/deep/tree/main?recursive=true"
    _list_page(at, f"first page of all in folders, {count:,} files", whole, PAGE_MS)
    _list_page(at, f"page of a folder in the browser, {count:,} files", "/alice/flat/tree/main", BROWSER_MS)
    seconds = best(2, lambda: _walk(at, "alice/deep", count, recursive=True))
    report(f"all {count:,} by the client", f"{seconds:.1f} s, hub {_memory(at)}", "none", True)


def _list_page(at: Bench, what: str, path: str, target: int) -> None:
    cold = _after_restart(at, path)
    warm = best(5, lambda: _get(at, path)) * 1000
    report(what, f"{warm:.0f} ms, {cold:.0f} ms after a start", f"<= {target} ms", warm <= target)


def _expand(at: Bench, entries: int, commits: int) -> None:
    """A folder that grew by a few files at a time, beside a walk through all of its history for each page."""
    per = -(-entries // commits)
    history = (
        (f"Part {i}", [(f"{n:05}.txt", n) for n in range(i * per, min((i + 1) * per, entries))])
        for i in range(-(-entries // per))
    )
    _push(at, "history", history)
    what = f"last commits of {entries:,} files, {commits:,} commits"
    at.server.stop()
    at.server.start()
    cold = best(1, lambda: _walk(at, "alice/history", entries, expand=True))
    warm = best(3, lambda: _walk(at, "alice/history", entries, expand=True))
    report(f"{what}", f"{warm:.2f} s", f"<= {EXPAND_SECONDS:.1f} s", warm <= EXPAND_SECONDS)
    report("  first time after a start", f"{cold:.2f} s", f"<= {EXPAND_SECONDS:.1f} s", cold <= EXPAND_SECONDS)
    at.alice.api.upload_file(path_or_fileobj=b"new", path_in_repo="00000.txt", repo_id="alice/history")
    again = best(1, lambda: _walk(at, "alice/history", entries, expand=True))
    report("  after one more commit", f"{again:.2f} s", f"<= {EXPAND_SECONDS:.1f} s", again <= EXPAND_SECONDS)
    page = best(3, lambda: _get(at, "/alice/history/tree/main")) * 1000
    report("  in the browser", f"{page:.0f} ms", f"<= {BROWSER_MS} ms", page <= BROWSER_MS)


# -- writing --


def _commit(at: Bench, count: int) -> None:
    api, repo = at.alice.api, "alice/one-commit"
    api.create_repo(repo)
    files = [CommitOperationAdd(f"{i // 100:03}/{i:05}.txt", f"{i}\n".encode() * 10) for i in range(count)]
    with _watched(at) as seen:
        api.create_commit(repo, files, commit_message=f"{count} files")
    _report_writing(f"create_commit of {count:,} small files", seen, COMMIT_SECONDS)
    at.alice.api.create_repo("alice/one-folder")
    with _files(count, 100) as folder, _watched(at) as seen:
        at.alice.run("upload", "alice/one-folder", str(folder), seconds=3600)
    _report_writing(f"hf upload of {count:,} small files", seen, count / PER_SECOND)


def _upload(at: Bench, count: int) -> None:
    at.alice.api.create_repo("alice/upload")
    before = folder_size(at.server.data)
    with _files(count, 10 * KB) as folder:
        with _watched(at) as seen:
            at.alice.run("upload", "alice/upload", str(folder), seconds=4 * 3600)
        _report_writing(f"hf upload of {count:,} files of 10 KB", seen, count / PER_SECOND)
        grown = (folder_size(at.server.data) - before) / (count * 10 * KB)
        report("  disk used, to the bytes sent", f"{grown:.2f}x", "none", True)
        with _watched(at) as seen:
            at.alice.run("upload", "alice/upload", str(folder), seconds=4 * 3600)
        _report_writing("  the same once more (nothing changed)", seen, count / PER_SECOND)
    page = best(3, lambda: _get(at, "/api/models/alice/upload/tree/main?recursive=true")) * 1000
    report("  first page of all of them", f"{page:.0f} ms", f"<= {PAGE_MS} ms", page <= PAGE_MS)


def _report_writing(what: str, seen: dict[str, float], seconds: float) -> None:
    figure = (
        f"{seen['wall']:.1f} s, hub {seen['cpu']:.1f} s CPU, {seen['own']:.0f} MiB ({seen['memory']:.0f} with files)"
    )
    report(what, figure, f"<= {seconds:.1f} s", seen["wall"] <= seconds)


@contextmanager
def _files(count: int, size: int) -> Iterator[Path]:
    """A folder of text files that have nothing in common, a thousand in each folder."""
    root = Path(tempfile.mkdtemp(prefix="pioche-files-"))
    try:
        for i in range(count):
            if i % 1000 == 0:
                folder = root / f"{i // 1000:03}"
                folder.mkdir()
            (folder / f"{i:06}.txt").write_text(os.urandom(size // 2).hex())
        yield root
    finally:
        shutil.rmtree(root)


@contextmanager
def _watched(at: Bench) -> Iterator[dict[str, float]]:
    """Wall time, CPU seconds of the hub, and the most memory it took meanwhile, without and with files it maps."""
    seen = {"memory": 0.0, "own": 0.0}
    done = threading.Event()

    def look() -> None:
        seen["memory"] = max(seen["memory"], memory_mib(at.server.pid))
        seen["own"] = max(seen["own"], memory_mib(at.server.pid, "Anonymous"))

    def watch() -> None:
        while not done.wait(0.5):
            look()

    watcher = threading.Thread(target=watch)
    watcher.start()
    cpu, start = cpu_seconds(at.server.pid), time.perf_counter()
    try:
        yield seen
    finally:
        seen["wall"], seen["cpu"] = time.perf_counter() - start, cpu_seconds(at.server.pid) - cpu
        done.set()
        watcher.join()
        look()


# -- asking --


def _push(at: Bench, name: str, commits: Iterator[tuple[str, list[tuple[str, int]]]]) -> None:
    """Makes `alice/<name>` by one push of commits that each add files."""
    at.alice.api.create_repo(f"alice/{name}")
    git, work = Git(at.server.url, at.folder / "git"), at.folder / f"push-{name}"
    git.run("init", "--quiet", "--bare", str(work))
    stream = subprocess.Popen(
        ["git", "--git-dir", str(work), "fast-import", "--quiet"], stdin=subprocess.PIPE, env=git.environment()
    )
    assert stream.stdin is not None
    for number, (message, files) in enumerate(commits):
        head = f"commit refs/heads/main\ncommitter A <a@example.org> {1_700_000_000 + number} +0000\n"
        stream.stdin.write(f"{head}data {len(message)}\n{message}\n".encode())
        for path, content in files:
            text = f"{content}\n"
            stream.stdin.write(f"M 100644 inline {path}\ndata {len(text)}\n{text}".encode())
    stream.stdin.close()
    assert stream.wait() == 0
    remote = git.remote(f"alice/{name}", at.cast.alice)
    git.run("--git-dir", str(work), "push", "--quiet", "--force", remote, "main", seconds=1200)


def _walk(at: Bench, repo: str, count: int, recursive: bool = False, expand: bool = False) -> None:
    found = sum(1 for _ in at.alice.api.list_repo_tree(repo, recursive=recursive, expand=expand))
    assert found >= count, f"{found} entries came instead of {count}"


def _after_restart(at: Bench, path: str) -> float:
    """Milliseconds of the first answer of a hub that has nothing in memory yet (but on its disk's cache)."""
    at.server.stop()
    at.server.start()
    _get(at, "/healthz")
    return best(1, lambda: _get(at, path)) * 1000


def _get(at: Bench, path: str) -> None:
    """Another query each time, so that no answer can be one that was kept."""
    url = f"{at.server.url}{path}{'&' if '?' in path else '?'}n={time.perf_counter_ns()}"
    with urllib.request.urlopen(url, timeout=600) as answer:
        answer.read()


def _memory(at: Bench) -> str:
    return f"{memory_mib(at.server.pid):.0f} MiB"


if __name__ == "__main__":
    main()
