"""Repo info by API: the properties of a repository, all the usual ones or those that `expand` names."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from pioche.accounts.types import Actor, Group
from pioche.errors import InvalidInput
from pioche.evals.types import Score
from pioche.names import RepoKind
from pioche.ports.gitstore import TreeNode
from pioche.protocols.card import texts
from pioche.protocols.hub import info as wire
from pioche.repos import trending
from pioche.repos.auto_classes import auto_class, processor_of
from pioche.repos.service.infos import Info, Infos
from pioche.repos.types import Repo
from pioche.spaces.api import volume_body
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import external_id, iso, json_response

if TYPE_CHECKING:
    from pioche.hub import Hub

EXPAND: dict[RepoKind, frozenset[str]] = {
    RepoKind.MODEL: wire.MODEL_EXPAND,
    RepoKind.DATASET: wire.DATASET_EXPAND,
    RepoKind.SPACE: wire.SPACE_EXPAND,
    RepoKind.KERNEL: wire.KERNEL_EXPAND,
}

_COMMON = "author cardData createdAt disabled lastModified likes private sha siblings tags usedStorage"
_USUAL: dict[RepoKind, str] = {
    RepoKind.MODEL: f"{_COMMON} config downloads gated library_name model-index modelId pipeline_tag safetensors "
    "transformersInfo widgetData",
    RepoKind.DATASET: f"{_COMMON} citation description downloads gated paperswithcode_id",
    RepoKind.SPACE: f"{_COMMON} datasets models runtime sdk subdomain",
    RepoKind.KERNEL: f"{_COMMON} downloads gated",
}


def info(call: Call) -> Response:
    return _answer(call, "")


def info_at(call: Call) -> Response:
    return _answer(call, call.arg("rev"))


def runtime(call: Call) -> Response:
    return json_response(_runtime(call, call.hub.repos.find(call.actor, repo_of(call))))


def safetensors_metadata(call: Call) -> Response:
    """Headers of all files of a sharded model, in one answer."""
    index, headers = call.hub.infos.shards(call.actor, repo_of(call), call.arg("path"))
    return json_response({"index": {"metadata": index.get("metadata") or {}}, "headers": headers})


def _runtime(call: Call, repo: Repo) -> wire.SpaceRuntime:
    """Nothing runs Spaces yet; what they will find mounted is known already."""
    volumes = [volume_body(one) for one in call.hub.spaces.volumes(call.actor, repo.repo_id)]
    stage = "STOPPED" if repo.head is not None else "NO_APP_FILE"
    return wire.SpaceRuntime(stage, volumes=volumes or UNSET)


def _answer(call: Call, revision: str) -> Response:
    repo_id = repo_of(call)
    names = checked_expand(repo_id.kind, call.query_list("expand"))
    found = call.hub.infos.show(call.actor, repo_id, revision)
    writer = InfoWriter(call.hub.infos, call.actor, call.query_flag("blobs"), call.hub)
    headers = {"x-repo-commit": found.commit} if found.commit else {}
    answer = writer.write(found, names or _USUAL[repo_id.kind].split())
    if answer.runtime is not UNSET:
        answer = msgspec.structs.replace(answer, runtime=_runtime(call, found.repo))
    return json_response(answer, headers=headers)


def checked_expand(kind: RepoKind, asked: Iterable[str]) -> list[str]:
    names = [name for text in asked for name in text.split(",") if name]
    for name in names:
        if name not in EXPAND[kind]:
            known = ", ".join(sorted(EXPAND[kind]))
            raise InvalidInput(f"'expand' cannot be '{name[:50]}' for {kind.plural}. There are: {known}.")
    return names


class InfoWriter:
    """From an `Info` to its JSON. What is not known is left out; without `hub`, what other rooms know is too."""

    def __init__(self, infos: Infos, actor: Actor, with_blobs: bool = False, hub: Hub | None = None) -> None:
        self._infos = infos
        self._actor = actor
        self._with_blobs = with_blobs
        self._hub = hub
        self._spaces: Mapping[int, Sequence[str]] = {}
        self._children: Mapping[int, int] = {}
        self._scores: Mapping[int, Sequence[Score]] = {}
        self._groups: Mapping[int, Group] = {}

    def write_all(self, repos: Sequence[Repo], names: Sequence[str]) -> list[wire.RepoInfo]:
        """Those of a list; what links to them is asked for once."""
        found = [self._infos.of_row(repo) for repo in repos]
        self._ask(found, names)
        return [self._write(one, names) for one in found]

    def write(self, found: Info, names: Sequence[str]) -> wire.RepoInfo:
        self._ask([found], names)
        return self._write(found, names)

    def _ask(self, found: Sequence[Info], names: Sequence[str]) -> None:
        numbers = [one.repo.id for one in found]
        if self._hub is None:
            return
        if "spaces" in names:
            self._spaces = self._hub.links.spaces_using(self._actor, numbers)
        if "childrenModelCount" in names:
            self._children = self._hub.links.count_children(self._actor, numbers)
        if "resourceGroup" in names:
            chosen = [one.repo.group_id for one in found if one.repo.group_id is not None]
            self._groups = self._hub.accounts.groups.known(self._actor, chosen)
        if "evalResults" in names:
            self._scores = self._hub.evals.of_models(numbers)

    def _write(self, found: Info, names: Sequence[str]) -> wire.RepoInfo:
        values: dict[str, Any] = {}
        for name in names:
            value = self._value(found, name)
            if value is not None:
                values[_FIELDS[name]] = value
        repo = found.repo
        return wire.RepoInfo(external_id=external_id(repo.id), id=repo.repo_id.full, **values)

    def _value(self, found: Info, name: str) -> Any:
        match name:
            case "siblings":
                return [_sibling(node, self._with_blobs) for node in found.files]
            case "spaces":
                return self._spaces.get(found.repo.id, ())
            case "childrenModelCount":
                return self._children.get(found.repo.id, 0)
            case "resourceGroup":
                group = self._groups.get(found.repo.group_id or 0)
                return group and wire.GroupInfo(external_id(group.id), group.name, group.people)
            case "evalResults":
                return [_score(one) for one in self._scores.get(found.repo.id, ())]
            case _:
                return _VALUES[name](found) if name in _VALUES else None


def _sibling(node: TreeNode, with_blobs: bool) -> wire.Sibling:
    if not with_blobs:
        return wire.Sibling(node.path)
    if node.pointer is None:
        return wire.Sibling(node.path, node.size, node.oid)
    lfs = wire.SiblingLfs(node.pointer.size, node.pointer.sha256, node.pointer.pointer_size)
    return wire.Sibling(node.path, node.size, node.oid, lfs)


def _score(one: Score) -> dict[str, Any]:
    """Of a file that cannot be read clients are told why."""
    if one.error:
        return {"filename": one.filename, "error": one.error}
    body = {"filename": one.filename, "verified": False, "data": one.data}
    return {**body, "pullRequest": one.pull_request} if one.pull_request else body


def _safetensors(found: Info) -> wire.Safetensors | None:
    counted = found.parameters
    return wire.Safetensors(counted, sum(counted.values())) if counted else None


def _transformers(found: Info) -> wire.TransformersInfo | None:
    derived = found.derived
    if derived.library != "transformers":
        return None
    auto = auto_class(derived.config)
    if not auto:
        return wire.TransformersInfo("AutoModel", derived.pipeline_tag)
    return wire.TransformersInfo(auto, derived.pipeline_tag, processor_of(auto))


def _card_field(name: str) -> Callable[[Info], Any]:
    return lambda found: found.derived.card.get(name)


def _card_text(name: str) -> Callable[[Info], Any]:
    return lambda found: _text(found.derived.card, name)


def _card_texts(name: str) -> Callable[[Info], Any]:
    return lambda found: texts(found.derived.card.get(name))


def _text(card: Mapping[str, Any], name: str) -> str | None:
    value = card.get(name)
    return value if isinstance(value, str) else None


def _said(found: Info, name: str) -> str | None:
    """By the metadata of the card, else by its text."""
    return _text(found.derived.card, name) or _text(found.derived.config, name)


def _subdomain(found: Info) -> str:
    return re.sub(r"[^a-z0-9]+", "-", found.repo.repo_id.full.lower()).strip("-")


_VALUES: dict[str, Callable[[Info], Any]] = {
    "modelId": lambda found: found.repo.repo_id.full,
    "author": lambda found: found.repo.repo_id.namespace,
    "sha": lambda found: found.commit,
    "lastModified": lambda found: iso(found.repo.updated_at),
    "createdAt": lambda found: iso(found.repo.created_at),
    "private": lambda found: found.repo.private,
    "disabled": lambda found: False,
    "gated": lambda found: found.repo.gated or False,
    "downloads": lambda found: found.repo.downloads,
    "downloadsAllTime": lambda found: found.repo.downloads_all,
    "likes": lambda found: found.repo.likes,
    "trendingScore": lambda found: round(trending.at_time(found.repo.trending, int(time.time() * 1000))),
    "usedStorage": lambda found: found.repo.storage,
    "tags": lambda found: found.derived.tags,
    "pipeline_tag": lambda found: found.derived.pipeline_tag,
    "library_name": lambda found: found.derived.library,
    "cardData": lambda found: found.derived.card,
    "config": lambda found: found.derived.config,
    "model-index": _card_field("model-index"),
    "widgetData": _card_field("widget"),
    "mask_token": lambda found: _text(found.derived.config.get("tokenizer_config", {}), "mask_token"),
    "baseModels": _card_texts("base_model"),
    "models": _card_texts("models"),
    "datasets": _card_texts("datasets"),
    "description": lambda found: _said(found, "description"),
    "citation": lambda found: _said(found, "citation"),
    "paperswithcode_id": _card_text("paperswithcode_id"),
    "inferenceProviderMapping": lambda found: [],
    "safetensors": _safetensors,
    "gguf": lambda found: found.gguf or None,
    "mainSize": lambda found: sum(node.size for node in found.files),
    "xetEnabled": lambda found: True,
    "transformersInfo": _transformers,
    "sdk": lambda found: found.derived.sdk,
    "subdomain": _subdomain,
    # Nothing runs on this hub, and saying so keeps clients from waiting.
    "runtime": lambda found: wire.SpaceRuntime("STOPPED"),
}

_FIELDS = {field.encode_name: field.name for field in msgspec.structs.fields(wire.RepoInfo)}


routes = [
    *for_each_kind("GET", "/api/{repo}", info, hot=True),
    *for_each_kind("GET", "/api/{repo}/revision/{rev}", info_at, hot=True),
    *[
        route
        for route in for_each_kind("GET", "/api/{repo}/safetensors-metadata/{path*}", safetensors_metadata)
        if "/models/" in route.pattern
    ],
    *[r for r in for_each_kind("GET", "/api/{repo}/runtime", runtime) if "/spaces/" in r.pattern],
]
