"""The JSON API, fuzzed from its own OpenAPI document: whatever is sent, nothing breaks the hub and nothing hangs."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pioche.testkit.factories import Make
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

pytestmark = [pytest.mark.client, pytest.mark.timeout(1500)]

EXAMPLES = 25
SECONDS = 10.0
# What runs for as long as somebody listens.
ENDLESS = ("/events",)


@pytest.fixture(scope="module")
def known(server: Server, cast: Cast) -> dict[str, list[str]]:
    """What parameters of addresses may be, so that half of the requests are about something that is there."""
    make = Make(server.url)
    name = make.repo(cast.alice, files={"README.md": b"# Fuzzed", "a/b.txt": b"1"}).partition("/")[2]
    make.api(cast.alice).create_pull_request(f"alice/{name}", title="A change")
    return {
        "ns": ["alice", cast.org],
        "name": [name],
        "rev": ["main", "refs/pr/1"],
        "path": ["README.md", "a", "a/b.txt"],
        "num": ["1"],
        "user": ["alice", "bob"],
        "org": [cast.org],
    }


def test_nothing_that_is_sent_breaks_the_hub(server: Server, cast: Cast, known: dict[str, list[str]]) -> None:
    api = schemathesis.openapi.from_url(f"{server.url}/.well-known/openapi.json")
    broken: dict[str, str] = {}
    statuses: Counter[int] = Counter()
    asked = 0
    for result in api.get_all_operations():
        operation = result.ok()
        if operation.path.endswith(ENDLESS):
            continue
        asked += 1
        if trouble := _fuzz(operation, f"Bearer {cast.alice.token}", known, statuses):
            broken[operation.label] = trouble
    assert not broken, "\n".join(f"{label}: {trouble}" for label, trouble in broken.items())
    assert asked > 100, "the document describes next to nothing"
    assert statuses[200] > asked, f"next to nothing that was asked for exists: {statuses}"


def _fuzz(operation: Any, authorization: str, known: dict[str, list[str]], statuses: Counter[int]) -> str:
    """Some requests to one operation; what went wrong, if anything did."""

    @given(case=operation.as_strategy(), seed=st.integers(0, 2**32))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, seed: int) -> None:
        chance = random.Random(seed)
        for name in case.path_parameters or {}:
            if name in known and chance.random() < 0.7:
                case.path_parameters[name] = chance.choice(known[name])
        case.headers = {**(case.headers or {}), "authorization": authorization}
        answer = case.call(timeout=SECONDS, allow_redirects=False)
        statuses[answer.status_code] += 1
        # 501 is for what is not here, and says why.
        assert answer.status_code < 500 or (answer.status_code == 501 and answer.json()["error"]), answer.text

    try:
        send()
    except Exception as error:  # every operation is tried, then all that is wrong is told
        return f"{type(error).__name__}: {error}"[:1500]
    return ""
