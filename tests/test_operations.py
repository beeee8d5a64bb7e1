"""The page of the reference's operations is true: the proofs exist, and what does not work says so in JSON, at once."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from pioche.testkit.people import Cast
from pioche.testkit.server import Server

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "scripts"))

from operations import PROOFS, example, operations  # noqa: E402

ALL = operations()


def test_every_operation_is_judged_and_proofs_exist() -> None:
    assert len(ALL) == 311
    assert {one.state for one in ALL} == {"works", "later", "not ours"}
    for proof in PROOFS.values():
        assert (ROOT / proof).is_file(), proof


@pytest.mark.parametrize(
    "one", [one for one in ALL if one.state != "works"], ids=lambda one: f"{one.method} {one.path}"
)
def test_what_is_not_here_says_so(one: object, server: Server, cast: Cast) -> None:
    headers = {"authorization": f"Bearer {cast.alice.token}"}
    answer = httpx.request(one.method, server.url + example(one.path), headers=headers, timeout=5)  # type: ignore[attr-defined]
    if one.path.startswith("/api/"):  # type: ignore[attr-defined]
        assert answer.status_code in (404, 405, 501), answer.text
        assert answer.json()["error"]
    else:
        assert 400 <= answer.status_code < 502
