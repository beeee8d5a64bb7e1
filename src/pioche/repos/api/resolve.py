"""Files by address: `resolve` gives the real bytes, `raw` what git holds; and the tokens of Xet clients.

HEAD is what clients ask for metadata, so everything that they need to know is in its headers.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.names import RepoKind
from pioche.protocols.xet.cas import Token
from pioche.repos.service.downloads import served, served_by_chunks
from pioche.repos.service.trees import FileAt
from pioche.web.call import Call
from pioche.web.counting import counted
from pioche.web.files import BytesSource, FileSource, file_response, is_unchanged, not_modified
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import json_response
from pioche.web.routing import Route
from pioche.web.safe_files import SAFE_HEADERS, disposition_of, media_type_of

EXPOSED = (
    "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,"
    "X-Linked-Size,X-Linked-ETag,X-Xet-Access-Token,X-Xet-Token-Expiration,X-Xet-Refresh-Route,X-Xet-Cas-Url,"
    "X-Xet-Hash"
)


def head_resolve(call: Call) -> Response:
    headers = _headers(call, file := _find(call), is_raw=False)
    if is_unchanged(call, headers["etag"]):
        return not_modified(headers)
    response = Response(b"", 200, {**headers, "content-length": str(file.node.size)})
    return counted(response, served(file.repo, file.node.path))


def get_resolve(call: Call) -> Response:
    file = _find(call)
    response = file_response(call, _source(call, file), _headers(call, file, is_raw=False))
    return counted(response, served(file.repo, file.node.path))


def head_raw(call: Call) -> Response:
    headers = _headers(call, file := _find(call), is_raw=True)
    pointer = file.node.pointer
    size = file.node.size if pointer is None else pointer.pointer_size
    return Response(b"", 200, {**headers, "content-length": str(size)})


def get_raw(call: Call) -> Response:
    file = _find(call)
    return file_response(call, BytesSource(call.hub.trees.read_small(file)), _headers(call, file, is_raw=True))


def xet_read_token(call: Call) -> Response:
    seconds = call.hub.settings.link_seconds
    token = call.hub.trees.read_token(call.actor, repo_of(call), call.arg("rev"), call.base_url, seconds)
    response = _token_response(token)
    # Said by programs that download; those that only look at a page of files do not.
    if call.header("x-hf-download-counter") == "1":
        return counted(response, served_by_chunks(call.hub.repos.find(call.actor, repo_of(call))))
    return response


def xet_write_token(call: Call) -> Response:
    """The revision says nothing: a token writes to the repository, and may be asked for before the branch is there."""
    is_proposal = call.query_flag("create_pr") or call.arg("rev").startswith("refs/pr/")
    action = Action.DISCUSS if is_proposal else Action.WRITE
    seconds = call.hub.settings.link_seconds
    return _token_response(call.hub.trees.write_token(call.actor, repo_of(call), action, call.base_url, seconds))


def _find(call: Call) -> FileAt:
    return call.hub.trees.file(call.actor, repo_of(call), call.arg("rev"), call.arg("path"))


def _source(call: Call, file: FileAt) -> FileSource:
    if file.node.pointer is None:
        return BytesSource(call.hub.trees.read_small(file))
    return call.hub.trees.open_large(file)


def _headers(call: Call, file: FileAt, is_raw: bool) -> dict[str, str]:
    node, pointer = file.node, None if is_raw else file.node.pointer
    headers = {
        "x-repo-commit": file.commit,
        "etag": f'"{pointer.sha256 if pointer else node.oid}"',
        "accept-ranges": "bytes",
        "content-type": media_type_of(node.path, is_text=pointer is None),
        "content-disposition": disposition_of(node.path, call.query_flag("download")),
        "cache-control": "private, no-cache" if file.repo.private else "no-cache",
        "access-control-expose-headers": EXPOSED,
        **SAFE_HEADERS,
    }
    if pointer is not None:
        headers["x-linked-etag"] = headers["etag"]
        headers["x-linked-size"] = str(pointer.size)
    if pointer is not None and file.xet_hash is not None:
        headers["x-xet-hash"] = file.xet_hash
        headers["link"] = _xet_links(call, file, file.xet_hash)
    return headers


def _xet_links(call: Call, file: FileAt, xet_hash: str) -> str:
    """Absolute: the client asks exactly these addresses."""
    repo_id = file.repo.repo_id
    base = call.base_url
    auth = f"{base}/api/{repo_id.kind.plural}/{repo_id.full}/xet-read-token/{file.commit}"
    info = f"{base}{file.xet_path}/v1/reconstructions/{xet_hash}"
    return f'<{auth}>; rel="xet-auth", <{info}>; rel="xet-reconstruction-info"'


def _token_response(token: Token) -> Response:
    """Two parsers read this: hf-xet the body, the Python layer the headers (huggingface_hub 2.4)."""
    return json_response(token, headers={**token.headers(), "cache-control": "no-store"})


def of_cache(call: Call) -> Response:
    """Where the reference leads requests for small files on to; here it is the file itself."""
    return head_resolve(call) if call.request.method == "HEAD" else get_resolve(call)


def _of_kind(kind: RepoKind) -> Callable[[Call], Response]:
    def bound(call: Call) -> Response:
        call.params["kind"] = kind.plural
        return of_cache(call)

    return bound


routes = [
    *[
        Route("GET", f"/api/resolve-cache/{kind.plural}/{{ns}}/{{name}}/{{rev}}/{{path*}}", _of_kind(kind))
        for kind in RepoKind
    ],
    *for_each_kind("HEAD", "/{repo}/resolve/{rev}/{path*}", head_resolve, hot=True),
    *for_each_kind("GET", "/{repo}/resolve/{rev}/{path*}", get_resolve, hot=True),
    *for_each_kind("HEAD", "/{repo}/raw/{rev}/{path*}", head_raw),
    *for_each_kind("GET", "/{repo}/raw/{rev}/{path*}", get_raw, hot=True),
    *for_each_kind("GET", "/api/{repo}/xet-read-token/{rev}", xet_read_token),
    *for_each_kind("GET", "/api/{repo}/xet-write-token/{rev}", xet_write_token),
]
