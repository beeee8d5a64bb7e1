"""Pushes that are cut off: by a client that leaves, by a hub that dies at the worst moment."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pioche.app import build_hub
from pioche.hub import Hub
from pioche.names import RepoId, RepoKind
from pioche.ports.gitstore import PutFile
from pioche.repos.types import NewRepo, Repo
from pioche.settings import Settings
from pioche.testkit.clients import Git
from pioche.testkit.clones import MakeRepo, Work
from pioche.testkit.gitstore import commit
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.crash]

PATH = RepoId(RepoKind.MODEL, "alice", "crash")


class Scene:
    """A hub of its own with one repository, and a clone with a commit that is ready to be pushed."""

    def __init__(self, server: Server, cast: Cast, folder: Path) -> None:
        self.server = server
        self._token = cast.alice.token
        hub = build_hub(Settings(data=server.data))
        hub.repos.create(hub.accounts.actor_of_token(self._token), NewRepo(PATH))
        self.hooks = hub.gitstore.hooks
        hub.database.close()
        git = Git(server.url, folder / "home")
        git.run("clone", git.remote(PATH.full, cast.alice), str(folder / "clone"))
        self.work = Work(git, folder / "clone")
        self.before = self.work.run("rev-parse", "HEAD").strip()
        self.after = self.work.commit("a", "1")

    def hook(self, name: str, script: str) -> None:
        """Git's own hook, replaced until the hub starts again."""
        path = self.hooks / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def head(self) -> str | None:
        """What the database says."""
        hub = build_hub(Settings(data=self.server.data))
        try:
            return hub.repos.find(hub.accounts.actor_of_token(self._token), PATH).head
        finally:
            hub.database.close()

    def branch(self) -> str:
        """What git says."""
        return self.work.run("ls-remote", "origin", "refs/heads/main").split("\t")[0]

    def markers(self) -> list[Path]:
        return list((self.server.data / "moves").iterdir())


@pytest.fixture
def scene(own_server: Server, own_cast: Cast, tmp_path: Path) -> Scene:
    return Scene(own_server, own_cast, tmp_path)


def test_a_hub_that_dies_after_the_ref_moved_finds_it_at_start(scene: Scene) -> None:
    scene.hook("post-receive", f"kill -9 {scene.server.pid}")
    scene.work.refused()
    assert scene.head() == scene.before
    assert len(scene.markers()) == 1
    scene.server.start()
    assert scene.branch() == scene.after
    assert scene.head() == scene.after
    assert scene.markers() == []


def test_a_hub_that_dies_before_the_ref_moved_has_lost_nothing(scene: Scene) -> None:
    kill = f'if [ "$1" = prepared ]; then kill -9 {scene.server.pid}; exit 1; fi'
    scene.hook("reference-transaction", kill)
    scene.work.refused()
    (scene.hooks / "reference-transaction").unlink()
    assert len(scene.markers()) == 1
    scene.server.start()
    assert scene.branch() == scene.before
    assert scene.head() == scene.before
    assert scene.markers() == []
    scene.work.push()
    assert scene.head() == scene.after


def test_a_ref_that_git_could_not_move_is_not_recorded(scene: Scene) -> None:
    scene.hook("reference-transaction", 'test "$1" != prepared')
    scene.work.refused()
    (scene.hooks / "reference-transaction").unlink()
    assert scene.head() == scene.before
    assert scene.markers() == []
    scene.work.push()
    assert scene.head() == scene.after


# -- clients that leave --


def send(server: Server, head: str, body: bytes) -> socket.socket:
    parts = urlsplit(server.url)
    assert parts.hostname
    assert parts.port
    sock = socket.create_connection((parts.hostname, parts.port), timeout=30)
    sock.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    return sock


def git_children(server: Server) -> list[str]:
    listed = subprocess.run(
        ["ps", "--ppid", str(server.pid), "-o", "args="], capture_output=True, text=True, check=False
    )
    return [line for line in listed.stdout.splitlines() if line.startswith("git")]


def wait_until(done: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_client_that_leaves_during_a_push(scene: Scene, own_cast: Cast) -> None:
    head = (
        f"POST /{PATH.full}/git-receive-pack HTTP/1.1\nHost: x\nContent-Length: 100000\n"
        f"Authorization: Bearer {own_cast.alice.token}\nContent-Type: application/x-git-receive-pack-request"
    )
    sock = send(scene.server, head, b"00")
    wait_until(lambda: bool(git_children(scene.server)))
    sock.close()
    wait_until(lambda: not git_children(scene.server))
    assert scene.markers() == []
    scene.work.push()


def test_a_client_that_leaves_during_a_clone(
    new_repo: MakeRepo, find: Callable[[str], Repo], server: Server, inside: Hub
) -> None:
    path = new_repo()
    store = inside.gitstore
    noise = hashlib.shake_128(b"noise").digest(9 * 1024 * 1024)
    commit(store.open(find(path).id), *(PutFile(f"noise{n}", bytes([n]) + noise) for n in range(4)))
    tip = store.open(find(path).id).resolve("main")
    body = f"0032want {tip}\n00000009done\n".encode()
    head = f"POST /{path}/git-upload-pack HTTP/1.1\nHost: x\nContent-Length: {len(body)}"
    sock = send(server, head, body)
    assert sock.recv(1000)
    assert git_children(server)
    sock.close()
    wait_until(lambda: not git_children(server))
