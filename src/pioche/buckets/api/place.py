"""Which bucket a route is about."""

from __future__ import annotations

from pioche.buckets.types import BucketId
from pioche.errors import Unauthenticated
from pioche.web.call import Call


def bucket_of(call: Call) -> BucketId:
    """From the parameters `ns` and `name`."""
    return BucketId(namespace_of(call), call.arg("name"))


def namespace_of(call: Call) -> str:
    """`me` is whoever asks."""
    namespace = call.arg("ns")
    if namespace.lower() != "me":
        return namespace
    if call.actor.is_anonymous:
        raise Unauthenticated("Log in, or send a token: 'me' is nobody.")
    return call.actor.name
