"""Papers in the page: those that are known, and one with what refers to it; as Markdown with `.md` at the end."""

from __future__ import annotations

from starlette.responses import Response

from pioche.papers.types import PaperFilter, PaperPage
from pioche.web.call import Call
from pioche.web.routing import Route

PAGE = 50


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
    return call.hub.templates.page(call, "papers/show.html", {"found": call.hub.papers.find(call.actor, key)})


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
]
