"""Parts of the protocol that need machines, which this hub does not lend: said once, in words clients can show."""

from __future__ import annotations

from starlette.responses import Response

from pioche.errors import NotSupported
from pioche.web.call import Call
from pioche.web.responses import empty, json_response
from pioche.web.routing import Route

METHODS = ("GET", "POST", "PUT", "DELETE")


def not_offered(call: Call) -> Response:
    raise NotSupported("This hub keeps and serves repositories. It does not run spaces, jobs or endpoints.")


def templates(call: Call) -> Response:
    return json_response({"templates": []})


def harnesses(call: Call) -> Response:
    """Asked by every Python process until it is answered once."""
    return json_response({"standardEnvVars": [], "harnesses": {}})


def telemetry(call: Call) -> Response:
    """Nothing is kept."""
    return empty()


_SPACE = ("secrets", "variables", "hardware", "sleeptime", "pause", "restart", "dev-mode", "volumes")

routes = [
    Route("GET", "/api/spaces/templates", templates),
    Route("GET", "/api/agent-harnesses", harnesses),
    Route("GET", "/api/telemetry/{topic*}", telemetry),
    Route("POST", "/api/telemetry/{topic*}", telemetry, body="none", safe=True),
    Route("GET", "/api/spaces/hardware", not_offered),
    Route("GET", "/api/spaces/semantic-search", not_offered),
    Route("GET", "/api/spaces/zero-gpu/quota", not_offered),
    *[Route(method, f"/api/spaces/{{ns}}/{{name}}/{word}", not_offered) for method in METHODS for word in _SPACE],
    Route("GET", "/api/spaces/{ns}/{name}/logs/{stream}", not_offered),
    *[
        Route(method, f"/api/{root}/{{rest*}}", not_offered)
        for method in METHODS
        for root in ("jobs", "scheduled-jobs", "buckets", "kernels")
    ],
]
