"""Which repository a route is about, from its parameters.

API routes: `/api/{kind}/{ns}/{name}/...` with the plural kind. Page, git and resolve routes: one pattern for each
prefix (`""`, `datasets/`, `spaces/`), made by `for_each_kind`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from pioche.errors import InvalidName, RepoNotFound
from pioche.names import RepoId, RepoKind, check_name
from pioche.web.call import Call
from pioche.web.routing import Route


def repo_of(call: Call) -> RepoId:
    """From the parameters `kind` (plural; absent for models), `ns` and `name`. Raises `RepoNotFound`.

    What cannot be a name ends here: it goes into addresses, and `%2Fhost` would make one of another host.
    """
    kind = RepoKind.from_plural(call.params.get("kind", "models"))
    try:
        return RepoId(kind, check_name(call.params["ns"]), check_name(call.params["name"]))
    except InvalidName as error:
        raise RepoNotFound(f"There is no {kind.value} of this name: {error.message}") from error


def for_each_kind(method: str, pattern: str, handler: Callable[..., Any], **options: Any) -> list[Route]:
    """One route for each kind; `{repo}` in `pattern` stands for the prefix and `{ns}/{name}`.

    With `{repo}` at the start the web form is meant (`/datasets/{ns}/{name}`), with `/api/{repo}` the API form
    (`/api/datasets/{ns}/{name}`, and `/api/models/...`). The handler reads the kind with `repo_of`.
    """
    routes = []
    for kind in RepoKind:
        prefix = f"{kind.plural}/" if pattern.startswith("/api/") else kind.prefix
        path = pattern.replace("{repo}", f"{prefix}{{ns}}/{{name}}")
        path = path.replace("{repo.git}", f"{prefix}{{ns}}/{{name.git}}")
        routes.append(Route(method, path, _with_kind(handler, kind), **options))
    return routes


def _with_kind(handler: Callable[..., Any], kind: RepoKind) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def bound_async(call: Call) -> Any:
            call.params["kind"] = kind.plural
            return await handler(call)

        return bound_async

    @functools.wraps(handler)
    def bound(call: Call) -> Any:
        call.params["kind"] = kind.plural
        return handler(call)

    return bound
