"""Git LFS as people use it: the real git and git-lfs against a running hub."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from pioche.testkit.clients import Git, Hf
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def clone(git: Git, repo: str, person: Person | None, folder: Path) -> Path:
    git.run("clone", git.remote(repo, person), str(folder))
    return folder


def commit(git: Git, folder: Path, path: str, data: bytes) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    git.run("add", path, folder=folder)
    git.run("commit", "-m", f"Write {path}", folder=folder)


def push_file(git: Git, repo: str, person: Person, folder: Path, data: bytes) -> Path:
    clone(git, repo, person, folder)
    git.run("lfs", "track", "*.bin", folder=folder)
    git.run("add", ".gitattributes", folder=folder)
    commit(git, folder, "weights/model.bin", data)
    git.run("push", "origin", "HEAD:main", folder=folder)
    return folder


@pytest.mark.parametrize("private", [False, True])
def test_push_and_clone(git: Git, make: Make, cast: Cast, tmp_path: Path, large_size: int, private: bool) -> None:
    repo, data = make.repo(cast.alice, private=private), noise(large_size, 1)
    mine = push_file(git, repo, cast.alice, tmp_path / "mine", data)
    assert git.run("lfs", "ls-files", "--name-only", folder=mine).split() == ["weights/model.bin"]
    reader = cast.alice if private else None
    other = clone(git, repo, reader, tmp_path / "other")
    assert (other / "weights/model.bin").read_bytes() == data
    commit(git, mine, "weights/model.bin", data[:-1] + b"!")
    git.run("push", "origin", "HEAD:main", folder=mine)
    git.run("pull", folder=other)
    assert (other / "weights/model.bin").read_bytes() == data[:-1] + b"!"


def test_what_git_sent_the_python_client_gets_and_the_other_way_round(
    git: Git, hf: Hf, make: Make, cast: Cast, tmp_path: Path
) -> None:
    repo, data = make.repo(cast.alice), noise(2_000_000, 2)
    mine = push_file(git, repo, cast.alice, tmp_path / "mine", data)
    for xet in (True, False):
        path = hf.as_(cast.carol, xet).api.hf_hub_download(repo, "weights/model.bin", cache_dir=tmp_path / str(xet))
        assert Path(path).read_bytes() == data
    for number, xet in enumerate((True, False)):
        source = tmp_path / f"up{number}.bin"
        source.write_bytes(noise(11_000_000, 10 + number))
        hf.as_(cast.alice, xet).run("upload", repo, str(source), source.name)
        git.run("pull", folder=mine)
        assert (mine / source.name).read_bytes() == source.read_bytes()


def test_a_pointer_without_its_file_is_refused(git: Git, make: Make, cast: Cast, tmp_path: Path) -> None:
    """Somebody who knows the hash of a private file gets it neither by a commit nor by asking."""
    secret = noise(300_000, 3)
    push_file(git, make.repo(cast.alice, private=True), cast.alice, tmp_path / "secret", secret)
    sha256 = hashlib.sha256(secret).hexdigest()
    repo = make.repo(cast.carol)
    thief = clone(git, repo, cast.carol, tmp_path / "thief")
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(secret)}\n"
    (thief / "model.bin").write_text(pointer)
    (thief / ".gitattributes").write_text("")
    git.run("add", "model.bin", ".gitattributes", folder=thief)
    git.run("commit", "-m", "Mine now", folder=thief)
    refused = git.try_run("push", "--no-verify", "origin", "HEAD:main", folder=thief)
    assert refused.returncode != 0
    assert "model.bin" in refused.stderr or sha256 in refused.stderr
    body = {"operation": "download", "objects": [{"oid": sha256, "size": len(secret)}]}
    answer = httpx.post(f"{git.url}/{repo}.git/info/lfs/objects/batch", json=body).json()
    assert answer["objects"][0]["error"]["code"] == 404


def test_a_reader_cannot_push(git: Git, make: Make, cast: Cast, tmp_path: Path) -> None:
    repo = make.repo(cast.alice, {"README.md": "# Mine"})
    folder = clone(git, repo, cast.carol, tmp_path / "carol")
    git.run("lfs", "track", "*.bin", folder=folder)
    commit(git, folder, "a.bin", noise(1000, 4))
    refused = git.try_run("lfs", "push", "origin", "main", folder=folder)
    assert refused.returncode != 0
    assert "write" in refused.stderr.lower() or "403" in refused.stderr or "authoriz" in refused.stderr.lower()
    assert git.try_run("push", "origin", "HEAD:main", folder=folder).returncode != 0


def test_an_interrupted_download_goes_on(git: Git, make: Make, cast: Cast, tmp_path: Path) -> None:
    """git-lfs keeps what it has in `incomplete` and asks for the rest."""
    repo, data = make.repo(cast.alice), noise(5_000_000, 5)
    push_file(git, repo, cast.alice, tmp_path / "mine", data)
    folder = tmp_path / "other"
    git.run("clone", git.remote(repo, cast.alice), str(folder), extra={"GIT_LFS_SKIP_SMUDGE": "1"})
    sha256 = hashlib.sha256(data).hexdigest()
    begun = folder / ".git/lfs/incomplete" / f"{sha256}.part"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(data[:4_000_000])
    trace = git.try_run("lfs", "pull", folder=folder, extra={"GIT_CURL_VERBOSE": "1", "GIT_TRACE": "1"})
    assert trace.returncode == 0, trace.stderr
    assert "206 Partial Content" in trace.stderr
    assert (folder / "weights/model.bin").read_bytes() == data


def test_locks(git: Git, make: Make, cast: Cast, tmp_path: Path) -> None:
    """alice locks a file of the organisation; bob may not push over it until she lets go, or he is an admin."""
    repo = make.repo(cast.alice, name=f"{cast.org}/{make.name()}")
    alice = push_file(git, repo, cast.alice, tmp_path / "alice", noise(1000, 6))
    bob = clone(git, repo, cast.bob, tmp_path / "bob")
    path = "weights/model.bin"
    git.run("lfs", "lock", path, folder=alice)
    assert "alice" in git.run("lfs", "locks", folder=bob)
    assert git.try_run("lfs", "lock", path, folder=bob).returncode != 0
    assert git.try_run("lfs", "unlock", path, folder=bob).returncode != 0
    for folder in (alice, bob):
        git.run("config", f"lfs.{git.url}/{repo}.git/info/lfs.locksverify", "true", folder=folder)
        git.run("config", "lfs.locksverify", "true", folder=folder)
    commit(git, bob, path, noise(1000, 7))
    assert git.try_run("push", "origin", "HEAD:main", folder=bob).returncode != 0
    git.run("lfs", "unlock", path, folder=alice)
    git.run("push", "origin", "HEAD:main", folder=bob)
    git.run("lfs", "lock", path, folder=bob)
    git.run("lfs", "unlock", "--force", path, folder=alice)
    assert git.run("lfs", "locks", folder=alice).strip() == ""


def test_a_hub_that_restarts_has_everything(own_server: Server, own_cast: Cast, tmp_path: Path) -> None:
    git, make = Git(own_server.url, tmp_path / "home"), Make(own_server.url)
    repo, data = make.repo(own_cast.alice), noise(3_000_000, 8)
    push_file(git, repo, own_cast.alice, tmp_path / "mine", data)
    own_server.kill9()
    own_server.start()
    other = clone(git, repo, None, tmp_path / "other")
    assert (other / "weights/model.bin").read_bytes() == data


def test_chunks_serve_git_too(tmp_path: Path) -> None:
    """A file that was turned into chunks is the same file for git, and now also for Xet clients."""
    import time

    from pioche.testkit.people import cast_on

    server = Server(tmp_path / "data", {"PIOCHE_LFS_TO_XET_AFTER": "0"}).start()
    try:
        cast = cast_on(server.data)
        git, make = Git(server.url, tmp_path / "home"), Make(server.url)
        repo, data = make.repo(cast.alice), noise(3_000_000, 9)
        push_file(git, repo, cast.alice, tmp_path / "mine", data)
        api = Hf(server.url, tmp_path / "machine", cast.carol).api
        deadline = time.monotonic() + 60
        while api.get_paths_info(repo, ["weights/model.bin"])[0].xet_hash is None:
            assert time.monotonic() < deadline, "it was not turned into chunks"
            time.sleep(0.1)
        path = api.hf_hub_download(repo, "weights/model.bin", cache_dir=tmp_path / "cache")
        assert Path(path).read_bytes() == data
        assert (clone(git, repo, None, tmp_path / "other") / "weights/model.bin").read_bytes() == data
    finally:
        server.kill9()


def test_the_python_client_sends_large_files_in_parts(tmp_path: Path) -> None:
    """Without Xet it offers `multipart`, and takes it when the hub answers with parts."""
    from pioche.testkit.people import cast_on

    server = Server(tmp_path / "data", {"PIOCHE_LFS_PART_SIZE": "2000000"}).start()
    try:
        cast = cast_on(server.data)
        repo, data = Make(server.url).repo(cast.alice), noise(12_000_001, 11)
        (tmp_path / "model.bin").write_bytes(data)
        (tmp_path / "small.bin").write_bytes(data[:5])
        client = Hf(server.url, tmp_path / "machine", cast.alice, xet=False)
        client.run("upload", repo, str(tmp_path / "small.bin"), "small.bin")
        # This setting makes the client print every request that it sends.
        told = {**client.environment(), "HF_DEBUG": "1"}
        command = ["hf", "upload", repo, str(tmp_path / "model.bin"), "model.bin"]
        done = subprocess.run(command, env=told, capture_output=True, text=True, check=True)
        assert len(set(re.findall(r"PUT \S*/lfs/uploads/\w+/(\d+)", done.stderr))) == 7
        got = client.run("download", repo, "--local-dir", str(tmp_path / "got"))
        assert got
        assert (tmp_path / "got/model.bin").read_bytes() == data
        assert (tmp_path / "got/small.bin").read_bytes() == data[:5]
        assert list((server.data / "blobs/spool").iterdir()) == []
    finally:
        server.kill9()
