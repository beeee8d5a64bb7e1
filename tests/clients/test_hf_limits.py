"""The stock client reads what is left of a rate limit, waits as long as it is told, and goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import paginate
from huggingface_hub.utils._http import parse_ratelimit_headers

from pioche.testkit.people import cast_on
from pioche.testkit.server import Server

pytestmark = pytest.mark.client

SECONDS = 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    limits = {"PIOCHE_LIMIT_API": "30", "PIOCHE_LIMIT_API_ANONYMOUS": "3", "PIOCHE_LIMIT_SECONDS": str(SECONDS)}
    server = Server(tmp_path / "data", limits)
    server.start()
    yield server
    server.kill9()


@pytest.fixture
def alice(server: Server) -> HfApi:
    """With eight repositories."""
    api = HfApi(server.url, token=cast_on(server.data).alice.token)
    for number in range(8):
        api.create_repo(f"alice/r{number}")
    return api


def test_a_list_of_many_pages_waits_and_goes_on(server: Server, alice: HfApi) -> None:
    begun = time.monotonic()
    pages = paginate(f"{server.url}/api/models", {"limit": 1, "author": "alice"}, {})
    assert sorted(model["id"] for model in pages) == [f"alice/r{number}" for number in range(8)]
    # Three pages in each window, and a second more than it was told, twice.
    assert 2 * SECONDS - 1 < time.monotonic() - begun < 4 * SECONDS + 8


def test_who_is_logged_in_has_more(server: Server, alice: HfApi) -> None:
    begun = time.monotonic()
    assert len(list(alice.list_models(author="alice"))) == 8
    for _ in range(5):
        assert alice.model_info("alice/r1").id == "alice/r1"
    assert time.monotonic() - begun < SECONDS


def test_a_call_that_is_not_repeated_says_why(server: Server, alice: HfApi) -> None:
    nobody = HfApi(server.url, token=False)
    for _ in range(3):
        nobody.model_info("alice/r1")
    with pytest.raises(HfHubHTTPError, match="you have reached your 'api' rate limit") as caught:
        nobody.model_info("alice/r1")
    told = parse_ratelimit_headers(caught.value.response.headers)
    assert told is not None
    assert (told.remaining, told.limit, told.window_seconds) == (0, 3, SECONDS)
    time.sleep(told.reset_in_seconds + 1)
    assert nobody.model_info("alice/r1").id == "alice/r1"
