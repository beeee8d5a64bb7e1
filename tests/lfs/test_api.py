"""The routes of large files on a running hub, as git-lfs and the Python client call them."""

from __future__ import annotations

import hashlib
import itertools
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import insert, select

from pioche.accounts.tables import accounts
from pioche.app import build_hub
from pioche.repos.tables import repos
from pioche.settings import Settings
from pioche.testkit.people import Cast, Person, cast_on
from pioche.testkit.server import Server

PART = 1_000_000
_numbers = itertools.count(1)


class Hub:
    """A running hub, and repositories made in its database: these routes need no git in them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cast: Cast = cast_on(server.data)
        self.http = httpx.Client(timeout=60)

    def repo(self, owner: Person, private: bool = False) -> str:
        name = f"repo{next(_numbers)}"
        hub = build_hub(Settings(data=self.server.data))
        with hub.database.write() as tx:
            owner_id = tx.execute(select(accounts.c.id).where(accounts.c.name == owner.name)).scalar_one()
            row = {"kind": "model", "owner_id": owner_id, "name": name, "name_lower": name, "private": private}
            times = {"created_by": owner_id, "created_at": tx.now, "updated_at": tx.now}
            tx.execute(insert(repos).values({**row, **times}))
        hub.database.close()
        return f"{owner.name}/{name}"

    def ask(
        self, method: str, repo: str, path: str, person: Person | None, body: Any = None, **options: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {person.token}"} if person else {}
        url = f"{self.server.url}/{repo}.git/info/lfs/{path}"
        return self.http.request(method, url, json=body, headers=headers, **options)

    def batch(
        self, repo: str, person: Person | None, operation: str, *specs: tuple[str, int], **more: Any
    ) -> httpx.Response:
        objects = [{"oid": oid, "size": size} for oid, size in specs]
        return self.ask("POST", repo, "objects/batch", person, {"operation": operation, "objects": objects, **more})

    def one(self, repo: str, person: Person | None, operation: str, spec: tuple[str, int], **more: Any) -> Any:
        """The answer for one object."""
        answer = self.batch(repo, person, operation, spec, **more)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/vnd.git-lfs+json"
        return answer.json()["objects"][0]

    def upload(self, repo: str, person: Person, data: bytes) -> str:
        actions = self.one(repo, person, "upload", spec(data), ref={"name": "main"})["actions"]
        assert self.http.put(actions["upload"]["href"], content=data).status_code == 200
        verified = self.http.post(actions["verify"]["href"], json={"oid": spec(data)[0], "size": len(data)})
        assert verified.status_code == 200, verified.text
        return spec(data)[0]

    def spools(self) -> list[Path]:
        return list((self.server.data / "blobs" / "spool").iterdir())


def spec(data: bytes) -> tuple[str, int]:
    return hashlib.sha256(data).hexdigest(), len(data)


def noise(size: int) -> bytes:
    """Other bytes at each call."""
    return random.Random(next(_numbers)).randbytes(size)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    server = Server(tmp_path_factory.mktemp("lfs") / "data", {"PIOCHE_LFS_PART_SIZE": str(PART)})
    yield Hub(server.start())
    server.kill9()


@pytest.mark.parametrize("size", [0, 1, 100_000, 9_000_001])
def test_upload_then_download(hub: Hub, size: int) -> None:
    repo, data = hub.repo(hub.cast.alice), noise(size)
    hub.upload(repo, hub.cast.alice, data)
    assert "actions" not in hub.one(repo, hub.cast.alice, "upload", spec(data)), "it is here already"
    found = hub.one(repo, None, "download", spec(data))
    assert found["authenticated"] is True
    assert found["actions"]["download"]["expires_in"] > 60
    answer = hub.http.get(found["actions"]["download"]["href"])
    assert answer.content == data
    assert answer.headers["etag"] == f'"{spec(data)[0]}"'
    assert hub.spools() == []


def test_ranges_and_conditions(hub: Hub) -> None:
    repo, data = hub.repo(hub.cast.alice), noise(3_000_000)
    etag = f'"{hub.upload(repo, hub.cast.alice, data)}"'
    href = hub.one(repo, None, "download", spec(data))["actions"]["download"]["href"]

    def get(**headers: str) -> httpx.Response:
        return hub.http.get(href, headers={key.replace("_", "-"): value for key, value in headers.items()})

    part = get(range="bytes=1000-2000999")
    assert (part.status_code, part.content) == (206, data[1000:2001000])
    assert part.headers["content-range"] == f"bytes 1000-2000999/{len(data)}"
    assert get(range="bytes=2999990-").content == data[-10:]
    assert get(range="bytes=-7").content == data[-7:]
    assert get(range="bytes=5-99999999").content == data[5:]
    assert get(range="bytes=0-").status_code == 206
    assert get(range="bytes=1-2,5-6").content == data, "several ranges: the whole file"
    beyond = get(range=f"bytes={len(data)}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(data)}")
    assert get(if_none_match=etag).status_code == 304
    assert get(if_none_match='"other"').content == data
    assert get(range="bytes=0-9", if_range='"other"').content == data
    assert get(range="bytes=0-9", if_range=etag).content == data[:10]
    head = hub.http.head(href)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(data)), b"")


def test_wrong_bytes_leave_nothing(hub: Hub) -> None:
    repo, data = hub.repo(hub.cast.alice), noise(200_000)
    actions = hub.one(repo, hub.cast.alice, "upload", spec(data))["actions"]
    put, verify = actions["upload"]["href"], actions["verify"]["href"]
    for wrong in (noise(200_000), data[:-1], data + b"x", b""):
        answer = hub.http.put(put, content=wrong)
        assert answer.status_code == 400
        assert answer.json()["message"]
    assert hub.http.post(verify, json={"oid": spec(data)[0], "size": len(data)}).status_code == 404
    assert hub.one(repo, hub.cast.alice, "download", spec(data))["error"]["code"] == 404
    assert hub.spools() == []
    assert hub.http.put(put, content=data).status_code == 200, "the address is still good for the right bytes"


def test_only_the_signed_address_works(hub: Hub) -> None:
    repo, data, other = hub.repo(hub.cast.alice), noise(1000), noise(1000)
    put = hub.one(repo, hub.cast.alice, "upload", spec(data))["actions"]["upload"]["href"]
    assert hub.http.put(put.partition("?")[0], content=data).status_code == 400
    assert hub.http.put(put.replace(spec(data)[0], spec(other)[0]), content=other).status_code == 401
    assert hub.http.put(put.replace("size=1000", "size=1001"), content=other).status_code == 401
    assert hub.http.put(put.replace("repo=", "repo=1"), content=data).status_code == 401
    assert hub.http.put(put[:-1], content=data).status_code == 401
    token = {"authorization": f"Bearer {hub.cast.root.token}"}
    bare = f"{hub.server.url}/lfs/objects/{hub.upload(repo, hub.cast.alice, data)}"
    assert hub.http.get(bare, headers=token).status_code == 401
    get = hub.one(repo, None, "download", spec(data))["actions"]["download"]["href"]
    assert hub.http.put(get, content=data).status_code == 400, "a link to read is none to write"


def test_a_client_that_leaves_leaves_nothing(hub: Hub) -> None:
    repo, data = hub.repo(hub.cast.alice), noise(20_000_000)
    put = hub.one(repo, hub.cast.alice, "upload", spec(data))["actions"]["upload"]["href"]
    parts = urlsplit(put)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as line:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-length: {len(data)}\r\n\r\n"
        line.sendall(head.encode() + data[:10_000_000])
        wait_until(lambda: hub.spools() != [])
    wait_until(lambda: hub.spools() == [])
    assert hub.one(repo, hub.cast.alice, "upload", spec(data))["actions"]


def wait_until(is_so: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_knowing_a_hash_is_not_owning_a_file(hub: Hub) -> None:
    """Neither the answers nor the bytes tell carol what alice has."""
    data = noise(50_000)
    hub.upload(hub.repo(hub.cast.alice, private=True), hub.cast.alice, data)
    mine = hub.repo(hub.cast.carol)
    assert hub.one(mine, hub.cast.carol, "download", spec(data))["error"]["code"] == 404
    assert hub.one(mine, hub.cast.carol, "upload", spec(data))["actions"]["upload"]["href"]
    hub.upload(mine, hub.cast.carol, data)
    assert hub.one(mine, hub.cast.carol, "download", spec(data))["actions"]


def test_who_may(hub: Hub) -> None:
    alice, carol = hub.cast.alice, hub.cast.carol
    public, private = hub.repo(alice), hub.repo(alice, private=True)
    wanted, main = spec(b"x"), {"name": "refs/heads/main"}
    assert hub.batch(public, None, "download", wanted).status_code == 200
    for repo, operation in ((public, "upload"), (private, "upload"), (private, "download")):
        refused = hub.batch(repo, None, operation, wanted, ref=main)
        assert refused.status_code == 401
        assert refused.headers["lfs-authenticate"].startswith("Basic")
        assert refused.json()["message"]
    assert hub.batch(public, carol, "upload", wanted, ref=main).status_code == 403
    assert hub.batch(public, carol, "upload", wanted, ref={"name": "refs/pr/1"}).status_code == 200
    assert hub.batch(public, carol, "upload", wanted).status_code == 200, "before a pull request there is no ref"
    assert hub.batch(private, carol, "upload", wanted).status_code == 404
    assert hub.batch(private, carol, "download", wanted).status_code == 404
    assert hub.batch("alice/nothing", alice, "download", wanted).status_code == 404
    basic = httpx.BasicAuth("alice", alice.token)
    assert hub.ask("GET", private, "locks", None, auth=basic).status_code == 200
    bare = f"{hub.server.url}/{public}/info/lfs/objects/batch"
    body = {"operation": "download", "objects": [{"oid": wanted[0], "size": 1}]}
    assert hub.http.post(bare, json=body).status_code == 200, "without .git"


def test_requests_that_make_no_sense(hub: Hub) -> None:
    repo, alice = hub.repo(hub.cast.alice), hub.cast.alice
    for oid, size in (("../../etc/passwd", 5), ("A" * 64, 5), (spec(b"x")[0], -1)):
        assert hub.one(repo, alice, "upload", (oid, size))["error"]["code"] == 422
    assert hub.one(repo, alice, "upload", (spec(b"x")[0], 2**50))["error"]["code"] == 413
    assert hub.one(repo, alice, "download", ("A" * 64, 5))["error"]["code"] == 404
    assert hub.batch(repo, alice, "destroy", spec(b"x")).status_code == 400
    assert hub.batch(repo, alice, "upload", spec(b"x"), hash_algo="md5").status_code == 409
    assert hub.batch(repo, alice, "upload", *([spec(b"x")] * 1001)).status_code == 413
    assert hub.ask("POST", repo, "objects/batch", alice, [1]).status_code == 400


# -- parts --


def start_parts(hub: Hub, repo: str, data: bytes) -> tuple[dict[str, Any], list[str]]:
    """The actions, and the addresses of the parts in order."""
    answer = hub.batch(repo, hub.cast.alice, "upload", spec(data), transfers=["basic", "multipart"]).json()
    assert answer["transfer"] == "multipart"
    actions = answer["objects"][0]["actions"]
    header = actions["upload"]["header"]
    assert int(header["chunk_size"]) == PART
    numbers = sorted(int(key) for key in header if key.isdigit())
    assert numbers == list(range(1, -(-len(data) // PART) + 1))
    return actions, [header[str(number)] for number in numbers]


def send_parts(hub: Hub, hrefs: list[str], data: bytes) -> list[dict[str, Any]]:
    done = []
    for number, href in enumerate(hrefs, 1):
        answer = hub.http.put(href, content=data[(number - 1) * PART : number * PART])
        assert answer.status_code == 200, answer.text
        done.append({"partNumber": number, "etag": answer.headers["etag"]})
    return done


def test_a_large_file_in_parts(hub: Hub) -> None:
    repo, data = hub.repo(hub.cast.alice), noise(5 * PART + 17)
    actions, hrefs = start_parts(hub, repo, data)
    body = {"oid": spec(data)[0], "parts": send_parts(hub, hrefs, data)}
    send_parts(hub, hrefs[2:3], data[2 * PART : 3 * PART])  # one part again
    for _ in range(2):  # a lost answer makes the client ask again
        assert hub.http.post(actions["upload"]["href"], json=body).status_code == 200
    verified = hub.http.post(actions["verify"]["href"], json={"oid": spec(data)[0], "size": len(data)})
    assert verified.status_code == 200
    href = hub.one(repo, None, "download", spec(data))["actions"]["download"]["href"]
    assert hub.http.get(href).content == data
    assert hub.spools() == []


def test_parts_only_when_offered_and_worth_it(hub: Hub) -> None:
    repo = hub.repo(hub.cast.alice)
    large, small = spec(noise(5 * PART + 1)), spec(noise(5 * PART))
    assert hub.batch(repo, hub.cast.alice, "upload", large).json()["transfer"] == "basic"
    offered = hub.batch(repo, hub.cast.alice, "upload", small, transfers=["multipart", "basic"]).json()
    assert offered["transfer"] == "basic"
    assert "header" not in offered["objects"][0]["actions"]["upload"]


def test_parts_that_do_not_make_the_file(hub: Hub) -> None:
    repo, data = hub.repo(hub.cast.alice), noise(5 * PART + 17)
    actions, hrefs = start_parts(hub, repo, data)
    complete = actions["upload"]["href"]
    body = {"oid": spec(data)[0], "parts": []}
    assert hub.http.post(complete, json=body).status_code == 409, "nothing was sent"
    assert hub.http.put(hrefs[0], content=data[: PART - 1]).status_code == 400, "a short part"
    send_parts(hub, hrefs[:-1], data)
    assert "6" in hub.http.post(complete, json=body).json()["message"], "names the missing part"
    send_parts(hub, hrefs, noise(len(data)))
    assert hub.http.post(complete, json=body).status_code == 400
    assert hub.one(repo, hub.cast.alice, "download", spec(data))["error"]["code"] == 404
    assert hub.spools() == []


# -- locks --


def test_locks(hub: Hub) -> None:
    alice, root, carol = hub.cast.alice, hub.cast.root, hub.cast.carol
    repo = hub.repo(alice)
    made = hub.ask("POST", repo, "locks", alice, {"path": "a/b.psd", "ref": {"name": "refs/heads/main"}})
    assert made.status_code == 201
    lock = made.json()["lock"]
    assert (lock["path"], lock["owner"]["name"]) == ("a/b.psd", "alice")
    again = hub.ask("POST", repo, "locks", root, {"path": "a/b.psd"})
    assert (again.status_code, again.json()["lock"]["id"]) == (409, lock["id"])
    assert hub.ask("POST", repo, "locks", carol, {"path": "c"}).status_code == 403
    assert hub.ask("POST", repo, "locks", None, {"path": "c"}).status_code == 401
    assert hub.ask("POST", repo, "locks", alice, {"path": "../c"}).status_code == 400
    second = hub.ask("POST", repo, "locks", root, {"path": "c"}).json()["lock"]

    def listed(query: str) -> list[str]:
        return [found["path"] for found in hub.ask("GET", repo, f"locks?{query}", carol).json()["locks"]]

    assert listed("") == ["a/b.psd", "c"]
    assert listed("path=c") == ["c"]
    assert listed(f"id={lock['id']}") == ["a/b.psd"]
    page = hub.ask("GET", repo, "locks?limit=1", carol).json()
    assert [found["path"] for found in page["locks"]] == ["a/b.psd"]
    assert listed(f"cursor={page['next_cursor']}") == ["c"]
    verified = hub.ask("POST", repo, "locks/verify", alice, {}).json()
    assert [[found["path"] for found in verified[side]] for side in ("ours", "theirs")] == [["a/b.psd"], ["c"]]
    assert hub.ask("POST", repo, "locks/verify", carol, {}).status_code == 403

    def unlock(person: Person, lock_id: str, force: bool = False) -> int:
        return hub.ask("POST", repo, f"locks/{lock_id}/unlock", person, {"force": force}).status_code

    assert unlock(alice, second["id"]) == 403
    assert unlock(alice, second["id"], force=True) == 200, "she is the admin of the repository"
    assert unlock(carol, lock["id"], force=True) == 403
    assert unlock(alice, lock["id"]) == 200
    assert unlock(alice, lock["id"]) == 404
    assert listed("") == []
