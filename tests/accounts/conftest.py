"""People on an empty hub, without HTTP, and a browser without a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from pioche.accounts.types import OPERATOR, Actor, NewUser
from pioche.app import build_app
from pioche.hub import Hub

PASSWORD = "correct horse"
Join = Callable[..., Actor]


@pytest.fixture
def join(hub: Hub) -> Join:
    """Makes a user and logs them in as a page does."""

    def join_(name: str, is_admin: bool = False) -> Actor:
        hub.accounts.sign_up(OPERATOR, NewUser(name, f"{name}@example.test", PASSWORD, is_admin=is_admin))
        actor = hub.accounts.actor_of_session(hub.accounts.log_in(name, PASSWORD, "10.0.0.1"))
        assert actor is not None
        return actor

    return join_


@pytest.fixture
def client(hub: Hub) -> TestClient:
    return TestClient(build_app(hub), base_url="http://hub.test", follow_redirects=False)
