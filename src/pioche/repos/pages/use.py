"""What the button "Use this model" shows."""

from __future__ import annotations

from collections.abc import Sequence

from pioche.repos.snippets import Snippet, Subject, snippets_of
from pioche.repos.types import Repo
from pioche.web.call import Call


def snippets_for(call: Call, repo: Repo) -> Sequence[Snippet]:
    files, quants = call.hub.browse.samples(repo)
    return snippets_of(Subject(repo, call.base_url, files, quants))
