"""A hub in this process, browsers of people, and programs that ask them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from pioche.app import build_app
from pioche.hub import Hub
from pioche.oauth.tables import oauth_apps, oauth_codes, oauth_devices, oauth_tokens
from pioche.oauth.types import STOCK_CLIENT_ID, NewApp
from pioche.testkit.people import Person
from pioche.testkit.room import Room
from pioche.web.auth import SESSION_COOKIE

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CALLBACK = "https://app.example.org/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


class Browser:
    """A person who is logged in to the pages."""

    def __init__(self, hub: Hub, person: Person | None) -> None:
        self.client = TestClient(build_app(hub), base_url="http://hub.test", follow_redirects=False)
        self.csrf = {}
        if person is not None:
            actor = hub.accounts.actor_of_token(person.token)
            self.client.cookies.set(SESSION_COOKIE, hub.accounts.log_ins.open(actor, "tests"))
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/settings/profile").text)
            assert found
            self.csrf = {"csrf_token": found[1]}

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def post(self, path: str, form: dict[str, str]) -> httpx.Response:
        return self.client.post(path, data={**self.csrf, **form})


class Place:
    """`room` with its people, and what programs do."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.room = Room(hub)
        self.cast = self.room.cast
        self.alice = Browser(hub, self.cast.alice)

    def browser(self, person: Person | None) -> Browser:
        return Browser(self.hub, person)

    def app(self, scopes: str = "openid profile", confidential: bool = False, redirects: str = CALLBACK) -> Any:
        """Client id and secret of a program that bob registered."""
        session = self.hub.accounts.log_ins.open(self.room.actor(self.cast.bob), "tests")
        actor = self.hub.accounts.actor_of_session(session)
        assert actor is not None
        new = NewApp("Notebook", "", redirects, tuple(scopes.split()), confidential)
        app, secret = self.hub.oauth.apps.create(actor, new, https=False)
        return app.client_id, secret

    def token(self, **form: str) -> httpx.Response:
        return self.room.post("/oauth/token", data=form)

    def start(self, client_id: str = STOCK_CLIENT_ID, **form: str) -> dict[str, Any]:
        answer = self.room.post("/oauth/device", data={"client_id": client_id, **form})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def poll(self, code: str, client_id: str = STOCK_CLIENT_ID) -> httpx.Response:
        return self.token(grant_type=DEVICE, device_code=code, client_id=client_id)

    def decide(self, user_code: str, decision: str = "approve", **form: str) -> httpx.Response:
        return self.alice.post("/oauth/device/decide", {"user_code": user_code, "decision": decision, **form})

    def device_login(self, client_id: str = STOCK_CLIENT_ID, **form: str) -> dict[str, Any]:
        """The tokens of a program that alice has approved."""
        started = self.start(client_id)
        assert self.decide(started["user_code"], **form).status_code == 200
        answer = self.poll(started["device_code"], client_id)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def asked(self, client_id: str, **changes: str) -> dict[str, str]:
        """What a public program puts in the address of the consent page; an empty change leaves it out."""
        values = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {key: value for key, value in values.items() if value}

    def consent(self, asked: dict[str, str], decision: str = "approve", **form: str) -> dict[str, str]:
        """What the program hears of alice's answer."""
        answer = self.alice.post("/oauth/authorize", {**asked, "decision": decision, **form})
        assert answer.status_code == 303, answer.text
        return heard(answer)

    def exchange(self, client_id: str, code: str, **changes: str) -> httpx.Response:
        form = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, "client_id": client_id, "code": code, **changes}
        return self.token(grant_type="authorization_code", **{key: value for key, value in form.items() if value})

    def with_token(self, path: str, token: str, **options: Any) -> httpx.Response:
        method = options.pop("method", "GET")
        return self.room.ask(method, path, headers={"authorization": f"Bearer {token}"}, **options)

    def pass_time(self, seconds: int) -> None:
        """As if everything had been made so long ago."""
        with self.hub.database.write() as tx:
            for table in (oauth_tokens, oauth_codes, oauth_devices):
                tx.execute(update(table).values(expires_at=table.c.expires_at - seconds * 1000))


def heard(answer: httpx.Response) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@pytest.fixture
def place(hub: Hub) -> Place:
    return Place(hub)


@pytest.fixture
def sent() -> Callable[[httpx.Response], dict[str, str]]:
    """Reads the answer to a program out of a redirect."""
    return heard


@pytest.fixture
def app_number(hub: Hub) -> Callable[[str], int]:
    """The number of an application in addresses of pages."""

    def number(client_id: str) -> int:
        with hub.database.read() as tx:
            return int(
                tx.execute(oauth_apps.select().where(oauth_apps.c.client_id == client_id)).one().id  # type: ignore[arg-type]
            )

    return number
