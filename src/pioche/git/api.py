"""Git's addresses: `info/refs`, `git-upload-pack` and `git-receive-pack`, with and without `.git`."""

from __future__ import annotations

import asyncio
import subprocess

from starlette.responses import Response

from pioche.errors import Forbidden, NotSupported
from pioche.git.service import Git
from pioche.git.smart_http import NO_CACHE, PushRun, answer_fetch, unzipped
from pioche.ports.gitstore import Program
from pioche.protocols.git import advertisement_head, clean_protocol
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import moved
from pioche.web.routing import Route

FETCH_LIMIT = 64 * 1024 * 1024
"""Bytes of one request of a fetch: wants and haves, some fifty bytes each."""


def advertise(call: Call) -> Response:
    """GET info/refs: what there is, before a fetch or a push."""
    git, protocol = call.hub.git, clean_protocol(call.header("git-protocol"))
    if call.request.method == "HEAD":
        raise NotSupported("Ask for this address with GET.")
    match call.query("service"):
        case "git-upload-pack" as service:
            program = git.upload_pack(call.actor, repo_of(call), "--advertise-refs")
        case "git-receive-pack" as service:
            program = git.receive_pack(git.begin_push(call.actor, repo_of(call)), "--advertise-refs")
        case _:
            raise Forbidden("This hub speaks git's smart protocol only. Use git 1.6.6 or newer.")
    head = advertisement_head(service, protocol)
    body = head + _printed(program, protocol)
    return Response(body, 200, NO_CACHE, f"application/x-{service}-advertisement")


async def fetch(call: Call) -> Response:
    """POST git-upload-pack: one round of a clone or fetch."""
    git: Git = call.hub.git
    loop = asyncio.get_running_loop()
    program = await loop.run_in_executor(None, git.upload_pack, call.actor, repo_of(call))
    async with git.fetches.until_failure() as turn:
        return await answer_fetch(program, clean_protocol(call.header("git-protocol")), call.body, turn)


async def push(call: Call) -> Response:
    """POST git-receive-pack."""
    git: Git = call.hub.git
    loop = asyncio.get_running_loop()
    begun = await loop.run_in_executor(None, git.begin_push, call.actor, repo_of(call))
    program = await loop.run_in_executor(None, git.receive_pack, begun)
    body = unzipped(call.request.stream(), call.header("content-encoding"))
    async with git.pushes.until_failure() as turn:
        return await PushRun(git, begun, turn).run(program, body)


def page(call: Call) -> Response:
    """The clone address opened in a browser."""
    return moved(f"/{repo_of(call).path}")


def _printed(program: Program, protocol: str) -> bytes:
    environment = {**program.environment, **({"GIT_PROTOCOL": protocol} if protocol else {})}
    return subprocess.run(program.arguments, env=environment, capture_output=True, check=True).stdout


def _for_both(method: str, pattern: str, handler: object, **options: object) -> list[Route]:
    return [
        route
        for repo in ("{repo}", "{repo.git}")
        for route in for_each_kind(method, f"/{repo}/{pattern}", handler, dialect="git", **options)  # type: ignore[arg-type]
    ]


routes: list[Route] = [
    *_for_both("GET", "info/refs", advertise),
    *_for_both("POST", "git-upload-pack", fetch, limit=FETCH_LIMIT),
    *_for_both("POST", "git-receive-pack", push, body="stream"),
    *for_each_kind("GET", "/{repo.git}", page, dialect="git"),
]
