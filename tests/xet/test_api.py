"""The routes, as a client that is written by hand sees them."""

import json
import time
from email import message_from_bytes

import httpx
import pytest

from pioche.accounts.grants import Grant, Signer
from pioche.protocols.xet import hashes, shard

from .conftest import OTHERS, OURS, claim, noise, pack


class Client:
    def __init__(self, server):
        self.base = f"{server.url}/cas/1"
        self.http = httpx.Client(timeout=30)
        self.signer = Signer.from_file(server.data / "secret.key")

    def ask(self, method, path, repo_id=OURS, scope="write", **options):
        token = self.signer.sign(Grant(repo_id, scope, int(time.time()) + 600, 1))
        headers = {"authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.http.request(method, f"{self.base}{path}", headers=headers, **options)

    def add(self, packed, repo_id=OURS, parts=None):
        text = hashes.to_string(packed.name)
        assert self.ask("POST", f"/v1/xorbs/default/{text}", repo_id, content=packed.body).status_code == 200
        file = claim(parts or [(packed, 0, len(packed.chunks))])
        assert self.ask("POST", "/v1/shards", repo_id, content=shard.encode([file], [])).json()["result"] in (0, 1)
        return hashes.to_string(file.name)


@pytest.fixture
def client(server):
    return Client(server)


def test_a_granted_upload_step_by_step(client):
    packed = pack(noise(200_000, seed=101))
    text = hashes.to_string(packed.name)
    asked = {"length": len(packed.body), "checksum": {"algo": "crc64nvme", "value": "1"}}
    answer = client.ask("POST", f"/v1/xorb-grants/default/{text}", json=asked)
    assert answer.status_code == 201
    upload = answer.json()
    assert (upload["method"], upload["headers"]) == ("PUT", {})
    commit = f"/v1/xorb-commits/default/{text}/grant/{upload['id']}"
    assert client.ask("POST", commit).status_code == 404
    assert client.http.put(upload["url"] + "x", content=packed.body).status_code == 403
    assert client.http.put(upload["url"], content=packed.body[:-1]).status_code == 400
    assert client.ask("HEAD", f"/v1/xorbs/default/{text}").status_code == 404
    assert client.http.put(upload["url"], content=packed.body).status_code == 200
    assert client.ask("POST", commit).status_code == 204
    assert client.ask("POST", f"/v1/xorb-grants/default-merkledb/{text}", json=asked).status_code == 200
    head = client.ask("HEAD", f"/v1/xorbs/default/{text}")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(packed.body)))


def test_the_older_upload_says_whether_it_was_new(client):
    packed = pack(noise(100_000, seed=102))
    path = f"/v1/xorbs/default/{hashes.to_string(packed.name)}"
    assert client.ask("POST", path, content=packed.body).json() == {"was_inserted": True}
    assert client.ask("POST", path, content=packed.body).json() == {"was_inserted": False}


def test_a_body_without_a_length_is_stopped_at_the_limit(client):
    path = f"/v1/xorbs/default/{'0' * 64}"
    answer = client.ask("POST", path, content=(bytes(1 << 20) for _ in range(70)))
    assert answer.status_code == 413


def test_a_shard_stream_reports_and_ends_with_the_result(client):
    packed = pack(noise(300_000, seed=103))
    client.ask("POST", f"/v1/xorbs/default/{hashes.to_string(packed.name)}", content=packed.body)
    body = shard.encode([claim([(packed, 0, 6)])], [])
    answer = client.ask("POST", "/v2/shards", content=body)
    events = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    assert events[0]["type"] == "validating"
    assert events[-1] == {"type": "result", "result": 1}
    again = client.ask("POST", "/v2/shards", content=body).text.splitlines()[-1]
    assert json.loads(again) == {"type": "result", "result": 0}


def test_a_refused_shard_ends_its_stream_with_an_error_for_people(client):
    lie = shard.encode([claim([(pack(noise(1000, seed=104)), 0, 1)])], [])
    event = json.loads(client.ask("POST", "/v2/shards", content=lie).text.splitlines()[-1])
    assert (event["type"], event["retryable"]) == ("error", False)
    assert "no xorb" in event["message"]
    answer = client.ask("POST", "/v1/shards", content=lie)
    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "InvalidShard")


def test_what_needs_which_token(client):
    text = "0" * 64
    for method, path in (
        ("POST", f"/v1/xorb-grants/default/{text}"),
        ("POST", f"/v1/xorbs/default/{text}"),
        ("POST", f"/v1/xorb-commits/default/{text}/grant/1"),
        ("POST", "/v2/shards"),
        ("POST", "/v1/shards"),
    ):
        assert client.ask(method, path, scope="read", content=b"{}").status_code == 403, path
    for method, path in (
        ("POST", "/v2/shards"),
        ("POST", f"/v1/xorbs/default/{text}"),
        ("GET", f"/v1/chunks/default/{text}"),
        ("GET", f"/v2/reconstructions/{text}"),
        ("GET", f"/v1/reconstructions/{text}"),
    ):
        answer = client.http.request(method, client.base + path)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json"), path


def test_a_reconstruction_in_both_versions_and_its_ends(client):
    packed = pack(noise(400_000, seed=105))
    text = client.add(packed)
    new = client.ask("GET", f"/v2/reconstructions/{text}", scope="read", headers={"range": "bytes=60000-99999"}).json()
    old = client.ask("GET", f"/v1/reconstructions/{text}", scope="read", headers={"range": "bytes=60000-99999"}).json()
    assert new["offset_into_first_range"] == old["offset_into_first_range"] == 10_000
    assert new["terms"] == old["terms"]
    ((name, sources),) = new["xorbs"].items()
    assert sources[0]["ranges"][0]["bytes"] == old["fetch_info"][name][0]["url_range"]
    past = client.ask("GET", f"/v2/reconstructions/{text}", headers={"range": "bytes=400000-"})
    assert (past.status_code, past.headers["content-range"]) == (416, "bytes */400000")
    assert client.ask("GET", f"/v2/reconstructions/{text}", repo_id=OTHERS).status_code == 404
    head = client.ask("HEAD", f"/v1/files/{text}")
    assert (head.status_code, head.headers["content-length"]) == (200, "400000")


def test_ranges_of_a_xorb(client):
    packed = pack(noise(3_000_000, seed=106))
    text = client.add(packed)
    body, size = packed.body, len(packed.body)
    url = client.ask("GET", f"/v2/reconstructions/{text}").json()["xorbs"].popitem()[1][0]["url"]
    get = lambda spec: client.http.get(url, headers={"range": spec})  # noqa: E731
    for start, end in ((0, size - 1), (0, 0), (7, 2_500_000), (size - 1, size - 1)):
        answer = get(f"bytes={start}-{end}")
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {start}-{end}/{size}"
        assert answer.content == body[start : end + 1]
    many = get("bytes=0-99,200-299,1000000-2100000")
    assert many.headers["content-length"] == str(len(many.content))
    kind = many.headers["content-type"]
    parts = message_from_bytes(f"Content-Type: {kind}\r\n".encode() + many.content).get_payload()
    assert [part["content-range"] for part in parts] == [
        f"bytes {span}/{size}" for span in ("0-99", "200-299", "1000000-2100000")
    ]
    assert parts[0].get_payload(decode=True)[:50] == body[:50]
    assert get(f"bytes=0-{size - 1},0-{size - 1}").status_code == 400, "one small request must not bring many xorbs"
    head = client.http.head(url, headers={"range": "bytes=0-99"})
    assert (head.status_code, head.headers["content-length"], head.content) == (206, "100", b"")


def test_a_link_opens_its_ranges_only(client):
    packed = pack(noise(500_000, seed=107))
    text = client.add(packed, parts=[(packed, 2, 5)])
    answer = client.ask("GET", f"/v2/reconstructions/{text}", scope="read").json()
    source = answer["xorbs"].popitem()[1][0]
    span = source["ranges"][0]["bytes"]
    good = f"bytes={span['start']}-{span['end']}"
    assert client.http.get(source["url"], headers={"range": good}).status_code == 206
    for wrong in (f"bytes={span['start'] - 1}-{span['end']}", f"bytes={span['start']}-{span['end'] + 1}", "bytes=0-"):
        assert client.http.get(source["url"], headers={"range": wrong}).status_code == 403
    assert client.http.get(source["url"].replace("s=", "s=x"), headers={"range": good}).status_code == 403
    assert client.http.get(source["url"].partition("?")[0], headers={"range": good}).status_code == 403


def test_dedupe_answers(client):
    packed = pack(noise(200_000, seed=108))
    client.add(packed)
    first = hashes.to_string(packed.hashes[:32])
    for prefix in ("default", "default-merkledb"):
        answer = client.ask("GET", f"/v1/chunks/{prefix}/{first}")
        assert shard.decode(answer.content).xorbs == (packed.name,)
    assert client.ask("GET", f"/v1/chunks/other/{first}").status_code == 404
    assert client.ask("GET", f"/v1/chunks/default/{first}", repo_id=OTHERS).status_code == 404
    assert client.ask("GET", "/v1/chunks/default/nonsense").status_code == 400


def test_telemetry_is_welcome_at_the_root(client, server):
    assert client.http.post(f"{server.url}/v1/telemetry", json={"a": 1}).status_code == 200
