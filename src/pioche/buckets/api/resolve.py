"""Files of buckets by address. A slash of the path may be written as it is or as `%2F`: clients do either."""

from __future__ import annotations

from starlette.responses import Response

from pioche.buckets.api.place import bucket_of
from pioche.buckets.types import FileAt
from pioche.protocols.xet import hashes
from pioche.web.call import Call
from pioche.web.files import file_response, is_unchanged, not_modified
from pioche.web.routing import Route
from pioche.web.safe_files import SAFE_HEADERS, disposition_of, media_type_of


def head_resolve(call: Call) -> Response:
    headers = _headers(call, found := _find(call))
    if is_unchanged(call, headers["etag"]):
        return not_modified(headers)
    return Response(b"", 200, {**headers, "content-length": str(found.file.size)})


def get_resolve(call: Call) -> Response:
    found = _find(call)
    return file_response(call, call.hub.buckets.files.open(found.file), _headers(call, found))


def _find(call: Call) -> FileAt:
    return call.hub.buckets.files.file(call.actor, bucket_of(call), call.arg("path"))


def _headers(call: Call, found: FileAt) -> dict[str, str]:
    """The links are absolute: clients ask exactly these addresses."""
    file, bucket, base = found.file, found.bucket, call.base_url
    xet_hash = hashes.to_string(file.name)
    auth = f"{base}/api/{bucket.bucket_id.path}/xet-read-token"
    info = f"{base}{found.xet_path}/v1/reconstructions/{xet_hash}"
    return {
        "etag": f'"{xet_hash}"',
        "accept-ranges": "bytes",
        "content-type": media_type_of(file.path, is_text=False),
        "content-disposition": disposition_of(file.path, call.query_flag("download")),
        "cache-control": "private, no-cache" if bucket.private else "no-cache",
        "x-linked-size": str(file.size),
        "x-linked-etag": f'"{xet_hash}"',
        "x-xet-hash": xet_hash,
        "link": f'<{auth}>; rel="xet-auth", <{info}>; rel="xet-reconstruction-info"',
        "access-control-expose-headers": "ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash",
        **SAFE_HEADERS,
    }


routes = [
    Route("HEAD", "/buckets/{ns}/{name}/resolve/{path*}", head_resolve, hot=True),
    Route("GET", "/buckets/{ns}/{name}/resolve/{path*}", get_resolve, hot=True),
]
