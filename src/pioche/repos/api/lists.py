"""Lists of models, datasets and spaces by API."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.names import RepoKind
from pioche.repos.api.info import InfoWriter, checked_expand
from pioche.repos.apps import APPS
from pioche.repos.derive import TASKS
from pioche.repos.types import SORTS, RepoFilter, Sort, parse_parameters
from pioche.web.call import Call
from pioche.web.responses import json_response, page_response
from pioche.web.routing import Route

PAGE = 500
# With files or values that are read from git for each repository.
COSTLY_PAGE = 100
COSTLY = frozenset(("siblings", "safetensors", "mainSize"))

_SORT_NAMES: dict[str, Sort] = {
    **{name: name for name in SORTS},
    "last_modified": "lastModified",
    "created_at": "createdAt",
    "trending_score": "trendingScore",
}

_SHORT = "author createdAt lastModified likes private tags trendingScore"
_LISTED: dict[RepoKind, str] = {
    RepoKind.MODEL: f"{_SHORT} downloads gated library_name modelId pipeline_tag",
    RepoKind.DATASET: f"{_SHORT} disabled downloads gated sha",
    RepoKind.SPACE: f"{_SHORT} sdk",
    RepoKind.KERNEL: f"{_SHORT} downloads gated sha",
}


def list_repos(kind: RepoKind, call: Call) -> Response:
    names = _names(kind, call)
    most = COSTLY_PAGE if COSTLY & set(names) else PAGE
    limit = call.query_int("limit", most, 1, most)
    if _asks_for_compute(call):
        return page_response(call, [], None)
    page = call.hub.search.list(call.actor, _filter(kind, call), limit, call.query("cursor"))
    writer = InfoWriter(call.hub.infos, call.actor, hub=call.hub)
    return page_response(call, writer.write_all(page.repos, names), page.cursor)


def list_models(call: Call) -> Response:
    return list_repos(RepoKind.MODEL, call)


def list_datasets(call: Call) -> Response:
    return list_repos(RepoKind.DATASET, call)


def list_spaces(call: Call) -> Response:
    return list_repos(RepoKind.SPACE, call)


def list_kernels(call: Call) -> Response:
    return list_repos(RepoKind.KERNEL, call)


def model_tags(call: Call) -> Response:
    return _tags(RepoKind.MODEL, call)


def dataset_tags(call: Call) -> Response:
    return _tags(RepoKind.DATASET, call)


# -- what is asked for --


def _names(kind: RepoKind, call: Call) -> list[str]:
    """The properties of each item."""
    if asked := checked_expand(kind, call.query_list("expand")):
        return asked
    names = _LISTED[kind].split()
    if call.query_flag("full"):
        names += ["sha", "disabled", "siblings"] + ([] if kind is RepoKind.MODEL else ["cardData"])
    if call.query_flag("cardData"):
        names.append("cardData")
    if call.query_flag("config") and kind is RepoKind.MODEL:
        names.append("config")
    return names


def _filter(kind: RepoKind, call: Call) -> RepoFilter:
    sort = call.query("sort") or "trendingScore"
    if sort not in _SORT_NAMES:
        raise InvalidInput(f"'sort' cannot be '{sort[:50]}'. There are: {', '.join(SORTS)}.")
    if call.query("direction", "-1") != "-1":
        raise InvalidInput("'direction' can only be -1: lists start with what is newest or most.")
    tags, any_tags = call.hub.links.widen(call.actor, _wanted_tags(kind, call))
    return RepoFilter(
        kind=kind,
        search=" ".join(call.query_list("search")),
        author=call.query("author") or None,
        tags=tags,
        any_tags=(*any_tags, *_runs_in(kind, call)),
        pipeline_tag=call.query("pipeline_tag") or None,
        library=call.query("library") or None,
        gated=call.query_flag("gated") if call.query("gated") else None,
        uses=(*call.query_list("models"), *call.query_list("datasets")) if kind is RepoKind.SPACE else (),
        parameters=parse_parameters(call.query("num_parameters")),
        sort=_SORT_NAMES[sort],
    )


def _wanted_tags(kind: RepoKind, call: Call) -> tuple[str, ...]:
    """`filter` may be repeated, and older clients join with commas. A model's language is tagged bare."""
    tags = [tag.strip() for text in call.query_list("filter") for tag in text.split(",") if tag.strip()]
    return tuple(tag.removeprefix("language:") if kind is RepoKind.MODEL else tag for tag in tags)


def _runs_in(kind: RepoKind, call: Call) -> Iterator[tuple[str, ...]]:
    """`apps`: for each program what one of the tags says that it can load."""
    if kind is not RepoKind.MODEL:
        return
    for text in call.query_list("apps"):
        for name in filter(None, text.split(",")):
            if name not in APPS:
                raise InvalidInput(f"'apps' cannot be '{name[:50]}'. There are: {', '.join(sorted(APPS))}.")
            yield from APPS[name]


def _asks_for_compute(call: Call) -> bool:
    """Nothing here is served by a provider, so nothing fits."""
    return bool(call.query("inference") or call.query_list("inference_provider"))


# -- tags --


def _tags(kind: RepoKind, call: Call) -> Response:
    """Every tag in use, by its type."""
    by_type: dict[str, list[dict[str, str]]] = {}
    for tag in call.hub.search.tags(call.actor, kind):
        kind_of_tag, label = _split_tag(tag)
        by_type.setdefault(kind_of_tag, []).append({"id": tag, "label": label, "type": kind_of_tag})
    return json_response(by_type)


def _split_tag(tag: str) -> tuple[str, str]:
    prefix, colon, rest = tag.partition(":")
    if colon and prefix.isidentifier():
        return prefix, rest
    return ("pipeline_tag" if tag in TASKS else "other"), tag


routes = [
    Route("GET", "/api/models", list_models, hot=True),
    Route("GET", "/api/datasets", list_datasets, hot=True),
    Route("GET", "/api/spaces", list_spaces, hot=True),
    Route("GET", "/api/kernels", list_kernels, hot=True),
    Route("GET", "/api/models-tags-by-type", model_tags, hot=True),
    Route("GET", "/api/datasets-tags-by-type", dataset_tags, hot=True),
]
