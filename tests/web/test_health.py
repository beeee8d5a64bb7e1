"""What whoever watches the hub asks it."""

from __future__ import annotations

import asyncio

import httpx

from pioche.app import build_app
from pioche.hub import Hub
from pioche.web.asgi import HubApp


def ask(app: HubApp, path: str) -> httpx.Response:
    async def once() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test") as client:
            return await client.get(path)

    return asyncio.run(once())


def test_a_hub_that_stops_is_alive_and_not_ready(hub: Hub) -> None:
    app = build_app(hub)
    assert ask(app, "/readyz").status_code == 200
    app.draining = True
    assert ask(app, "/readyz").status_code == 503
    assert ask(app, "/healthz").status_code == 200
