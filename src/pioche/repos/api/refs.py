"""Branches, tags and squashing by API."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from starlette.responses import Response

from pioche.ports.gitstore import Ref
from pioche.protocols.hub import refs as wire
from pioche.repos.service.refs import CONVERTED, HEADS, PULL_REQUESTS, TAGS
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import json_response


def list_refs(call: Call) -> Response:
    include_prs = call.query_flag("include_prs")
    found = call.hub.refs.list(call.actor, repo_of(call), include_prs)
    return json_response(
        wire.Refs(
            branches=_of(found, HEADS),
            tags=_of(found, TAGS),
            converts=_of(found, CONVERTED),
            pull_requests=_of(found, PULL_REQUESTS) if include_prs else UNSET,
        )
    )


def create_branch(call: Call) -> Response:
    start = call.json(wire.NewBranch).starting_point or ""
    call.hub.refs.create_branch(call.actor, repo_of(call), call.arg("rev"), start)
    return json_response({}, 201)


def delete_branch(call: Call) -> Response:
    call.hub.refs.delete_branch(call.actor, repo_of(call), call.arg("rev"))
    return json_response({})


def create_tag(call: Call) -> Response:
    new = call.json(wire.NewTag)
    call.hub.refs.create_tag(call.actor, repo_of(call), new.tag, call.arg("rev"), new.message or "")
    return json_response({}, 201)


def delete_tag(call: Call) -> Response:
    call.hub.refs.delete_tag(call.actor, repo_of(call), call.arg("rev"))
    return json_response({})


def squash(call: Call) -> Response:
    message = call.json(wire.Squash).message or ""
    commit = call.hub.refs.squash(call.actor, repo_of(call), call.arg("rev"), message)
    return json_response({"success": True, "commitOid": commit})


def _of(refs: Sequence[Ref], prefix: str) -> list[wire.Ref]:
    return [wire.Ref(ref.name, ref.ref, ref.target) for ref in refs if ref.ref.startswith(prefix)]


routes = [
    *for_each_kind("GET", "/api/{repo}/refs", list_refs),
    *for_each_kind("POST", "/api/{repo}/branch/{rev}", create_branch),
    *for_each_kind("DELETE", "/api/{repo}/branch/{rev}", delete_branch),
    *for_each_kind("POST", "/api/{repo}/tag/{rev}", create_tag),
    *for_each_kind("DELETE", "/api/{repo}/tag/{rev}", delete_tag),
    *for_each_kind("POST", "/api/{repo}/super-squash/{rev}", squash),
]
