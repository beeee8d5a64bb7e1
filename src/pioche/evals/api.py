"""Leaderboards by API."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from pioche.evals.types import Board, BoardFilter, Entry
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import avatar_url, json_response
from pioche.web.routing import Route


def leaderboard(call: Call) -> Response:
    """`base_model=false` also ranks what was made from another model."""
    wanted = BoardFilter(call.query("task_id"), call.query_flag("base_model") or not call.query("base_model"))
    board = call.hub.evals.board(call.actor, repo_of(call), wanted)
    return json_response([_body(call, board, entry) for entry in board.entries])


def _body(call: Call, board: Board, entry: Entry) -> dict[str, Any]:
    name, score = entry.model.repo_id.namespace, entry.score
    fullname, is_org = board.owners.get(entry.model.owner_id, ("", False))
    data = score.data or {}
    body: dict[str, Any] = {
        "rank": entry.rank,
        "modelId": entry.model.repo_id.full,
        "value": data.get("value"),
        "filename": score.filename,
        "verified": False,  # see the docstring of the room
        "author": {
            "type": "org" if is_org else "user",
            "name": name,
            "fullname": fullname or name,
            "avatarUrl": avatar_url(call, name),
        },
    }
    if source := data.get("source"):
        body["source"] = {**source, "isExternal": not source["url"].startswith(f"{call.base_url}/")}
    if score.pull_request:
        body["pullRequest"] = score.pull_request
    if notes := data.get("notes"):
        body["notes"] = notes
    return body


routes: list[Route] = [
    r for r in for_each_kind("GET", "/api/{repo}/leaderboard", leaderboard) if "/datasets/" in r.pattern
]
