"""The OpenAPI document of the JSON API, read from the routes: `GET /.well-known/openapi.json`.

Addresses, methods and parameters come from the patterns; the body and the query from what the handler, and the
functions it hands its `call` to, ask for: `call.json(Type)`, `call.query("name")`. So it cannot say what the code does
not do.
Shape: OpenAPI 3.1. Answers are described by status alone.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from types import FunctionType
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.web.call import Call
from pioche.web.responses import json_response
from pioche.web.routing import Route

_DIALECTS = ("hub", "oauth")
_PARAMETER_TYPES = {"query": "string", "query_list": "array", "query_flag": "boolean", "query_int": "integer"}
_DEPTH = 5


@dataclass
class Asked:
    """What a handler reads of a request. `query`: name -> JSON type."""

    query: dict[str, str] = field(default_factory=dict)
    bodies: list[Any] = field(default_factory=list)
    form: bool = False


def routes_about(routes: list[Route]) -> list[Route]:
    """The route of the document about `routes`, which is read when it is first asked for."""
    written = functools.cache(lambda: document(routes))

    def openapi(call: Call) -> Response:
        """This document."""
        return json_response(written())

    return [Route("GET", "/.well-known/openapi.json", openapi)]


def document(routes: Iterable[Route]) -> dict[str, Any]:
    chosen = [route for route in routes if route.dialect in _DIALECTS and route.method != "HEAD"]
    asked = {id(route): read_handler(route.handler) for route in chosen}
    types = list({repr(body): body for one in asked.values() for body in one.bodies}.values())
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    known = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in chosen:
        operation = _operation(route, asked[id(route)], known)
        paths.setdefault(_path(route.pattern), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pioche", "version": version("pioche")},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**components, "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


_ERROR = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}


def _path(pattern: str) -> str:
    return pattern.replace("*}", "}").replace(".git}", "}.git")


def _operation(route: Route, asked: Asked, known: Mapping[str, Any]) -> dict[str, Any]:
    names = [part[1:-1].rstrip("*").removesuffix(".git") for part in route.pattern.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    for name, kind in sorted(asked.query.items()):
        schema: dict[str, Any] = {"type": kind}
        if kind == "array":
            schema["items"] = {"type": "string"}
        parameters.append({"name": name, "in": "query", "required": False, "schema": schema})
    failed = {"description": "A refusal", "content": {"application/json": {"schema": {"$ref": _ERROR_REF}}}}
    operation: dict[str, Any] = {
        "summary": inspect.getdoc(_plain(route.handler)) or _plain(route.handler).__name__.replace("_", " "),
        "parameters": parameters,
        "responses": {"200": {"description": "Done"}, "default": failed},
    }
    if content := _content(asked, known):
        operation["requestBody"] = {"content": content}
    return operation


_ERROR_REF = "#/components/schemas/Error"


def _content(asked: Asked, known: Mapping[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    schemas = [known[repr(body)] for body in asked.bodies]
    if schemas:
        content["application/json"] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    if asked.form:
        form = {"type": "object", "additionalProperties": {"type": "string"}}
        content["application/x-www-form-urlencoded"] = {"schema": form}
    return content


# -- reading handlers --


def read_handler(handler: Callable[..., Any]) -> Asked:
    asked = Asked()
    _read(_plain(handler), asked, set(), _DEPTH)
    return asked


def _plain(handler: Callable[..., Any]) -> FunctionType:
    while isinstance(handler, functools.partial):
        handler = handler.func
    plain = inspect.unwrap(handler)
    assert isinstance(plain, FunctionType), "a handler is a function"
    return plain


def _read(function: FunctionType, asked: Asked, seen: set[Any], depth: int) -> None:
    if depth == 0 or function in seen:
        return
    seen.add(function)
    names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for call in _calls(function):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            if call.func.value.id == "call":
                _note(call, call.func.attr, names, asked)
        elif isinstance(call.func, ast.Name) and any(isinstance(a, ast.Name) and a.id == "call" for a in call.args):
            inner = names.get(call.func.id)
            if inspect.isfunction(inner):
                _read(inner, asked, seen, depth - 1)


def _calls(function: FunctionType) -> Iterator[ast.Call]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _note(call: ast.Call, method: str, names: Mapping[str, Any], asked: Asked) -> None:
    if method in ("form", "form_items"):
        asked.form = True
    if not call.args:
        return
    first = call.args[0]
    if method in _PARAMETER_TYPES and isinstance(first, ast.Constant):
        asked.query.setdefault(str(first.value), _PARAMETER_TYPES[method])
    elif method == "json":
        # An expression over names of the handler's own module, written by us: a class, or `list[Class]`.
        asked.bodies.append(eval(ast.unparse(first), dict(names)))  # noqa: S307
