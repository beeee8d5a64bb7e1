"""Following a bucket: what changed is told, in order, once, and whoever was away too long is told so."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub._bucket_live_follow import BucketFileChange, BucketFollower
from tests.buckets.conftest import EMPTY, BucketRoom, add, gone

from pioche.buckets import store
from pioche.buckets.types import BucketId
from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

Event = tuple[str, dict[str, Any]]


@pytest.fixture
def bucket(server: Server, cast: Cast, make: Make) -> str:
    api = make.api(cast.alice)
    return api.create_bucket(make.name("followed"), private=True).bucket_id


def write(api: HfApi, bucket: str, *lines: dict[str, Any]) -> None:
    content = "".join(json.dumps(line) + "\n" for line in lines)
    headers = {"authorization": f"Bearer {api.token}"}
    answer = httpx.post(f"{api.endpoint}/api/buckets/{bucket}/batch", content=content, headers=headers)
    assert answer.json()["failed"] == []


@contextmanager
def following(server: Server, cast: Cast, bucket: str, query: str = "") -> Iterator[Iterator[Event]]:
    headers = {"authorization": f"Bearer {cast.alice.token}", "accept": "text/event-stream"}
    url = f"{server.url}/api/buckets/{bucket}/events{query}"
    with httpx.stream("GET", url, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


def _events(answer: httpx.Response) -> Iterator[Event]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            yield name, json.loads(line[6:])


def test_changes_are_told_as_they_happen(server: Server, cast: Cast, make: Make, bucket: str) -> None:
    api = make.api(cast.alice)
    with following(server, cast, bucket) as events:
        assert next(events)[0] == "ready"
        write(api, bucket, add("a", EMPTY), add("b", EMPTY))
        name, data = next(events)
        assert name == "changes"
        assert [(one["op"], one["path"]) for one in data["changes"]] == [("add", "a"), ("add", "b")]
        assert data["changes"][0]["xetHash"] == EMPTY
        write(api, bucket, add("a", EMPTY, 1), gone("b"))
        _, data = next(events)
        assert [(one["op"], one["path"]) for one in data["changes"]] == [("update", "a"), ("delete", "b")]


def test_a_cursor_goes_on_strictly_after_it(server: Server, cast: Cast, make: Make, bucket: str) -> None:
    api = make.api(cast.alice)
    with following(server, cast, bucket) as events:
        cursor = next(events)[1]["cursor"]
    write(api, bucket, add("a", EMPTY))
    write(api, bucket, add("b", EMPTY))
    with following(server, cast, bucket, f"?cursor={cursor}") as events:
        _, data = next(events)
        assert [one["path"] for one in data["changes"]] == ["a", "b"]
        name, ready = next(events)
        assert name == "ready"
        assert int(ready["cursor"]) >= int(data["cursor"])
    with following(server, cast, bucket, f"?cursor={data['cursor']}") as events:
        assert next(events)[0] == "ready"


def test_a_date_replays_what_came_after(server: Server, cast: Cast, make: Make, bucket: str) -> None:
    api = make.api(cast.alice)
    write(api, bucket, add("before", EMPTY))
    time.sleep(0.01)
    since = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}.{int(time.time() * 1000) % 1000:03d}Z"
    time.sleep(0.01)
    write(api, bucket, add("after", EMPTY))
    with following(server, cast, bucket, f"?since={since}") as events:
        assert [one["path"] for one in next(events)[1]["changes"]] == ["after"]


@pytest.mark.parametrize("query", ["?cursor=x", "?cursor=-1", "?since=yesterday"])
def test_resume_points_that_are_none_are_refused(server: Server, cast: Cast, bucket: str, query: str) -> None:
    headers = {"authorization": f"Bearer {cast.alice.token}"}
    assert httpx.get(f"{server.url}/api/buckets/{bucket}/events{query}", headers=headers).status_code == 400


def test_strangers_hear_nothing(server: Server, cast: Cast, bucket: str) -> None:
    url = f"{server.url}/api/buckets/{bucket}/events"
    assert httpx.get(url).status_code == 401
    assert httpx.get(url, headers={"authorization": f"Bearer {cast.carol.token}"}).status_code == 404


def test_the_stream_ends_when_the_bucket_does(server: Server, cast: Cast, make: Make, bucket: str) -> None:
    with following(server, cast, bucket) as events:
        assert next(events)[0] == "ready"
        make.api(cast.alice).delete_bucket(bucket)
        assert list(events) == []


def test_the_stock_client_follows(server: Server, cast: Cast, make: Make, bucket: str) -> None:
    api, heard, told = make.api(cast.alice), threading.Event(), []

    def on_changes(changes: list[BucketFileChange]) -> None:
        told.extend((change.op, change.path) for change in changes)
        heard.set()

    follower = BucketFollower(
        endpoint=server.url,
        bucket_id=bucket,
        token=cast.alice.token,
        on_changes=on_changes,
        on_reconcile=lambda: None,
        is_alive=lambda: True,
    )
    follower.start()
    try:
        deadline = time.monotonic() + 20
        while not follower.subscribed and time.monotonic() < deadline:
            time.sleep(0.05)
        assert follower.subscribed
        write(api, bucket, add("new.txt", EMPTY))
        assert heard.wait(20)
        assert told[-1] == ("add", "new.txt")
    finally:
        follower.stop()


def test_a_stop_of_the_hub_does_not_wait_for_followers(own_server: Server, own_cast: Cast) -> None:
    bucket = HfApi(endpoint=own_server.url, token=own_cast.alice.token).create_bucket("followed").bucket_id
    with following(own_server, own_cast, bucket) as events:
        assert next(events)[0] == "ready"
        started = time.monotonic()
        stopping = threading.Thread(target=own_server.stop)
        stopping.start()
        assert [name for name, _ in events] == ["reconnect"]
        stopping.join(20)
        assert time.monotonic() - started < 10


# -- the log --


def test_a_log_that_was_cut_says_so(room: BucketRoom) -> None:
    alice, changes = room.cast.alice, room.hub.buckets.changes
    bucket, actor = room.bucket(alice), room.actor(alice)
    where = BucketId.parse(bucket)
    room.batch(alice, bucket, add("a", EMPTY))
    room.batch(alice, bucket, add("b", EMPTY))
    seen = [change.id for change in changes.after(actor, where, changes.start(actor, where, 0, None))]
    with room.hub.database.write() as tx:
        store.forget_changes(tx, tx.now + 1)
    found = room.hub.buckets.find(actor, where)
    assert found.log_start == (seen[-1], found.updated_at)

    assert changes.start(actor, where, seen[0], None).lost
    assert changes.start(actor, where, None, found.updated_at - 1).lost
    assert not changes.start(actor, where, seen[-1], None).lost
    assert not changes.start(actor, where, None, found.updated_at).lost, "who has just listed it starts here"
    assert changes.start(actor, where, seen[-1] + 1000, None).lost, "a cursor from before a backup"
    answer = room.get(f"/api/buckets/{bucket}/events?cursor={seen[0]}", alice)
    assert answer.text.startswith("event: reset\n")

    room.batch(alice, bucket, add("c", EMPTY))
    (change,) = changes.after(actor, where, changes.start(actor, where, seen[-1], None))
    assert change.path == "c"
    assert change.id > seen[-1], "numbers do not come back"
