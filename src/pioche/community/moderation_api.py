"""Reactions, locks, and what is deleted, by API."""

from __future__ import annotations

from starlette.responses import Response

from pioche.community.answers import event_answer
from pioche.community.api import comment_of, number_of
from pioche.protocols.hub import discussion as wire
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import empty, json_response


def react(call: Call) -> Response:
    emoji = call.json(wire.NewReaction).reaction
    event = call.hub.reactions.give(call.actor, repo_of(call), number_of(call), comment_of(call), emoji)
    return json_response({"updatedComment": event_answer(event)})


def take_back(call: Call) -> Response:
    emoji = call.arg("emoji")
    event = call.hub.reactions.take_back(call.actor, repo_of(call), number_of(call), comment_of(call), emoji)
    return json_response({"updatedComment": event_answer(event)})


def lock(call: Call) -> Response:
    locked = call.json(wire.Lock).locked
    call.hub.moderation.lock(call.actor, repo_of(call), number_of(call), locked)
    return json_response({"locked": locked})


def delete(call: Call) -> Response:
    call.hub.moderation.delete(call.actor, repo_of(call), number_of(call))
    return empty()


def delete_ref(call: Call) -> Response:
    call.hub.moderation.delete_ref(call.actor, repo_of(call), number_of(call))
    return empty()


def storage(call: Call) -> Response:
    found = call.hub.moderation.storage(call.actor, repo_of(call), number_of(call))
    return json_response(wire.Storage(found.bytes, found.ref_deleted))


routes = [
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/comment/{event}/reaction", react),
    *for_each_kind("DELETE", "/api/{repo}/discussions/{num}/comment/{event}/reaction/{emoji}", take_back),
    *for_each_kind("POST", "/api/{repo}/discussions/{num}/lock", lock),
    *for_each_kind("DELETE", "/api/{repo}/discussions/{num}", delete),
    *for_each_kind("DELETE", "/api/{repo}/discussions/{num}/ref", delete_ref),
    *for_each_kind("GET", "/api/{repo}/discussions/{num}/storage", storage),
]
