"""Parts of the protocol that need machines, which this hub does not lend: said once, in words clients can show."""

from __future__ import annotations

from starlette.responses import Response

from pioche.errors import NotFound, NotSupported, Unauthenticated
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import empty, json_response
from pioche.web.routing import Route


def not_offered(call: Call) -> Response:
    raise NotSupported("This hub keeps and serves repositories. It does not run spaces, jobs or endpoints.")


def not_offered_to_space(call: Call) -> Response:
    """Only of a space that the caller may see: what is private does not exist."""
    call.hub.repos.find(call.actor, repo_of(call))
    return not_offered(call)


def not_in_the_api(call: Call) -> Response:
    """Without this, an address of two words would be looked for among the repositories of an owner `api`."""
    raise NotFound(
        f"There is nothing at '/api/{call.arg('name')[:60]}'. '/.well-known/openapi.json' lists what there is."
    )


def not_a_notebook(call: Call) -> Response:
    call.hub.repos.find(call.actor, repo_of(call))
    raise NotSupported("This hub opens no notebooks elsewhere: the file's own page shows it, and lets you download it.")


def not_for_agents(call: Call) -> Response:
    raise NotSupported("This hub has no MCP server, so there is nothing to set.")


def templates(call: Call) -> Response:
    return json_response({"templates": []})


def gpu_quota(call: Call) -> Response:
    """No GPU is shared between Spaces here, so there is none to use up."""
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token, to see your quota.")
    return json_response({"base": 0.0, "current": 0.0, "overquotaUsed": 0.0})


def harnesses(call: Call) -> Response:
    """Asked by every Python process until it is answered once."""
    return json_response({"standardEnvVars": [], "harnesses": {}})


def telemetry(call: Call) -> Response:
    """Nothing is kept."""
    return empty()


_OF_SPACES = {
    "hardware": ("POST",),
    "sleeptime": ("POST",),
    "pause": ("POST",),
    "restart": ("POST",),
    "dev-mode": ("POST",),
    "logs/{stream}": ("GET",),
}

routes = [
    Route("GET", "/api/{name}", not_in_the_api),
    Route("GET", "/api/spaces/templates", templates),
    Route("GET", "/api/settings/mcp", not_for_agents),
    *for_each_kind("GET", "/api/{repo}/notebook/{rev}/{path*}", not_a_notebook),
    Route("GET", "/api/agent-harnesses", harnesses),
    Route("GET", "/api/telemetry/{topic*}", telemetry),
    Route("POST", "/api/telemetry/{topic*}", telemetry, body="none", safe=True),
    Route("GET", "/api/spaces/zero-gpu/quota", gpu_quota),
    *[
        route
        for words, methods in _OF_SPACES.items()
        for method in methods
        for route in for_each_kind(method, f"/api/{{repo}}/{words}", not_offered_to_space)
        if route.pattern.startswith("/api/spaces/")
    ],
]
