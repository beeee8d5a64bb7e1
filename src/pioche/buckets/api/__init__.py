"""JSON routes of buckets and their files, and the addresses that give the bytes."""

from pioche.buckets.api import events, files, lifecycle, resolve

routes = [*lifecycle.routes, *files.routes, *events.routes, *resolve.routes]
