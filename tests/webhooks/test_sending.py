"""Where messages may go, and what becomes of those that are not taken."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from tests.webhooks.conftest import HookRoom, Receiver

from pioche.app import build_hub
from pioche.errors import InvalidInput
from pioche.settings import Settings
from pioche.testkit.room import Room
from pioche.webhooks import sending
from pioche.webhooks.sending import check_url, is_allowed, parse_networks, post

INSIDE = """127.0.0.1 127.8.8.8 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1
    255.255.255.255 192.0.2.1 198.18.0.1 240.0.0.1 ::1 :: fe80::1 fc00::1 ff02::1 ::ffff:127.0.0.1
    ::ffff:169.254.169.254 64:ff9b::7f00:1 2002:7f00:1:: 2001:0:7f00:1:: 2001:db8::1"""
OUTSIDE = "1.1.1.1 8.8.8.8 2606:4700:4700::1111"


@pytest.mark.parametrize("text", INSIDE.split())
def test_nothing_is_sent_inside(text: str) -> None:
    assert not is_allowed(ipaddress.ip_address(text), [])


@pytest.mark.parametrize("text", OUTSIDE.split())
def test_the_internet_is_outside(text: str) -> None:
    assert is_allowed(ipaddress.ip_address(text), [])


def test_an_admin_may_allow_networks() -> None:
    networks = parse_networks("10.0.0.0/8, ::1/128")
    assert is_allowed(ipaddress.ip_address("10.9.9.9"), networks)
    assert is_allowed(ipaddress.ip_address("::ffff:10.9.9.9"), networks)
    assert is_allowed(ipaddress.ip_address("::1"), networks)
    assert not is_allowed(ipaddress.ip_address("192.168.0.1"), networks)
    with pytest.raises(InvalidInput, match="webhook_networks"):
        parse_networks("ten")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org",
        "http://",
        "https:///path",
        "http://user:word@example.org/",
        "http://example.org:22/",
        "http://example.org:99999/",
        "http://exa mple.org/",
        "http://example.org/\r\nX: 1",
        "http://[::1",
        "http://ex\u00e4mple.org/",
        "http://" + "a" * 3000 + ".org",
        "",
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_reached_by_any_of_its_names(host: str, receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    answer = post(f"http://{host}:{port}/", b"{}", {}, [])
    assert answer.status is None
    assert receiver.taken == []


def test_the_name_is_looked_up_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is allowed when it is checked, and means this machine a moment later, does not reach it."""
    port = int(receiver.url.split(":")[2].split("/")[0])
    asked: list[str] = []

    def changing(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host != "rebinding.test":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        place = ("127.0.0.2" if len(asked) == 1 else "127.0.0.1", port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]

    monkeypatch.setattr(sending.socket, "getaddrinfo", changing)
    monkeypatch.setattr(sending, "SECONDS", 0.5)
    answer = post(f"http://rebinding.test:{port}/", b"{}", {}, parse_networks("127.0.0.2/32"))
    assert answer.status is None
    assert receiver.taken == []
    assert asked == ["rebinding.test"]


def drip() -> Iterator[str]:
    """A server that takes everything and answers with a byte now and then, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def talk(client: socket.socket) -> None:
        try:
            client.sendall(b"HTTP/1.1 200 OK\r\n")
            while not ended.is_set():
                client.sendall(b"X-A: b\r\n")
                time.sleep(0.2)
        except OSError:
            pass

    def serve() -> None:
        while not ended.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    ended.set()
    listener.close()


@pytest.fixture
def dripping() -> Iterator[str]:
    yield from drip()


def test_who_answers_for_ever_is_given_up(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.0)
    started = time.monotonic()
    answer = post(dripping, b"{}", {}, parse_networks("127.0.0.0/8"))
    assert answer.status is None
    assert time.monotonic() - started < 3


def test_a_redirect_is_not_followed(room: HookRoom, receiver: Receiver) -> None:
    receiver.status = 302
    model = room.model(room.cast.alice)
    made = room.hook(room.cast.alice, receiver.url, ("model", model))
    room.write(room.cast.alice, model, {"a.txt": "1"})
    room.settle()
    log = room.hub.webhooks.delivering.page(room.actor(room.cast.alice), int(made["id"], 16))
    assert [(one.state, one.status, one.attempts) for one in log] == [("failed", 302, 5)]
    assert len(receiver.taken) == 5


def test_what_is_not_taken_is_tried_again_and_replayed(room: HookRoom, receiver: Receiver) -> None:
    alice = room.cast.alice
    receiver.status = 500
    model = room.model(alice)
    made = room.hook(alice, receiver.url, ("model", model))
    room.write(alice, model, {"a.txt": "1"})
    room.hub.queue.run_due(room.hub)
    receiver.status = 200
    room.settle()
    delivering, number = room.hub.webhooks.delivering, int(made["id"], 16)
    (one,) = delivering.page(room.actor(alice), number)
    assert (one.state, one.status, one.attempts, one.response) == ("done", 200, 2, "thank you")
    assert room.post(f"/api/settings/webhooks/{made['id']}/replay/{one.id:024x}", alice).status_code == 200
    room.settle()
    assert [one.state for one in delivering.page(room.actor(alice), number)] == ["done", "done"]
    assert receiver.taken[-1][1] == receiver.taken[0][1]
    refused = room.post(f"/api/settings/webhooks/{made['id']}/replay/{one.id:024x}", room.cast.carol)
    assert refused.status_code == 404


def test_a_hook_that_never_arrives_is_disabled(room: HookRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pioche.webhooks.service.delivering.MAX_FAILURES", 2)
    alice, model = room.cast.alice, room.model(room.cast.alice)
    made = room.hook(alice, "http://127.0.0.1:9999/", ("model", model))
    for number in range(3):
        room.write(alice, model, {f"{number}.txt": "1"})
        room.settle()
    shown = room.get(f"/api/settings/webhooks/{made['id']}", alice).json()["webhook"]
    assert shown["disabled"] is True
    (found,) = [one for one in room.hub.webhooks.hooks.list(room.actor(alice)) if one.id == int(made["id"], 16)]
    assert "2 messages in a row" in found.note
    again = room.post(f"/api/settings/webhooks/{made['id']}/enable", alice).json()["webhook"]
    assert again["disabled"] is False


def test_targets_that_hang_hold_up_nothing_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Twenty of them; a task of the hub itself is done meanwhile."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)  # takes connections, and says nothing
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    hub = build_hub(Settings(data=tmp_path_factory.mktemp("hanging"), webhook_networks="127.0.0.0/8"))
    room = Room(hub)
    alice = room.cast.alice
    model = room.repo(alice, "watched")
    for _ in range(20):
        body = {"url": url, "watched": [{"type": "model", "name": model}]}
        assert room.post("/api/settings/webhooks", alice, json=body).status_code == 200
    hub.queue.start(hub)
    try:
        room.write(alice, model, {"a.txt": "1"})
        time.sleep(1.0)  # deliveries hang now
        measured = room.number(alice, model)
        started = time.monotonic()
        room.write(alice, model, {"model.safetensors": b"\x02\x00\x00\x00\x00\x00\x00\x00{}"})
        with hub.database.write() as tx:
            hub.queue.enqueue(tx, "repos.pack", {"repo_id": measured})
        while time.monotonic() - started < 8:
            with hub.database.read() as tx:
                waiting = tx.execute(_waiting()).scalar_one()
            if waiting == 0:
                break
            time.sleep(0.05)
        assert time.monotonic() - started < 4, "tasks of the hub waited for machines of others"
    finally:
        hub.queue.stop(0.1)
        listener.close()


def _waiting():  # type: ignore[no-untyped-def]
    from sqlalchemy import func, select

    from pioche.queue.tables import tasks

    ours = tasks.c.name.in_(("repos.pack", "repos.measure", "webhooks.gather"))
    return select(func.count()).select_from(tasks).where(ours, tasks.c.run_at <= int(time.time() * 1000) + 100)
