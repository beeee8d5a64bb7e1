"""Every address of the hub, asked by five people: the answer is the one in `access_matrix.tsv`.

A new route fails here until its rows are written. Look at each status that you write down: 404 (401 for nobody) is for
what must not be known, 403 for what may be seen but not done.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pioche.app import ROUTES, build_hub
from pioche.settings import Settings
from pioche.testkit.access import COLUMNS, PEOPLE, Asker, Row, address_of, read_table
from pioche.testkit.people import Cast
from pioche.testkit.server import Server

ALL_ROUTES = [route for group in ROUTES for route in group]
TABLE = Path(__file__).with_name("access_matrix.tsv")
ROWS = read_table(TABLE)


@pytest.fixture(scope="module")
def asker(server: Server, cast: Cast) -> Iterator[Asker]:
    hub = build_hub(Settings(data=server.data))
    asker = Asker(server.url, hub, cast, ALL_ROUTES)
    yield asker
    asker.close()
    hub.database.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_everybody_gets_what_the_table_says(row: Row, asker: Asker) -> None:
    got = {person: asker.ask(row, person).status_code for person in PEOPLE}
    assert got == row.expected


def test_every_route_is_in_the_table() -> None:
    written, routed = {row.key for row in ROWS}, {(route.method, address_of(route)) for route in ALL_ROUTES}
    assert not routed - written, "write their rows, and look at each status"
    assert not written - routed, "these routes are gone"


def test_routes_about_a_repository_are_asked_about_a_public_and_a_private_one() -> None:
    for key in {
        row.key for row in ROWS if "{repo" in row.address or "{bucket}" in row.address or "{collection}" in row.address
    }:
        assert {row.visibility for row in ROWS if row.key == key} >= {"public", "private"}, key


def test_the_table_is_sorted_and_whole() -> None:
    lines = TABLE.read_text().splitlines()
    assert lines[0] == "\t".join(COLUMNS)
    order = [(row.address, row.method, row.visibility) for row in ROWS]
    assert order == sorted(order)


@pytest.mark.parametrize("row", [row for row in ROWS if row.visibility == "private"], ids=lambda row: row.name)
def test_nobody_outside_learns_of_a_private_repository(row: Row) -> None:
    """The rule behind the numbers: strangers get the same as for a name that does not exist."""
    assert row.expected["carol"] in (404, *_REDIRECTS)
    assert row.expected["anonymous"] in (401, 404, *_REDIRECTS)


_REDIRECTS = (303, 307)  # to the log-in, or to the canonical address, before anything is looked up
