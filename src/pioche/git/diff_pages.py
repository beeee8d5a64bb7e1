"""The whole diff of a commit or a pull request, as text that `git apply` takes, however long it is."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from pioche.errors import NotFound
from pioche.git.service import Git
from pioche.git.smart_http import print_of
from pioche.names import CommitOid
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.text import _

TEXT = "text/plain; charset=utf-8"
Sides = tuple[CommitOid | None, CommitOid]


async def of_commit(call: Call) -> Response:
    return await _answer(call, await asyncio.to_thread(_commit_sides, call))


async def of_pull_request(call: Call) -> Response:
    return await _answer(call, await asyncio.to_thread(_pull_request_sides, call))


def _commit_sides(call: Call) -> Sides:
    _repo, oid = call.hub.trees.resolve(call.actor, repo_of(call), call.arg("oid"))
    return call.hub.changes.sides(call.actor, repo_of(call), oid)


def _pull_request_sides(call: Call) -> Sides | str:
    """The text itself, where the commits are gone."""
    text = call.arg("num")
    if not text.isdecimal() or len(text) > 9:
        raise NotFound(_("There is no such discussion."))
    view = call.hub.pull_requests.proposed(call.actor, repo_of(call), int(text))
    return view.patch if view.ends is None else (view.ends.old, view.ends.new)


async def _answer(call: Call, sides: Sides | str) -> Response:
    headers = {"x-content-type-options": "nosniff"}
    if isinstance(sides, str) or call.request.method == "HEAD":
        return Response(sides if isinstance(sides, str) else "", 200, headers, TEXT)
    git: Git = call.hub.git
    program = await asyncio.to_thread(git.diff, call.actor, repo_of(call), *sides)
    async with git.fetches.until_failure() as turn:
        return await print_of(program, TEXT, turn)


routes = [
    *for_each_kind("GET", "/{repo}/commit/{oid}/files.diff", of_commit, dialect="html"),
    *for_each_kind("GET", "/{repo}/discussions/{num}/files.diff", of_pull_request, dialect="html"),
]
