"""The verbs of buckets: `Buckets`, with `files` to read, `writing` to change them, and `changes` to follow them."""

from pioche.buckets.service.buckets import Buckets

__all__ = ["Buckets"]
