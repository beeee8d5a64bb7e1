"""The OpenAPI document says what the code reads."""

from __future__ import annotations

import functools

import msgspec
from starlette.responses import Response

from pioche.app import ROUTES, build_app
from pioche.hub import Hub
from pioche.web.call import Call
from pioche.web.openapi import document, read_handler
from pioche.web.responses import json_response
from pioche.web.routing import Route


class Body(msgspec.Struct):
    name: str


def handler(kind: str, call: Call) -> Response:
    """Makes one."""
    wanted = call.json(Body)
    return json_response({"name": wanted.name, "limit": _limit(call), "flag": call.query_flag("flag")})


def _limit(call: Call) -> int:
    return call.query_int("limit", 1, 1, 9)


def test_what_the_handler_and_its_helpers_read_is_found() -> None:
    asked = read_handler(functools.partial(handler, "x"))
    assert asked.query == {"limit": "integer", "flag": "boolean"}
    assert asked.bodies == [Body]


def test_a_route_becomes_an_operation() -> None:
    described = document([Route("POST", "/api/{ns}/things/{rev}/{path*}", functools.partial(handler, "x"))])
    operation = described["paths"]["/api/{ns}/things/{rev}/{path}"]["post"]
    assert operation["summary"] == "Makes one."
    names = {(parameter["name"], parameter["in"]) for parameter in operation["parameters"]}
    assert names == {("ns", "path"), ("rev", "path"), ("path", "path"), ("limit", "query"), ("flag", "query")}
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/Body"
    assert described["components"]["schemas"]["Body"]["required"] == ["name"]


def test_every_json_route_is_described(hub: Hub) -> None:
    described = document(route for routes in ROUTES for route in routes)
    operations = {(method.upper(), path) for path, item in described["paths"].items() for method in item}
    assert ("POST", "/api/repos/create") in operations
    assert ("GET", "/api/models/{ns}/{name}/tree/{rev}/{path}") in operations
    asked = {r.pattern for r in build_app(hub).router.routes if r.dialect == "hub" and r.method != "HEAD"}
    assert {path for _, path in operations} >= {
        pattern.replace("*}", "}").replace(".git}", "}.git") for pattern in asked
    }
