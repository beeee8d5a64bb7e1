"""Papers in the page: those that are known, and one with what refers to it and what people say.

With `.md` at the end of its address a paper is Markdown.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from starlette.responses import Response

from pioche.errors import Conflict, HubError, InvalidInput, NotFound
from pioche.papers.types import Comment, PaperFilter, PaperPage
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.responses import see_other
from pioche.web.routing import Route
from pioche.web.text import _

PAGE = 50
SECONDS = 3.0


def show_list(call: Call) -> Response:
    text, page = call.query("q"), call.query_int("p", 0, 0, 10_000)
    found = call.hub.papers.list(call.actor, PaperFilter(text), page * PAGE, PAGE)
    values = {"papers": found, "q": text, "page": page, "has_more": len(found) == PAGE}
    return call.hub.templates.page(call, "papers/list.html", values)


def show(call: Call) -> Response:
    key = call.arg("paper")
    if key.endswith(".md"):
        text = markdown_of(call, call.hub.papers.find(call.actor, key.removesuffix(".md")))
        return Response(text, 200, media_type="text/markdown; charset=utf-8")
    return _show(call)


def act(call: Call) -> Response:
    """Say something, answer, or take it back."""
    form, key = call.form(), call.arg("paper")
    try:
        if form.get("do") == "hide":
            call.hub.paper_comments.hide(call.actor, key, _number(form) or 0)
        else:
            call.hub.paper_comments.add(call.actor, key, form.get("text", ""), _number(form))
    except (InvalidInput, Conflict) as error:
        return _show(call, error, form)
    return see_other(f"/papers/{key}#comments")


def _show(call: Call, error: HubError | None = None, form: dict[str, str] | None = None) -> Response:
    key = call.arg("paper")
    found = call.hub.papers.find(call.actor, key)
    said = call.hub.paper_comments.list(call.actor, key, call.query_int("p", 0, 0, 100_000))
    every = [one for root in said.comments for one in (root, *root.replies)]
    values = {"found": found, "said": said, "html": _rendered(every), "form": form or {}}
    values["error"] = error.message if error else ""
    return call.hub.templates.page(call, "papers/show.html", values, 400 if error else 200)


def _rendered(comments: Sequence[Comment]) -> dict[int, str]:
    """Texts that are built to be slow may take a few seconds together; the rest of them is shown as source."""
    until = time.thread_time() + SECONDS
    html = {}
    for one in comments:
        if not one.hidden:
            html[one.id] = render_card(one.text, str, seconds=max(0.0, until - time.thread_time()))
    return html


def _number(form: dict[str, str]) -> int | None:
    text = form.get("comment", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 15:
        raise NotFound(_("There is no such comment."))
    return int(text)


def markdown_of(call: Call, found: PaperPage) -> str:
    paper = found.paper
    lines = [f"# {paper.title or paper.key}", "", f"arXiv: {paper.key}", ""]
    if paper.authors:
        lines += [", ".join(paper.authors), ""]
    if paper.summary:
        lines += [paper.summary, ""]
    for repos in (found.models, found.datasets, found.spaces):
        lines += [f"- {call.base_url}/{repo.repo_id.path}" for repo in repos]
    return "\n".join(lines) + "\n"


routes = [
    Route("GET", "/papers", show_list, "html"),
    Route("GET", "/papers/{paper}", show, "html"),
    Route("POST", "/papers/{paper}", act, "html"),
]
