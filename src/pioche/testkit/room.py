"""A hub in this process with its people, asked over HTTP without a socket: quick, and nothing is left out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pioche.accounts.types import Actor
from pioche.app import build_app
from pioche.hub import Hub
from pioche.lfs.types import UploadSlot
from pioche.names import RepoId, RepoKind
from pioche.testkit.people import Cast, Person, make_cast

Files = Mapping[str, bytes | str]


class Room:
    """`hub`, the `cast` on it, and requests as any of them."""

    def __init__(self, hub: Hub, cast: Cast | None = None) -> None:
        """`cast` if they have accounts already."""
        self.hub = hub
        self.cast = cast or make_cast(hub.accounts)
        self._app = build_app(hub)
        self._numbers = itertools.count(1)

    def ask(self, method: str, path: str, person: Person | None = None, **options: Any) -> httpx.Response:
        """One request. `options` are those of httpx; `path` is sent as it is written."""
        return asyncio.run(self._ask(method, path, person, options))

    def get(self, path: str, person: Person | None = None, **options: Any) -> httpx.Response:
        return self.ask("GET", path, person, **options)

    def head(self, path: str, person: Person | None = None, **options: Any) -> httpx.Response:
        return self.ask("HEAD", path, person, **options)

    def post(self, path: str, person: Person | None = None, **options: Any) -> httpx.Response:
        return self.ask("POST", path, person, **options)

    def actor(self, person: Person) -> Actor:
        return self.hub.accounts.actor_of_token(person.token)

    def repo(self, owner: Person, name: str, private: bool = False) -> str:
        """`owner/name` of a new model; a number is added to `name`, so that tests can share a room."""
        name = f"{name}-{next(self._numbers)}"
        answer = self.post("/api/repos/create", owner, json={"name": name, "private": private})
        assert answer.status_code == 200, answer.text
        return f"{owner.name}/{name}"

    def number(self, owner: Person, repo: str) -> int:
        found = self.hub.repos.find(self.actor(owner), RepoId.parse(RepoKind.MODEL, repo))
        return found.id

    def commit(
        self, person: Person, repo: str, *lines: tuple[str, Mapping[str, Any]], rev: str = "main", **header: Any
    ) -> httpx.Response:
        """A commit of these `(key, value)` lines. `query` in `header` goes into the address."""
        query = header.pop("query", "")
        head = {"key": "header", "value": {"summary": "Change files", "description": "", **header}}
        body = [head, *({"key": key, "value": value} for key, value in lines)]
        content = "\n".join(json.dumps(line) for line in body).encode()
        where = f"/api/models/{repo}/commit/{rev.replace('/', '%2F')}{query}"
        return self.post(where, person, content=content, headers={"content-type": "application/x-ndjson"})

    def write(self, person: Person, repo: str, files: Files, rev: str = "main") -> str:
        """The id of a commit with these small files."""
        answer = self.commit(person, repo, *(small(path, content) for path, content in files.items()), rev=rev)
        assert answer.status_code == 200, answer.text
        oid: str = answer.json()["commitOid"]
        return oid

    def upload(self, owner: Person, repo: str, data: bytes) -> str:
        """The SHA-256 of a large file that this repository now may use, whole on the disk."""
        sha256 = hashlib.sha256(data).hexdigest()
        slot = UploadSlot(self.number(owner, repo), sha256, len(data))
        incoming = self.hub.lfs.uploads.receive(slot)
        incoming.write(data)
        self.hub.lfs.uploads.finish(slot, incoming)
        return sha256

    async def _ask(self, method: str, path: str, person: Person | None, options: dict[str, Any]) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if person is not None:
            headers["authorization"] = f"Bearer {person.token}"
        transport = httpx.ASGITransport(_copying(self._app))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            return await client.request(method, path, headers=headers, **options)


def _copying(app: ASGIApp) -> ASGIApp:
    """Servers copy what is sent before they ask for more, and answers rely on that; httpx keeps it as it is."""

    async def copying(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_copy(message: Message) -> None:
            if "body" in message:
                message = {**message, "body": bytes(message["body"])}
            await send(message)

        await app(scope, receive, send_copy)

    return copying


def small(path: str, content: bytes | str) -> tuple[str, dict[str, str]]:
    """The line of a commit that writes a small file."""
    data = content.encode() if isinstance(content, str) else content
    return "file", {"path": path, "content": base64.b64encode(data).decode(), "encoding": "base64"}


def large(path: str, sha256: str, size: int | None = None) -> tuple[str, dict[str, Any]]:
    value: dict[str, Any] = {"path": path, "algo": "sha256", "oid": sha256}
    return "lfsFile", value if size is None else {**value, "size": size}
