"""The large files of a repository by API: list, delete for good, copy by hash."""

from __future__ import annotations

import re

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.names import RepoId, RepoKind
from pioche.repos.service.large_files import HeldFile
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import iso, json_response, page_response

PAGE = 1_000
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class Deletions(msgspec.Struct, rename="camel"):
    sha: list[str]
    rewrite_history: bool = False


class DeleteRequest(msgspec.Struct):
    deletions: Deletions


class Target(msgspec.Struct):
    type: str
    name: str


class FileToCopy(msgspec.Struct, rename="camel"):
    sha256: str
    xet_hash: str | None = None
    filename: str | None = None


class CopyRequest(msgspec.Struct):
    target: Target
    files: list[FileToCopy]


def list_files(call: Call) -> Response:
    found = call.hub.large_files.list(call.actor, repo_of(call))
    start = call.query_int("cursor", 0, 0, 10**9)
    after = str(start + PAGE) if len(found) > start + PAGE else None
    return page_response(call, [_body(one) for one in found[start : start + PAGE]], after)


def delete_many(call: Call) -> Response:
    asked = call.json(DeleteRequest).deletions
    count = call.hub.large_files.delete(call.actor, repo_of(call), _checked(asked.sha), asked.rewrite_history)
    return json_response({"success": True, "deleted": count})


def delete_one(call: Call) -> Response:
    rewrite = call.query_flag("rewriteHistory")
    count = call.hub.large_files.delete(call.actor, repo_of(call), _checked([call.arg("sha")]), rewrite)
    return json_response({"success": True, "deleted": count})


def duplicate(call: Call) -> Response:
    asked = call.json(CopyRequest)
    kind = next((kind for kind in RepoKind if kind.value == asked.target.type), None)
    if kind is None:
        raise InvalidInput(f"Files are copied to models, datasets and spaces, not to '{asked.target.type[:20]}'.")
    target = RepoId.parse(kind, asked.target.name)
    refused = call.hub.large_files.copy(
        call.actor, repo_of(call), target, _checked([file.sha256 for file in asked.files])
    )
    return json_response({"failed": [{"sha256": sha256, "error": why} for sha256, why in refused.items()]})


def _checked(sha256s: list[str]) -> list[str]:
    if odd := next((text for text in sha256s if not _SHA256.match(text)), None):
        raise InvalidInput(f"A large file is named by 64 hex digits, not '{odd[:70]}'.")
    return list(dict.fromkeys(sha256s))


def _body(one: HeldFile) -> dict[str, object]:
    said: dict[str, object] = {
        "fileOid": one.sha256,
        "oid": one.sha256,
        "filename": one.path or one.sha256,
        "pushedAt": iso(one.since),
        "size": one.size,
    }
    if one.ref:
        said["ref"] = one.ref
    return {**said, "xetHash": one.xet_hash} if one.xet_hash else said


routes = [
    *for_each_kind("GET", "/api/{repo}/lfs-files", list_files),
    *for_each_kind("POST", "/api/{repo}/lfs-files/batch", delete_many),
    *for_each_kind("DELETE", "/api/{repo}/lfs-files/{sha}", delete_one),
    *for_each_kind("POST", "/api/{repo}/lfs-files/duplicate", duplicate),
]
