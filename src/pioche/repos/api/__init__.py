"""JSON routes of repositories as a whole. Files and commits have lists of their own, in the modules beside."""

from pioche.repos.api import compute, gates, info, large_files, lifecycle, lists, quick, refs

routes = [
    *lifecycle.routes,
    *info.routes,
    *lists.routes,
    *refs.routes,
    *large_files.routes,
    *quick.routes,
    *compute.routes,
    *gates.routes,
]
