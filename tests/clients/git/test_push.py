"""The real git against a real hub: pushes that go through."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

import pytest

from pioche.hub import Hub
from pioche.repos.types import Repo
from pioche.testkit.clones import Clone, MakeRepo

pytestmark = pytest.mark.client

Find = Callable[[str], Repo]


def test_push_and_clone_again(new_repo: MakeRepo, clone: Clone, inside: Hub, find: Find) -> None:
    path = new_repo()
    work = clone(path)
    new = work.commit("dir/a.txt", "hello")
    work.push()
    again = clone(path)
    assert again.run("rev-parse", "HEAD").strip() == new
    repo = find(path)
    assert repo.head == new
    assert not list((inside.settings.data / "moves").iterdir())


def test_push_of_many_files(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo()
    work = clone(path)
    for n in range(2000):
        work.write(f"data/{n % 20}/{n}.json", f'{{"n": {n}}}')
    work.commit("last", "one")
    work.push()
    assert len(list((clone(path).folder / "data").rglob("*.json"))) == 2000


def test_a_large_push_is_streamed(new_repo: MakeRepo, clone: Clone, large_size: int) -> None:
    """Larger than git's own buffer, so the body comes in chunks; in files that are small enough for git."""
    path = new_repo()
    work = clone(path)
    whole = hashlib.shake_128(b"seed").digest(9 * 1024 * 1024)
    for n in range(max(2, min(8, large_size // len(whole)))):
        work.write(f"{n}.dat", bytes([n]) + whole)
    head = work.commit("end", "x")
    work.push()
    assert clone(path).run("rev-parse", "HEAD").strip() == head


def test_branches_and_tags(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo()
    work = clone(path)
    work.commit("a", "1")
    work.run("tag", "v1")
    work.run("tag", "-a", "v2", "-m", "annotated")
    work.push("HEAD:main", "HEAD:refs/heads/feature/x", "v1", "v2")
    listed = work.run("ls-remote", "origin")
    for ref in ("refs/heads/main", "refs/heads/feature/x", "refs/tags/v1", "refs/tags/v2", "refs/tags/v2^{}"):
        assert f"\t{ref}\n" in listed
    work.push("--delete", "feature/x", "v2")
    listed = work.run("ls-remote", "origin")
    assert "feature/x" not in listed
    assert "v2" not in listed


def test_force_push_and_lost_races(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo()
    one, two = clone(path), clone(path)
    one.commit("a", "1")
    one.push()
    two.commit("a", "2")
    assert "fetch first" in two.refused()
    two.push("--force", "HEAD:main")
    assert clone(path).run("show", "HEAD:a") == "2"


def test_pushes_at_the_same_time(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo()
    works = [clone(path) for _ in range(4)]
    for number, work in enumerate(works):
        work.commit(f"file-{number}", "x")
    threads = [
        threading.Thread(target=work.push, args=(f"HEAD:refs/heads/b{number}",)) for number, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert works[0].run("ls-remote", "--heads", "origin").count("refs/heads/b") == 4
