"""The leaderboard of a benchmark as a tab of its dataset."""

from __future__ import annotations

from starlette.responses import Response

from pioche.evals.types import BoardFilter
from pioche.repos.pages.show import page_values
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.routing import Route

SHOWN = 200
SIZES = {f"{n}B": n * 10**9 for n in (1, 3, 6, 12, 32, 128, 500)}
"""What the list of largest sizes offers, in parameters."""


def show_board(call: Call) -> Response:
    repo_id, size = repo_of(call), call.query("size")
    wanted = BoardFilter(call.query("task"), not call.query_flag("all"), SIZES.get(size), SHOWN)
    header = call.hub.browse.header(call.actor, repo_id)
    board = call.hub.evals.board(call.actor, repo_id, wanted)
    values = {"board": board, "sizes": SIZES, "size": size if size in SIZES else "", "all": call.query_flag("all")}
    return call.hub.templates.page(call, "evals/board.html", {**page_values(call, header, "leaderboard"), **values})


routes: list[Route] = [
    route
    for route in for_each_kind("GET", "/{repo}/leaderboard", show_board, dialect="html")
    if route.pattern.startswith("/datasets/")
]
