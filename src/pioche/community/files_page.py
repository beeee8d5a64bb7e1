"""The page of what a pull request changes."""

from __future__ import annotations

from starlette.responses import Response

from pioche.community.api import number_of
from pioche.names import CommitOid
from pioche.repos.pages.diff import changes_of_patch, shown_changes
from pioche.repos.pages.show import behind_gate, page_values
from pioche.repos.views import ChangeSet
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of


def show_files(call: Call) -> Response:
    """`?view=split` is side by side, `?file=` shows one file with all of its lines."""
    hub, actor, repo_id = call.hub, call.actor, repo_of(call)
    header = hub.browse.header(actor, repo_id)
    view = hub.pull_requests.proposed(actor, repo_id, number_of(call))
    if view.ends is not None:
        changes = hub.changes.between(actor, repo_id, view.ends.old, view.ends.new, call.query("file"))
    elif view.patch:
        changes = changes_of_patch(view.patch, CommitOid(""))
    else:
        changes = ChangeSet(None, CommitOid(""), (), 0)
    values = {"item": view.discussion, "shown": shown_changes(call, changes), "is_gone": view.ends is None}
    return hub.templates.page(call, "community/files.html", {**page_values(call, header, "community"), **values})


routes = [
    *for_each_kind("GET", "/{repo}/discussions/{num}/files", behind_gate(show_files), dialect="html"),
]
