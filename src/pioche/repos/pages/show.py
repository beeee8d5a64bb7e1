"""Reading pages of a repository: card, files, file, history, commit."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from pioche.errors import EntryNotFound, GatedRepo, HubError
from pioche.protocols.card import split_front_matter
from pioche.repos.pages.diff import shown_changes
from pioche.repos.pages.links import file_url, repo_url, resolve_card_link
from pioche.repos.pages.side import side_values
from pioche.repos.pages.use import snippets_for
from pioche.repos.types import Repo
from pioche.repos.views import FilePage, Header
from pioche.web.call import Call
from pioche.web.highlight import highlight_lines
from pioche.web.markdown import render_card
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import see_other


def show_card(call: Call) -> Response:
    view = call.hub.browse.card(call.actor, repo_of(call))
    repo = view.header.repo
    html = None
    if view.text is not None and view.place is not None:
        revision = view.place.revision
        html = render_card(view.text, lambda link: resolve_card_link(repo.repo_id, revision, link))
    values = {"view": view, "card_html": html, **gate_values(call, repo), **side_values(call, repo)}
    return _page(call, "repos/card.html", view.header, "card", **values)


def show_folder(call: Call) -> Response:
    repo_id, revision, path = repo_of(call), call.arg("rev"), _path(call)
    header = call.hub.browse.header(call.actor, repo_id)
    if header.repo.head is None and revision == header.repo.default_branch and not path:
        return _page(call, "repos/empty_files.html", header, "files")
    try:
        view = call.hub.browse.folder(call.actor, repo_id, revision, path, call.query_int("p", 0, 0, 100_000))
    except EntryNotFound:
        # A link to a folder may lead to what is a file by now.
        call.hub.browse.file(call.actor, repo_id, revision, path)
        return see_other(file_url(repo_id, "blob", revision, path))
    return _page(call, "repos/folder.html", view.header, "files", view=view, **gate_values(call, view.header.repo))


def show_file(call: Call) -> Response:
    repo_id, revision, path = repo_of(call), call.arg("rev"), _path(call)
    try:
        view = call.hub.browse.file(call.actor, repo_id, revision, path)
    except EntryNotFound:
        call.hub.browse.folder(call.actor, repo_id, revision, path)
        return see_other(file_url(repo_id, "tree", revision, path))
    values: dict[str, Any] = {"lines": None, "rendered": None}
    if view.preview == "markdown" and view.text is not None and not call.query_flag("plain"):
        values["rendered"] = _markdown(view)
    elif view.text is not None:
        values["lines"] = highlight_lines(view.text, view.node.name)
    return _page(call, "repos/file.html", view.header, "files", view=view, **values)


def show_history(call: Call) -> Response:
    page = call.query_int("p", 0, 0, 100_000)
    view = call.hub.browse.history(call.actor, repo_of(call), call.arg("rev"), _path(call), page)
    return _page(call, "repos/history.html", view.header, "files", view=view)


def show_commit(call: Call) -> Response:
    view = call.hub.changes.commit(call.actor, repo_of(call), call.arg("oid"), call.query("file"))
    shown = shown_changes(call, view.changes)
    return _page(call, "repos/commit.html", view.header, "files", view=view, shown=shown)


def page_values(call: Call, header: Header, tab: str) -> dict[str, Any]:
    """What the layout of a repository's pages needs."""
    repo_id = header.repo.repo_id

    def url(*parts: str) -> str:
        return repo_url(repo_id, *parts)

    def file(verb: str, revision: str, path: str = "") -> str:
        return file_url(repo_id, verb, revision, path)

    liked = call.hub.likes.has(call.actor, header.repo)
    return {
        "header": header,
        "repo": header.repo,
        "liked": liked,
        "tab": tab,
        "url": url,
        "file_url": file,
        "snippets": snippets_for(call, header.repo),
        "can_try": call.hub.inference.model_of(header.repo) is not None,
    }


def gate_values(call: Call, repo: Repo) -> dict[str, Any]:
    """What the box needs that stands before the files of a gated repository; None if the actor needs no box."""
    gate = call.hub.gates.gate(call.actor, repo.repo_id) if repo.gated else None
    if gate is None or (gate.is_open and gate.request is None):
        return {"gate": None}

    def link(target: str) -> str:
        return resolve_card_link(repo.repo_id, repo.default_branch, target)

    texts = {name: render_card(getattr(gate.form, name), link) for name in ("description", "prompt")}
    return {"gate": gate, "gate_texts": texts, "answers": {}, "error": None}


def gate_page(
    call: Call, status: int, error: HubError | None = None, answers: dict[str, Any] | None = None
) -> Response:
    """In place of what lies behind the gate."""
    header = call.hub.browse.header(call.actor, repo_of(call))
    values = {**page_values(call, header, "files"), **gate_values(call, header.repo), "error": error}
    headers = {"x-error-code": (error or GatedRepo("")).code, "cache-control": "no-store"}
    return call.hub.templates.page(call, "repos/gate.html", {**values, "answers": answers or {}}, status, headers)


def behind_gate(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """The page, or for who is not let in, the form that asks for access."""

    @functools.wraps(handler)
    def shown(call: Call) -> Response:
        try:
            return handler(call)
        except GatedRepo:
            return gate_page(call, 401 if call.actor.is_anonymous else 403)

    return shown


def _page(call: Call, template: str, header: Header, tab: str, **values: Any) -> Response:
    return call.hub.templates.page(call, template, {**page_values(call, header, tab), **values})


def _path(call: Call) -> str:
    return call.params.get("path", "").strip("/")


def _markdown(view: FilePage) -> str:
    repo_id, revision = view.header.repo.repo_id, view.place.revision
    folder = view.node.path.rpartition("/")[0]

    def link(target: str) -> str:
        inside = (
            f"{folder}/{target}" if folder and not target.startswith(("#", "/")) and "://" not in target else target
        )
        return resolve_card_link(repo_id, revision, inside)

    return render_card(split_front_matter(view.text or "")[1], link)


routes = [
    *for_each_kind("GET", "/{repo}", show_card, dialect="html"),
    *for_each_kind("GET", "/{repo}/tree/{rev}", show_folder, dialect="html"),
    *for_each_kind("GET", "/{repo}/tree/{rev}/{path*}", show_folder, dialect="html"),
    *for_each_kind("GET", "/{repo}/blob/{rev}/{path*}", behind_gate(show_file), dialect="html"),
    *for_each_kind("GET", "/{repo}/commits/{rev}", behind_gate(show_history), dialect="html"),
    *for_each_kind("GET", "/{repo}/commits/{rev}/{path*}", behind_gate(show_history), dialect="html"),
    *for_each_kind("GET", "/{repo}/commit/{oid}", behind_gate(show_commit), dialect="html"),
]
