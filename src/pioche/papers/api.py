"""Papers by API."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput, NotFound, NotSupported
from pioche.papers.types import Comment, Paper, PaperFilter, PaperPage, Told
from pioche.repos.api.info import InfoWriter
from pioche.repos.types import Repo
from pioche.web.call import Call
from pioche.web.markdown import render_card
from pioche.web.responses import empty, external_id, iso, json_response
from pioche.web.routing import Route

PAGE, MOST = 50, 100
HIDDEN = "This comment is hidden."
"""What clients read in its place."""
_LINKED = ("author", "likes", "downloads", "pipeline_tag", "lastModified", "private")


class IndexRequest(msgspec.Struct, rename="camel"):
    arxiv_id: str
    title: str = ""
    summary: str = ""
    authors: list[str] = []
    published_at: datetime | None = None
    project_page: str = ""
    github_repo: str = ""


class LinksRequest(msgspec.Struct, rename="camel"):
    project_page: str = ""
    github_repo: str = ""


class NewComment(msgspec.Struct):
    comment: str


def list_papers(call: Call) -> Response:
    return _list(call, PaperFilter())


def search(call: Call) -> Response:
    return _list(call, PaperFilter(call.query("q")))


def daily(call: Call) -> Response:
    sort = call.query("sort", "publishedAt")
    if sort not in ("publishedAt", "trending"):
        raise InvalidInput(f"'sort' is 'publishedAt' or 'trending', not '{sort[:30]}'.")
    since, until = _span(call)
    return _list(call, PaperFilter(since=since, until=until, submitter=call.query("submitter")))


def show(call: Call) -> Response:
    found = call.hub.papers.find(call.actor, call.arg("paper"))
    said = call.hub.paper_comments.list(call.actor, found.paper.key)
    return json_response({**_body(found.paper), "numComments": said.count, **_links(call, found)})


def index(call: Call) -> Response:
    asked = call.json(IndexRequest)
    published = None if asked.published_at is None else int(asked.published_at.timestamp() * 1000)
    new = Told(
        asked.arxiv_id.strip(),
        " ".join(asked.title.split()),
        asked.summary.strip(),
        asked.authors,
        published,
        asked.project_page.strip(),
        asked.github_repo.strip(),
    )
    return json_response(_body(call.hub.papers.tell(call.actor, new)))


def links(call: Call) -> Response:
    asked = call.json(LinksRequest)
    new = Told(call.arg("paper"), project_page=asked.project_page.strip(), github_repo=asked.github_repo.strip())
    return json_response(_body(call.hub.papers.tell(call.actor, new)))


def comment(call: Call) -> Response:
    return _said_so(call, None)


def reply(call: Call) -> Response:
    return _said_so(call, comment_number(call))


def list_comments(call: Call) -> Response:
    found = call.hub.paper_comments.list(call.actor, call.arg("paper"), call.query_int("p", 0, 0, 100_000))
    comments = [{**_comment(one), "replies": [_comment(reply) for reply in one.replies]} for one in found.comments]
    return json_response({"comments": comments, "count": found.count, "numPages": found.pages})


def hide_comment(call: Call) -> Response:
    call.hub.paper_comments.hide(call.actor, call.arg("paper"), comment_number(call))
    return empty()


def comment_number(call: Call) -> int:
    """The number behind an id of 24 hex digits."""
    text = call.arg("comment")
    if not re.fullmatch(r"0{9}[0-7][0-9a-f]{14}", text, re.ASCII | re.IGNORECASE):
        raise NotFound("There is no such comment here.")
    return int(text, 16)


def _said_so(call: Call, parent: int | None) -> Response:
    text = call.json(NewComment).comment
    said = call.hub.paper_comments.add(call.actor, call.arg("paper"), text, parent)
    return json_response({"newMessage": _comment(said)}, 201)


def _comment(said: Comment) -> dict[str, Any]:
    """As comments of discussions are written."""
    html = "" if said.hidden else render_card(said.text, str)
    latest = {"raw": HIDDEN if said.hidden else said.text, "html": html, "updatedAt": iso(said.created_at)}
    body: dict[str, Any] = {
        "id": external_id(said.id),
        "type": "comment",
        "createdAt": iso(said.created_at),
        "data": {"edited": False, "hidden": said.hidden, "latest": latest, "history": []},
    }
    if said.author is not None:
        body["author"] = {"name": said.author}
    if said.parent is not None:
        body["replyTo"] = external_id(said.parent)
    return body


def not_offered(call: Call) -> Response:
    raise NotSupported("Nobody claims papers here: a paper has no authors with accounts, only what people told of it.")


def _list(call: Call, wanted: PaperFilter) -> Response:
    limit = call.query_int("limit", PAGE, 1, MOST)
    page = call.query_int("p", 0, 0, 10_000)
    found = call.hub.papers.list(call.actor, wanted, page * limit, limit)
    return json_response([{"paper": _body(one), "title": one.title, **_said(one)} for one in found])


def _body(paper: Paper) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": paper.key,
        "title": paper.title,
        "summary": paper.summary,
        "authors": [{"name": name} for name in paper.authors],
        "upvotes": 0,
    }
    if paper.published_at is not None:
        said["publishedAt"] = iso(paper.published_at)
    return {**said, **_said(paper)}


def _said(paper: Paper) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if paper.submitted_at is not None:
        said["submittedOnDailyAt"] = iso(paper.submitted_at)
    if paper.submitter:
        said["submittedOnDailyBy"] = {"user": paper.submitter, "fullname": paper.submitter, "avatarUrl": ""}
    if paper.project_page:
        said["projectPage"] = paper.project_page
    if paper.github_repo:
        said["githubRepo"] = paper.github_repo
    return said


def _links(call: Call, found: PaperPage) -> dict[str, Any]:
    writer = InfoWriter(call.hub.infos, call.actor)

    def written(repos: list[Repo] | tuple[Repo, ...]) -> list[Any]:
        return [writer.write(call.hub.infos.of_row(repo), _LINKED) for repo in repos]

    return {
        "linkedModels": written(list(found.models)),
        "numTotalModels": found.totals[0],
        "linkedDatasets": written(list(found.datasets)),
        "numTotalDatasets": found.totals[1],
        "linkedSpaces": written(list(found.spaces)),
        "numTotalSpaces": found.totals[2],
    }


def _span(call: Call) -> tuple[int | None, int | None]:
    """One of `date` (2026-01-31), `week` (2026-W05) and `month` (2026-01)."""
    try:
        if text := call.query("date"):
            first = date.fromisoformat(text)
            return _milliseconds(first), _milliseconds(first + timedelta(days=1))
        if text := call.query("week"):
            year, _, week = text.partition("-W")
            first = date.fromisocalendar(int(year), int(week), 1)
            return _milliseconds(first), _milliseconds(first + timedelta(days=7))
        if text := call.query("month"):
            first = date.fromisoformat(f"{text}-01")
            return _milliseconds(first), _milliseconds((first + timedelta(days=32)).replace(day=1))
    except (ValueError, OverflowError) as error:
        raise InvalidInput("'date' is as 2026-01-31, 'week' as 2026-W05, 'month' as 2026-01.") from error
    return None, None


def _milliseconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


routes = [
    Route("GET", "/api/papers", list_papers),
    Route("GET", "/api/papers/search", search),
    Route("POST", "/api/papers/index", index),
    Route("GET", "/api/papers/{paper}", show),
    Route("POST", "/api/papers/{paper}/links", links),
    Route("GET", "/api/papers/{paper}/comments", list_comments),
    Route("POST", "/api/papers/{paper}/comment", comment),
    Route("POST", "/api/papers/{paper}/comment/{comment}/reply", reply),
    Route("POST", "/api/papers/{paper}/comment/{comment}/hide", hide_comment),
    Route("GET", "/api/daily_papers", daily),
    Route("POST", "/api/settings/papers/claim", not_offered),
]
