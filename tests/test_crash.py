"""Power cuts: the hub is killed at twenty random moments while clients write to it, and started again.

What a client was told is done is there, whole; what it was not told is there whole or not at all; and doing the same
again works. Real clients do the writing: `hf upload` (regular files, Xet, LFS) and `git push`.
"""

from __future__ import annotations

import random
import subprocess
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from pioche.testkit.clients import Git, Hf
from pioche.testkit.files import tree, write_random
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

REPO = "alice/storm"
ROUNDS = 5  # of each way to write
LARGE = 12_000_000  # bytes: over the limit for regular files, and more than one block of every protocol


@dataclass
class Storm:
    """A hub, a person who writes to it, and what the hub has acknowledged: path -> SHA-256."""

    server: Server
    cast: Cast
    folder: Path
    moments: random.Random
    acknowledged: dict[str, str] = field(default_factory=dict)

    def sources(self, name: str, large: bool) -> Path:
        """Two files that belong together, in a folder of that name."""
        root = self.folder / f"source-{name}"
        write_random(root / name / "first.txt", 2000, seed=zlib.crc32(name.encode()))
        write_random(
            root / name / ("second.bin" if large else "second.txt"),
            LARGE if large else 3000,
            ~zlib.crc32(name.encode()),
        )
        return root

    def hf(self, root: Path, xet: bool) -> subprocess.Popen[bytes]:
        client = Hf(self.server.url, self.folder / "machine", self.cast.alice, xet)
        return _start(["hf", "upload", REPO, str(root)], client)

    def push(self, root: Path) -> subprocess.Popen[bytes]:
        git, clone = Git(self.server.url, self.folder / "git-home"), self.folder / f"clone-{root.name}"
        if not clone.exists():
            git.run("clone", git.remote(REPO, self.cast.alice), str(clone), extra={"GIT_LFS_SKIP_SMUDGE": "1"})
            for path in tree(root):
                (clone / path).parent.mkdir(exist_ok=True)
                (clone / path).write_bytes((root / path).read_bytes())
            git.run("add", ".", folder=clone)
            git.run("commit", "-m", root.name, folder=clone)
        return _start(["git", "push", "origin", "main"], git, clone)

    def write(self, way: Callable[[Path], subprocess.Popen[bytes]], root: Path) -> float:
        """Lets a client write undisturbed; the seconds that it took."""
        start, process = time.monotonic(), way(root)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output.decode() + self.server.logs
        self.acknowledged |= tree(root)
        return time.monotonic() - start

    def cut(self, way: Callable[[Path], subprocess.Popen[bytes]], root: Path, seconds: float) -> None:
        """Kills the hub at a random moment of what takes about `seconds`, and the client with it."""
        process = way(root)
        moment = self.moments.uniform(0.2 * seconds, 1.1 * seconds)
        time.sleep(moment)
        self.server.kill9()
        # An answer that the client got before the cut counts; its retries meet nobody.
        done = process.poll() == 0
        print(f"{root.name}: cut after {moment:.2f} of {seconds:.2f} s, {'after' if done else 'before'} the answer")
        process.kill()
        process.communicate()
        if done:
            self.acknowledged |= tree(root)
        self.server.start()

    def check(self, root: Path) -> None:
        """Everything acknowledged is there and right; of `root` either all or nothing."""
        there = self.digests()
        assert self.acknowledged.items() <= there.items(), "an acknowledged file is lost or changed"
        ours = {path: sha for path, sha in there.items() if path in tree(root)}
        assert ours in ({}, tree(root)), f"half of a commit is visible: {sorted(ours)}"

    def digests(self) -> dict[str, str]:
        """Path -> SHA-256 of the content that the hub serves for `main`, read like any stranger would."""
        git, clone = Git(self.server.url, self.folder / "reader"), self.folder / "reader" / "clone"
        if clone.exists():
            git.run("fetch", "origin", "main", folder=clone)
            git.run("reset", "--hard", "origin/main", folder=clone)
        else:
            git.run("clone", git.remote(REPO), str(clone))
        git.run("fsck", "--strict", folder=clone)
        return tree(clone)


@pytest.fixture
def storm(own_server: Server, own_cast: Cast, tmp_path: Path) -> Storm:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    hf = Hf(own_server.url, tmp_path / "machine", own_cast.alice)
    hf.run("repos", "create", REPO)
    return Storm(own_server, own_cast, tmp_path, random.Random(seed))


@pytest.mark.parametrize("way", ["regular", "xet", "lfs", "push"])
def test_power_cuts(storm: Storm, way: str) -> None:
    write: Callable[[Path], subprocess.Popen[bytes]]
    if way == "push":
        write = storm.push
    else:
        write = lambda root: storm.hf(root, xet=way != "lfs")  # noqa: E731 - a name for one of two ways
    seconds = storm.write(write, storm.sources("calm", large=way != "regular"))

    for number in range(ROUNDS):
        root = storm.sources(f"{way}-{number}", large=way != "regular")
        storm.cut(write, root, seconds)
        storm.check(root)
        storm.write(write, root)  # the client tries again
        storm.check(root)

    assert httpx.get(f"{storm.server.url}/readyz").status_code == 200
    assert "All is well." in storm.server.command("doctor", "--deep")
    assert len(storm.acknowledged) == 2 * (ROUNDS + 1)


def _start(command: list[str], client: Hf | Git, folder: Path | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder or client.home,
        env=client.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
