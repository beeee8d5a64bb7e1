"""The stock Xet client against a running hub."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pioche.accounts.grants import Grant, Signer

from .conftest import OTHERS, OURS, noise

SCRIPT = Path(__file__).with_name("stock_client.py")
pytestmark = pytest.mark.client


class Machine:
    """A computer with the stock client, its caches, and tokens for the repositories it is told of."""

    def __init__(self, server, home):
        self.server = server
        self.home = home
        home.mkdir()
        self.extra = {}

    def token(self, repo_id, scope="write"):
        signer = Signer.from_file(self.server.data / "secret.key")
        return signer.sign(Grant(repo_id, scope, int(time.time()) + 3600, 1))

    def run(self, *arguments, repo_id=OURS, scope="write"):
        job, *rest = arguments
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "HF_HOME": str(self.home / "hf"), **self.extra}
        command = [sys.executable, str(SCRIPT), job, f"{self.server.url}/cas/1", self.token(repo_id, scope), *rest]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.split()

    def upload(self, *paths, repo_id=OURS):
        """`([(hash, size)], bytes that were new)`"""
        words = self.run("up", *map(str, paths), repo_id=repo_id)
        pairs = [(words[at], int(words[at + 1])) for at in range(0, len(words) - 2, 2)]
        return pairs, int(words[-1])

    def download(self, pair, repo_id=OURS, scope="read"):
        target = self.home / f"got-{pair[0][:8]}"
        self.run("down", str(target), pair[0], str(pair[1]), repo_id=repo_id, scope=scope)
        data = target.read_bytes()
        target.unlink()
        return data


@pytest.fixture
def machine(own_server, tmp_path):
    return Machine(own_server, tmp_path / "machine")


@pytest.fixture
def other(own_server, tmp_path):
    return Machine(own_server, tmp_path / "other")


def write(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def test_files_go_up_and_come_back_the_same(machine, other, tmp_path):
    contents = {
        "noise": noise(90_000_000),
        "text": b"".join(b'{"number": %d, "name": "nobody"}\n' % n for n in range(700_000)),
        "weights": b"".join(n.to_bytes(2, "little") + b"\x3f\x80" for n in range(65_536)) * 8,
        "pattern": bytes(range(256)) * 4096,
        "tiny": b"Hello World!",
    }
    pairs, _ = machine.upload(*(write(tmp_path, name, data) for name, data in contents.items()))
    for pair, data in zip(pairs, contents.values(), strict=True):
        assert pair[1] == len(data)
        assert hashlib.sha256(other.download(pair)).digest() == hashlib.sha256(data).digest()
    assert pairs[-1][0] == "a9dae0ad88b060bdd7e7c87abdcf95b132c95a0414b06d4f6beb68d287b87165"
    assert pairs[-2][0] == "64ced0eb807e8cdd2a45f3766c186f2e59106b04f97b3c4dee241ce52bebc779"


def test_a_changed_copy_from_another_machine_sends_what_changed(machine, other, tmp_path):
    data = noise(40_000_000)
    machine.upload(write(tmp_path, "a", data))
    changed = data[:20_000_000] + b"something new" + data[20_000_000:]
    pairs, new = other.upload(write(tmp_path, "b", changed))
    assert new < 1_000_000
    assert machine.download(pairs[0]) == changed


def test_other_repositories_neither_dedupe_nor_read(machine, other, tmp_path):
    data = noise(5_000_000)
    pairs, _ = machine.upload(write(tmp_path, "a", data), repo_id=OURS)
    _, new = other.upload(write(tmp_path, "a", data[:4_000_000]), repo_id=OTHERS)
    assert new == 4_000_000
    with pytest.raises(RuntimeError):
        other.download(pairs[0], repo_id=OTHERS)
    assert other.download(pairs[0], repo_id=OURS) == data


def test_an_upload_is_refused_without_the_right_to_write(machine, tmp_path):
    path = write(tmp_path, "a", noise(1_000_000))
    with pytest.raises(RuntimeError, match="403"):
        machine.run("up", str(path), scope="read")


def test_several_ranges_in_one_request(machine, other, tmp_path):
    data = noise(12_000_000)
    machine.upload(write(tmp_path, "a", data))
    mixed = b"".join(data[at : at + 1_500_000] for at in range(0, 12_000_000, 3_000_000))
    pairs, _ = machine.upload(write(tmp_path, "b", mixed))
    other.extra = {"HF_XET_CLIENT_ENABLE_MULTIRANGE_FETCHING": "1"}
    assert other.download(pairs[0]) == mixed
