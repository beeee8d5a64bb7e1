"""JSON routes of repositories as a whole. Files and commits have lists of their own, in the modules beside."""

from pioche.repos.api import compute, gates, info, lifecycle, lists, refs

routes = [*lifecycle.routes, *info.routes, *lists.routes, *refs.routes, *compute.routes, *gates.routes]
