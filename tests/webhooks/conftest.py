"""A hub with its people, and real receivers on this machine, which its admin allowed."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from pioche.app import build_hub
from pioche.queue.tables import tasks
from pioche.settings import Settings
from pioche.testkit.people import Person
from pioche.testkit.room import Room


@dataclass
class Receiver:
    """What came in; `status` is what it answers, after `delay` seconds."""

    url: str = ""
    status: int = 200
    delay: float = 0.0
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]

    @property
    def said(self) -> list[str]:
        return [f"{one['event']['action']} {one['event']['scope']}" for one in self.messages]


class HookRoom(Room):
    _names = itertools.count(1)

    def model(self, owner: Person, private: bool = False) -> str:
        """What its making is told of is told."""
        made = self.repo(owner, f"hooked-{next(self._names)}", private)
        self.settle()
        return made

    def settle(self) -> None:
        """Works off everything that waits, retries too."""
        for _ in range(12):
            with self.hub.database.write() as tx:
                tx.execute(update(tasks).where(tasks.c.state == "waiting").values(run_at=tx.now - 1))
            if not self.hub.queue.run_due(self.hub):
                return

    def hook(self, person: Person, url: str, *watched: tuple[str, str], **more: Any) -> dict[str, Any]:
        body = {"url": url, "watched": [{"type": kind, "name": name} for kind, name in watched], **more}
        answer = self.post("/api/settings/webhooks", person, json=body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()["webhook"]
        return made


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookRoom]:
    data: Path = tmp_path_factory.mktemp("hooks")
    hub = build_hub(Settings(data=data, webhook_networks="127.0.0.0/8"))
    yield HookRoom(hub)
    hub.database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from serve(Receiver())


def serve(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.taken.append((dict(self.headers), body))
            time.sleep(receiver.delay)
            self.send_response(receiver.status)
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?a=1"
    yield receiver
    server.shutdown()
    server.server_close()
