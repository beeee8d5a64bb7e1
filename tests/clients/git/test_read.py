"""The real git against a real hub: clone and fetch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from pioche.names import RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.types import Repo
from pioche.testkit.clients import Git
from pioche.testkit.clones import Clone, MakeRepo
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.client

Find = Callable[[str], Repo]


@pytest.mark.parametrize("kind", list(RepoKind))
def test_clone_with_and_without_the_suffix(new_repo: MakeRepo, git: Git, tmp_path: Path, kind: RepoKind) -> None:
    path = new_repo(PutFile("a.txt", b"hello"), kind=kind)
    for number, suffix in enumerate(("", ".git")):
        folder = tmp_path / str(number)
        git.run("clone", git.remote(path + suffix), str(folder))
        assert (folder / "a.txt").read_bytes() == b"hello"
        assert git.run("branch", "--show-current", folder=folder).strip() == "main"


@pytest.mark.parametrize("protocol", ["0", "1", "2"])
def test_every_protocol_version(new_repo: MakeRepo, git: Git, tmp_path: Path, protocol: str) -> None:
    path = new_repo(*(PutFile(f"f{n}", b"%d" % n) for n in range(50)))
    git.run("-c", f"protocol.version={protocol}", "clone", git.remote(path), str(tmp_path / "c"))
    assert (tmp_path / "c" / "f49").read_bytes() == b"49"


def test_shallow_and_deepened(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo(PutFile("a", b"1"))
    writer = clone(path)
    for n in range(5):
        writer.commit("a", f"{n}")
    writer.push()
    shallow = clone(path, None, "--depth=2")
    assert shallow.run("rev-list", "--count", "HEAD").strip() == "2"
    shallow.run("fetch", "--unshallow")
    assert shallow.run("rev-list", "--count", "HEAD").strip() == "7"


def test_partial_clone_fetches_files_when_they_are_needed(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo(PutFile("a", b"old content"), PutFile("b", b"two"))
    writer = clone(path)
    writer.commit("a", "new content")
    writer.push()
    partial = clone(path, None, "--filter=blob:none", "--no-checkout")
    missing = partial.run("rev-list", "--objects", "--missing=print", "HEAD").count("?")
    assert missing >= 3
    assert partial.run("show", "HEAD~1:a") == "old content"


def test_fetch_brings_what_others_pushed(new_repo: MakeRepo, clone: Clone) -> None:
    path = new_repo(PutFile("a", b"1"))
    one, two = clone(path), clone(path)
    for n in range(40):  # enough haves for a request that git compresses
        two.commit("mine", f"{n}")
    new = one.commit("a", "2")
    one.push()
    two.run("fetch")
    assert two.run("rev-parse", "origin/main").strip() == new


def test_who_may_clone(new_repo: MakeRepo, git: Git, cast: Cast, tmp_path: Path) -> None:
    private = new_repo(PutFile("a", b"1"), private=True)
    git.run("clone", git.remote(private, cast.alice), str(tmp_path / "alice"))
    by_password = git.remote(private).replace("//", f"//alice:{cast.alice.password.replace(' ', '%20')}@")
    git.run("clone", by_password, str(tmp_path / "password"))
    carol = git.try_run("clone", git.remote(private, cast.carol), str(tmp_path / "carol"))
    assert "not found" in carol.stderr
    nobody = git.try_run("clone", git.remote(private), str(tmp_path / "nobody"))
    assert "Authentication failed" in nobody.stderr or "could not read Username" in nobody.stderr
    wrong = git.try_run("clone", git.remote("alice/x").replace("//", "//alice:hf_wrong@"), str(tmp_path / "w"))
    assert "Authentication failed" in wrong.stderr


def test_the_addresses_by_hand(new_repo: MakeRepo, server: Server) -> None:
    path = new_repo(PutFile("a", b"1"))
    address = f"{server.url}/{path}.git/info/refs"
    answer = httpx.get(address, params={"service": "git-upload-pack"})
    assert answer.headers["content-type"] == "application/x-git-upload-pack-advertisement"
    assert answer.content.startswith(b"001e# service=git-upload-pack\n0000")
    assert answer.headers["cache-control"].startswith("no-cache")
    two = httpx.get(address, params={"service": "git-upload-pack"}, headers={"git-protocol": "version=2"})
    assert two.content.startswith(b"000eversion 2\n")
    assert httpx.get(address).status_code == 403
    assert "smart protocol" in httpx.get(address).text
    assert httpx.get(address, params={"service": "git-upload-archive"}).status_code == 403
    asks = httpx.get(address, params={"service": "git-receive-pack"})
    assert asks.status_code == 401
    assert asks.headers["www-authenticate"].startswith("Basic ")
    missing = httpx.get(f"{server.url}/alice/no-such.git/info/refs", params={"service": "git-upload-pack"})
    assert missing.status_code == 401
    assert httpx.get(f"{server.url}/{path}.git").headers["location"] == f"/{path}"


def test_a_broken_request_leaves_the_hub_well(new_repo: MakeRepo, server: Server, git: Git, tmp_path: Path) -> None:
    path = new_repo(PutFile("a", b"1"))
    for body in (b"", b"garbage", b"0000", b"0032want " + b"1" * 40 + b"\n00000009done\n"):
        httpx.post(f"{server.url}/{path}.git/git-upload-pack", content=body)
    lie = {"content-encoding": "gzip"}
    assert httpx.post(f"{server.url}/{path}.git/git-upload-pack", content=b"not gzip", headers=lie).status_code == 400
    git.run("clone", git.remote(path), str(tmp_path / "c"))
