"""Packs and pushes that git itself would never make: refused, before they cost the machine much."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from pioche.git.service import MEMORY
from pioche.testkit.clones import MakeRepo
from pioche.testkit.people import Cast, Person
from pioche.testkit.server import Server

pytestmark = pytest.mark.client

MIB = 1024 * 1024
COMMIT, TREE, BLOB, BY_ID = 1, 2, 3, 7
NOTHING = b"0" * 40
Push = Callable[..., tuple[int, str]]


def head(kind: int, size: int) -> bytes:
    byte, size, out = (kind << 4) | (size & 15), size >> 4, bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    return bytes([*out, byte])


def number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def oid(kind: str, content: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content).digest()


def entry(kind: int, content: bytes) -> bytes:
    return head(kind, len(content)) + zlib.compress(content, 1)


def pack(*entries: bytes) -> bytes:
    content = struct.pack(">4sII", b"PACK", 2, len(entries)) + b"".join(entries)
    return content + hashlib.sha1(content).digest()


def commit_of(tree: bytes, words: bytes = b"m") -> bytes:
    return b"tree %s\nauthor a <a@a> 1 +0000\ncommitter a <a@a> 1 +0000\n\n%s\n" % (tree.hex().encode(), words)


def line(text: bytes) -> bytes:
    return b"%04x" % (len(text) + 4) + text


def command(commit: bytes, ref: bytes = b"refs/heads/x") -> bytes:
    return line(NOTHING + b" " + oid("commit", commit).hex().encode() + b" " + ref + b"\0report-status") + b"0000"


@pytest.fixture
def push(new_repo: MakeRepo, server: Server, cast: Cast) -> Push:
    """Sends these bytes as a push; status and what is said."""

    def send(body: bytes | Iterator[bytes], person: Person = cast.alice, path: str = "") -> tuple[int, str]:
        answer = httpx.post(
            f"{server.url}/{path or new_repo()}.git/git-receive-pack",
            content=body,
            auth=("x", person.token),
            headers={"content-type": "application/x-git-receive-pack-request"},
            timeout=120,
        )
        assert httpx.get(f"{server.url}/healthz").status_code == 200
        return answer.status_code, answer.text

    return send


@contextmanager
def measured() -> Iterator[dict[str, int]]:
    """The most memory that a program of git took meanwhile, in MiB."""
    peak, stop = {"git": 0}, threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            rows = subprocess.run(["ps", "-eo", "rss,args"], capture_output=True, text=True, check=True).stdout
            sizes = [int(row.split()[0]) for row in rows.splitlines() if "index-pack" in row or "receive-pack" in row]
            peak["git"] = max(peak["git"], *sizes, 0) if sizes else peak["git"]

    watching = threading.Thread(target=look)
    watching.start()
    yield peak
    stop.set()
    watching.join()
    peak["git"] //= 1024


def test_a_delta_that_says_it_is_gigabytes_takes_no_memory(push: Push, cast: Cast, new_repo: MakeRepo) -> None:
    """By somebody who may only propose changes, to anything that is public."""
    base, size = b"A" * MIB, 3 * 1024 * MIB
    copies = bytes([0x80 | 0x10 | 0x20 | 0x40]) + b"\x00\x00\x10"  # 1 MiB from the start of the base
    delta = number(len(base)) + number(size) + copies * (size // MIB)
    bomb = head(BY_ID, len(delta)) + oid("blob", base) + zlib.compress(delta)
    commit = commit_of(oid("tree", b""))
    body = command(commit) + pack(entry(BLOB, base), bomb, entry(TREE, b""), entry(COMMIT, commit))
    assert len(body) < 32 * 1024
    with measured() as peak:
        status, said = push(body, cast.carol, new_repo())
    assert status == 200
    assert "unpacker error" in said
    assert peak["git"] < int(MEMORY.removesuffix("m")) + 100


def test_folders_without_end_are_not_written_out(push: Push, server: Server) -> None:
    """Sixty thousand inside each other are two megabytes of pack, and gigabytes of paths."""
    entries, tree = [entry(TREE, b"")], oid("tree", b"")
    for _ in range(60_000):
        content = b"40000 d\0" + tree
        tree = oid("tree", content)
        entries.append(entry(TREE, content))
    commit = commit_of(tree)
    before = _memory(server.pid)
    status, said = push(command(commit) + pack(*entries, entry(COMMIT, commit)))
    assert (status, "ng refs/heads/x" in said) == (200, True)
    assert _memory(server.pid) - before < 300


def test_messages_are_not_files(push: Push) -> None:
    commit = commit_of(oid("tree", b""), b"A" * 2 * MIB)
    _, said = push(command(commit) + pack(entry(TREE, b""), entry(COMMIT, commit)))
    assert "pre-receive hook declined" in said


def test_a_folder_that_is_too_long_is_refused_unread(push: Push) -> None:
    file = oid("blob", b"")
    content = b"".join(b"100644 %0240d\0" % n + file for n in range(270_000))
    commit = commit_of(oid("tree", content))
    _, said = push(command(commit) + pack(entry(BLOB, b""), entry(TREE, content), entry(COMMIT, commit)))
    assert "pre-receive hook declined" in said


def test_refs_without_end_are_cut_off(push: Push) -> None:
    def lines() -> Iterator[bytes]:
        yield line(NOTHING + b" " + b"1" * 40 + b" refs/heads/a\0report-status")
        for part in range(100):
            yield b"".join(
                line(NOTHING + b" " + b"1" * 40 + b" refs/heads/%0900d" % (part * 1000 + n)) for n in range(1000)
            )
        yield b"0000"

    with measured() as peak:
        status, said = push(lines())
    assert (status, "too many refs at once" in said) == (413, True)
    assert peak["git"] < 100


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        (b"100644", b".git"),
        (b"100644", b".GIT"),
        (b"100644", b"git~1"),
        (b"100644", ".g\u200cit".encode()),
        (b"100644", b".git::$INDEX_ALLOCATION"),
        (b"40000", b".."),
        (b"120000", b".gitmodules"),
        (b"777777", b"x"),
        (b"100644", b"\xff\xfe"),
        (b"100644", b"a\\b"),
    ],
)
def test_names_and_kinds_of_files_that_hurt_whoever_clones(push: Push, mode: bytes, name: bytes) -> None:
    content = mode + b" " + name + b"\0" + (oid("tree", b"") if mode == b"40000" else oid("blob", b"evil"))
    commit = commit_of(oid("tree", content))
    parts = (entry(BLOB, b"evil"), entry(TREE, b""), entry(TREE, content), entry(COMMIT, commit))
    _, said = push(command(commit) + pack(*parts))
    assert "ng refs/heads/x" in said


@pytest.mark.parametrize(
    "ref", [b"HEAD", b"refs/pr/1", b"refs/heads/../../config", b"config", b"refs/heads/" + b"a" * 5000]
)
def test_refs_that_are_nobodys(push: Push, ref: bytes) -> None:
    commit = commit_of(oid("tree", b""))
    _, said = push(command(commit, ref) + pack(entry(TREE, b""), entry(COMMIT, commit)))
    assert f"ng {ref.decode()}" in said


def test_half_a_push_is_none(push: Push, new_repo: MakeRepo, server: Server) -> None:
    path, commit = new_repo(), commit_of(oid("tree", b""))
    whole = pack(entry(TREE, b""), entry(COMMIT, commit))
    liar = whole[:8] + struct.pack(">I", 2**31) + whole[12:]
    for body in (whole[: len(whole) // 2], b"", liar, whole[:-1] + b"\0"):
        _, said = push(command(commit) + body, path=path)
        assert "ng refs/heads/x" in said
    for body in (b"ffff" + b"x" * 100, b"0000", b"", b"zzzz", line(b"push-cert\0report-status") * 100):
        push(body, path=path)
    assert "refs/heads/x" not in httpx.get(f"{server.url}/{path}.git/info/refs?service=git-upload-pack").text


def test_a_link_is_a_text_with_an_address(push: Push, new_repo: MakeRepo, server: Server) -> None:
    """Nobody follows it on the hub's own disk."""
    path = new_repo()
    content = b"120000 link\0" + oid("blob", b"/etc/passwd")
    commit = commit_of(oid("tree", content))
    parts = (entry(BLOB, b"/etc/passwd"), entry(TREE, content), entry(COMMIT, commit))
    _, said = push(command(commit) + pack(*parts), path=path)
    assert "ok refs/heads/x" in said
    assert httpx.get(f"{server.url}/{path}/resolve/x/link").text == "/etc/passwd"
    for page in (f"/{path}/tree/x", f"/{path}/blob/x/link", f"/{path}/commit/x"):
        answer = httpx.get(server.url + page)
        assert answer.status_code == 200
        assert "root:" not in answer.text


def _memory(pid: int) -> int:
    """MiB."""
    time.sleep(0.1)
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True).stdout) // 1024
