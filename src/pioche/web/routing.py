"""Routes over the raw path.

`%2F` inside a segment is part of the segment: `/api/models/a/b/tree/refs%2Fpr%2F1` has one revision segment. So
matching happens on the undecoded path and each parameter is decoded afterwards.

Pattern segments: `name` literal; `{x}` one segment; `{rev}` one segment, or the three of an unencoded `refs/a/b`;
`{x*}` the rest (at least one segment); `{x.git}` one segment ending in `.git` (cut off).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

Dialect = Literal["hub", "lfs", "cas", "git", "html", "oauth"]
Body = Literal["none", "bytes", "spool", "stream"]


@dataclass(frozen=True, slots=True)
class Route:
    """One method and pattern.

    `handler(call)` runs in a thread if it is a plain function, on the loop if it is a coroutine function.
    `body`: read whole into `call.body` ("bytes"), into a temporary file `call.body_file` ("spool"), or left on the
    wire for an async handler ("stream"). `limit` is in bytes, or the name of the setting that says
    it. `hot`: the answer may come from `web.cache`.
    `safe`: an unsafe method that needs no CSRF token because it takes no cookies (signed links, bearer only).
    """

    method: str
    pattern: str
    handler: Callable[..., Any]
    dialect: Dialect = "hub"
    body: Body = "bytes"
    limit: int | str = 16 * 1024 * 1024
    hot: bool = False
    safe: bool = False
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(self.handler))


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    one: dict[str, _Node] = field(default_factory=dict)  # parameter text -> node, in order of registration
    rest: dict[str, dict[str, Route]] = field(default_factory=dict)  # name -> method -> route
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Literal segments win over parameters; a rest parameter comes last."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = list(routes)
        self._root = _Node()
        for route in self.routes:
            self._add(route)

    def find(self, method: str, raw_path: str) -> tuple[Route | None, dict[str, str], set[str]]:
        """The route and its decoded parameters; else None and the methods that the path does accept."""
        segments = raw_path.split("/")[1:]
        allowed: set[str] = set()
        for methods, params in _walk(self._root, segments, 0, {}):
            route = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
            if route is not None:
                return route, {key: unquote(value) for key, value in params.items()}, set()
            allowed.update(methods)
        return None, {}, allowed

    def _add(self, route: Route) -> None:
        node = self._root
        parts = route.pattern.split("/")[1:]
        for index, part in enumerate(parts):
            if part.endswith("*}"):
                if index != len(parts) - 1:
                    raise ValueError(f"{route.pattern}: a rest parameter must be last")
                self._set(node.rest.setdefault(part[1:-2], {}), route)
                return
            branch = node.one if part.startswith("{") else node.literals
            child = branch.setdefault(part, _Node())
            if part.endswith(".git}"):
                # `x.git` fits `{name}` too, so the narrower one is tried first.
                node.one = {part: child, **node.one}
            node = child
        self._set(node.routes, route)

    @staticmethod
    def _set(methods: dict[str, Route], route: Route) -> None:
        if route.method in methods:
            raise ValueError(f"{route.method} {route.pattern} is routed twice")
        methods[route.method] = route


def _walk(
    node: _Node, segments: list[str], at: int, params: dict[str, str]
) -> Iterable[tuple[dict[str, Route], dict[str, str]]]:
    """Every end of a pattern that the path fits, the most literal first."""
    if at == len(segments):
        if node.routes:
            yield node.routes, params
        return
    segment = segments[at]
    if segment in node.literals:
        yield from _walk(node.literals[segment], segments, at + 1, params)
    for part, child in node.one.items():
        for value, used in _fits(part, segments, at):
            yield from _walk(child, segments, at + used, {**params, part[1:-1].removesuffix(".git"): value})
    for name, methods in node.rest.items():
        rest = "/".join(segments[at:])
        if rest:
            yield methods, {**params, name: rest}


def _fits(part: str, segments: list[str], at: int) -> Iterable[tuple[str, int]]:
    segment = segments[at]
    if not segment:
        return
    if part == "{rev}" and segment == "refs" and len(segments) >= at + 3:
        yield "/".join(segments[at : at + 3]), 3
    elif part.endswith(".git}"):
        if segment.endswith(".git") and len(segment) > 4:
            yield segment[:-4], 1
    else:
        yield segment, 1
