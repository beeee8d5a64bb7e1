"""What Spaces are started with, by API. Starting them is answered in `repos/api/compute.py`: it comes later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.names import RepoId, RepoKind
from pioche.spaces.types import VOLUME_KINDS, Variable, Volume, VolumeKind
from pioche.web.call import Call
from pioche.web.repo_call import repo_of
from pioche.web.responses import iso, json_response
from pioche.web.routing import Route

BASE = "/api/spaces/{ns}/{name}"


class VariableRequest(msgspec.Struct):
    key: str
    value: str
    description: str | None = None


class KeyRequest(msgspec.Struct):
    key: str


class VolumeItem(msgspec.Struct, rename="camel"):
    type: str
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None


class VolumesRequest(msgspec.Struct):
    volumes: list[VolumeItem]


def list_secrets(call: Call) -> Response:
    return _answer(call.hub.spaces.list(call.actor, _space(call), secret=True))


def put_secret(call: Call) -> Response:
    return _put(call, call.json(VariableRequest), secret=True)


def delete_secret(call: Call) -> Response:
    return _answer(call.hub.spaces.remove(call.actor, _space(call), call.json(KeyRequest).key, secret=True))


def list_variables(call: Call) -> Response:
    return _answer(call.hub.spaces.list(call.actor, _space(call), secret=False))


def put_variable(call: Call) -> Response:
    return _put(call, call.json(VariableRequest), secret=False)


def delete_variable(call: Call) -> Response:
    return _answer(call.hub.spaces.remove(call.actor, _space(call), call.json(KeyRequest).key, secret=False))


def set_volumes(call: Call) -> Response:
    volumes = [_volume(one) for one in call.json(VolumesRequest).volumes]
    call.hub.spaces.set_volumes(call.actor, _space(call), volumes)
    return json_response({"volumes": [volume_body(one) for one in volumes]})


def delete_volumes(call: Call) -> Response:
    call.hub.spaces.set_volumes(call.actor, _space(call), [])
    return json_response({"success": True})


def volume_body(one: Volume) -> dict[str, Any]:
    said = {"type": one.kind, "source": one.source, "mountPath": one.mount_path}
    more = {"revision": one.revision, "readOnly": one.read_only, "path": one.path}
    return {**said, **{key: value for key, value in more.items() if value is not None}}


def _space(call: Call) -> RepoId:
    call.params["kind"] = RepoKind.SPACE.plural
    return repo_of(call)


def _put(call: Call, asked: VariableRequest, secret: bool) -> Response:
    description = asked.description or ""
    return _answer(call.hub.spaces.put(call.actor, _space(call), asked.key, asked.value, description, secret))


def _volume(item: VolumeItem) -> Volume:
    kind: VolumeKind | None = next((kind for kind in VOLUME_KINDS if kind == item.type), None)
    if kind is None:
        raise InvalidInput(f"A volume is one of: {', '.join(VOLUME_KINDS)}; not '{item.type[:20]}'.")
    return Volume(kind, item.source, item.mount_path, item.revision, item.read_only, item.path)


def _answer(variables: Sequence[Variable]) -> Response:
    said = {}
    for one in variables:
        said[one.key] = {"updatedAt": iso(one.updated_at)}
        if one.description:
            said[one.key]["description"] = one.description
        if one.value is not None:
            said[one.key] |= {"key": one.key, "value": one.value}
    return json_response(said)


routes = [
    Route("GET", f"{BASE}/secrets", list_secrets),
    Route("POST", f"{BASE}/secrets", put_secret),
    Route("DELETE", f"{BASE}/secrets", delete_secret),
    Route("GET", f"{BASE}/variables", list_variables),
    Route("POST", f"{BASE}/variables", put_variable),
    Route("DELETE", f"{BASE}/variables", delete_variable),
    Route("PUT", f"{BASE}/volumes", set_volumes),
    Route("DELETE", f"{BASE}/volumes", delete_volumes),
]
