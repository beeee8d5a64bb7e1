"""Reading by API: folders, chosen paths, history and comparisons."""

from __future__ import annotations

from html import escape

from msgspec import UNSET
from starlette.responses import Response

from pioche.ports.gitstore import CommitInfo, TreeNode
from pioche.protocols.hub import tree as wire
from pioche.repos.service.trees import HISTORY_PAGE, MAX_HISTORY_PAGE, Listing, TreeQuery
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import iso, json_response, page_response


def tree(call: Call) -> Response:
    query = TreeQuery(
        path=call.params.get("path", "").strip("/"),
        recursive=call.query_flag("recursive"),
        expand=call.query_flag("expand"),
        cursor=call.query("cursor"),
        limit=call.query_int("limit", 0, 0, 1_000_000) or None,
    )
    listing = call.hub.trees.tree(call.actor, repo_of(call), call.arg("rev"), query)
    return _with_commit(page_response(call, _entries(listing), listing.next_cursor), listing)


def paths_info(call: Call) -> Response:
    asked = _asked_paths(call)
    paths = [asked.paths] if isinstance(asked.paths, str) else asked.paths
    listing = call.hub.trees.paths(call.actor, repo_of(call), call.arg("rev"), paths, asked.expand)
    return _with_commit(json_response(_entries(listing)), listing)


def tree_size(call: Call) -> Response:
    """Bytes of all files of a folder, as large as they really are."""
    path = call.params.get("path", "").strip("/")
    size = call.hub.trees.size(call.actor, repo_of(call), call.arg("rev"), path)
    return json_response({"path": f"/{path}", "size": size})


def scan(call: Call) -> Response:
    """Nothing looks through files here yet, and this says so rather than that they are clean."""
    call.hub.repos.find(call.actor, repo_of(call))
    return json_response({"scansDone": False, "filesWithIssues": []})


def commits(call: Call) -> Response:
    limit = call.query_int("limit", HISTORY_PAGE, 1, MAX_HISTORY_PAGE)
    cursor = call.query("cursor") or str(limit * call.query_int("p", 0, 0, 10**9))
    history = call.hub.trees.history(call.actor, repo_of(call), call.arg("rev"), cursor, limit)
    formatted = "formatted" in call.query_list("expand")
    page = [_history_commit(commit, formatted) for commit in history.commits]
    response = page_response(call, page, history.next_cursor)
    response.headers["x-total-count"] = str(history.total)
    return response


def compare(call: Call) -> Response:
    """The unified diff as text."""
    patch = call.hub.trees.patch(call.actor, repo_of(call), call.arg("spec"))
    return Response(patch, 200, {"x-content-type-options": "nosniff"}, "text/plain; charset=utf-8")


def _asked_paths(call: Call) -> wire.PathsInfoRequest:
    if call.header("content-type").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return call.json(wire.PathsInfoRequest)
    items = call.form_items()
    paths = [value for key, value in items if key in ("paths", "paths[]")]
    return wire.PathsInfoRequest(paths, ("expand", "true") in [(key, value.lower()) for key, value in items])


def _with_commit(response: Response, listing: Listing) -> Response:
    if listing.commit is not None:
        response.headers["x-repo-commit"] = listing.commit
    return response


def _entries(listing: Listing) -> list[wire.Entry]:
    return [_entry(node, listing) for node in listing.nodes]


def _entry(node: TreeNode, listing: Listing) -> wire.Entry:
    last = listing.last.get(node.path)
    pointer = node.pointer
    return wire.Entry(
        type="file" if node.kind == "file" else "directory",
        oid=node.oid,
        size=node.size,
        path=node.path,
        lfs=UNSET if pointer is None else wire.Lfs(pointer.sha256, pointer.size, pointer.pointer_size),
        xet_hash=UNSET if pointer is None else listing.xet.get(pointer.sha256, UNSET),
        last_commit=UNSET if last is None else wire.LastCommit(last.oid, last.title, iso(last.date_ms)),
    )


def _history_commit(commit: CommitInfo, formatted: bool) -> wire.HistoryCommit:
    rest = commit.message.partition("\n")[2].strip("\n")
    return wire.HistoryCommit(
        id=commit.oid,
        title=commit.title,
        message=rest,
        authors=[wire.Author(commit.author_name)],
        date=iso(commit.date_ms),
        formatted=wire.Formatted(escape(commit.title), escape(rest)) if formatted else UNSET,
    )


routes = [
    *for_each_kind("GET", "/api/{repo}/tree/{rev}", tree, hot=True),
    *for_each_kind("GET", "/api/{repo}/tree/{rev}/{path*}", tree, hot=True),
    *for_each_kind("POST", "/api/{repo}/paths-info/{rev}", paths_info),
    *for_each_kind("GET", "/api/{repo}/treesize/{rev}", tree_size, hot=True),
    *for_each_kind("GET", "/api/{repo}/treesize/{rev}/{path*}", tree_size, hot=True),
    *for_each_kind("GET", "/api/{repo}/scan", scan),
    *for_each_kind("GET", "/api/{repo}/commits/{rev}", commits),
    *for_each_kind("GET", "/api/{repo}/compare/{spec*}", compare),
]
