"""Kernels: a type of repository like the others, by the stock client, git and the page."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from pioche.testkit.clients import Git, Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = pytest.mark.client

CARD = "---\nlicense: apache-2.0\ntags: [activation]\n---\n# Activations\n"
CUDA, ANYWHERE = "build/torch28-cxx11-cu128-x86_64-linux", "build/torch-universal"
LIBRARY = bytes(range(256)) * 400


@pytest.fixture
def alice(make: Make, cast: Cast) -> HfApi:
    return make.api(cast.alice)


@pytest.fixture
def kernel(alice: HfApi, make: Make) -> str:
    name = f"alice/{make.name('kernel')}"
    alice.create_repo(name, repo_type="kernel")
    files = {
        "README.md": CARD.encode(),
        f"{CUDA}/activation/__init__.py": b"from ._ops import gelu\n",
        f"{CUDA}/activation/_ops.abi3.so": LIBRARY,
        f"{ANYWHERE}/activation/__init__.py": b"def gelu(x):\n    return x\n",
    }
    added = [CommitOperationAdd(path, content) for path, content in files.items()]
    alice.create_commit(name, added, commit_message="Build", repo_type="kernel")
    return name


def test_a_kernel_is_made_shown_and_fetched(alice: HfApi, kernel: str, server: Server, tmp_path: Path) -> None:
    info = alice.kernel_info(kernel)
    assert (info.id, info.author, info.private, info.gated, info.likes) == (kernel, "alice", False, False, 0)
    assert info.sha == alice.list_repo_refs(kernel, repo_type="kernel").branches[0].target_commit
    assert info.last_modified is not None
    assert alice.repo_info(kernel, repo_type="kernel").id == kernel
    assert alice.repo_exists(kernel, repo_type="kernel")
    assert not alice.repo_exists(kernel)  # as a model
    paths = [entry.path for entry in alice.list_repo_tree(kernel, "build", recursive=True, repo_type="kernel")]
    assert f"{CUDA}/activation/_ops.abi3.so" in paths
    folder = snapshot_download(
        kernel, repo_type="kernel", endpoint=server.url, cache_dir=tmp_path, allow_patterns=f"{ANYWHERE}/*"
    )
    assert [path.name for path in Path(folder).rglob("*.py")] == ["__init__.py"]
    path = hf_hub_download(
        kernel, f"{CUDA}/activation/_ops.abi3.so", repo_type="kernel", endpoint=server.url, cache_dir=tmp_path
    )
    assert Path(path).read_bytes() == LIBRARY


def test_versions_are_branches(alice: HfApi, kernel: str) -> None:
    alice.create_branch(kernel, branch="v1", repo_type="kernel")
    alice.upload_file(
        path_or_fileobj=b"two", path_in_repo="build/two.txt", repo_id=kernel, revision="v1", repo_type="kernel"
    )
    assert alice.kernel_info(kernel, revision="v1").sha != alice.kernel_info(kernel).sha
    with pytest.raises(HfHubHTTPError):
        alice.kernel_info(kernel, revision="v2")


def test_lists_find_it_by_what_it_was_built_for(kernel: str, server: Server) -> None:
    found = httpx.get(f"{server.url}/api/kernels", params={"search": kernel.split("/")[1]}).json()
    assert [(one["id"], one["sha"] is not None) for one in found] == [(kernel, True)]
    assert {"kernel", "cuda", "universal", "activation", "license:apache-2.0"} <= set(found[0]["tags"])
    for tag in ("cuda", "metal"):
        listed = httpx.get(f"{server.url}/api/kernels", params={"filter": tag, "search": kernel}).json()
        assert [one["id"] for one in listed] == ([kernel] if tag == "cuda" else [])
    assert kernel in httpx.get(f"{server.url}/kernels").text
    page = httpx.get(f"{server.url}/kernels/{kernel}")
    assert page.status_code == 200
    assert "Activations" in page.text


def test_large_files_are_copied_from_kernel_to_kernel(alice: HfApi, kernel: str) -> None:
    other = f"{kernel}-copy"
    alice.create_repo(other, repo_type="kernel")
    source = f"{CUDA}/activation/_ops.abi3.so"
    copy = CommitOperationCopy(source, "copied.so", src_repo_id=kernel, src_repo_type="kernel")
    alice.create_commit(other, [copy], commit_message="Copy", repo_type="kernel")
    assert "copied.so" in alice.list_repo_files(other, repo_type="kernel")
    alice.delete_repo(other, repo_type="kernel")
    with pytest.raises(RepositoryNotFoundError):
        alice.list_repo_files(other, repo_type="kernel")


def test_git_clones_and_pushes_it(kernel: str, server: Server, cast: Cast, tmp_path: Path) -> None:
    git, clone = Git(server.url, tmp_path), tmp_path / "clone"
    git.run("clone", git.remote(f"kernels/{kernel}", cast.alice), str(clone))
    assert (clone / CUDA / "activation" / "_ops.abi3.so").read_bytes() == LIBRARY
    (clone / "new.py").write_text("x = 1\n")
    git.run("add", "new.py", folder=clone)
    git.run("commit", "-m", "More", folder=clone)
    git.run("push", folder=clone)
    assert httpx.get(f"{server.url}/kernels/{kernel}/raw/main/new.py").text == "x = 1\n"


def test_the_command_line_knows_them(server: Server, cast: Cast, tmp_path: Path) -> None:
    hf = Hf(server.url, tmp_path, cast.alice)
    hf.run("repos", "create", "alice/kernel-cli", "--repo-type", "kernel")
    (tmp_path / "a.txt").write_text("a")
    hf.run("upload", "alice/kernel-cli", str(tmp_path / "a.txt"), "a.txt", "--repo-type", "kernel")
    assert hf.api.list_repo_files("alice/kernel-cli", repo_type="kernel") == [".gitattributes", "a.txt"]


def test_a_private_kernel_does_not_exist_for_others(alice: HfApi, make: Make, cast: Cast, server: Server) -> None:
    alice.create_repo("alice/kernel-hidden", repo_type="kernel", private=True)
    assert alice.kernel_info("alice/kernel-hidden").private
    hidden = httpx.get(f"{server.url}/api/kernels/alice/kernel-hidden")
    absent = httpx.get(f"{server.url}/api/kernels/alice/kernel-absent")
    assert (hidden.status_code, hidden.text.replace("hidden", "absent")) == (absent.status_code, absent.text)
    assert "kernel-hidden" not in httpx.get(f"{server.url}/api/kernels").text
