"""The files of buckets by API: listings, batches of changes, and the tokens of Xet clients."""

from __future__ import annotations

from starlette.responses import Response

from pioche.buckets.api.place import bucket_of
from pioche.buckets.service.files import PAGE
from pioche.buckets.service.writing import MAX_OPERATIONS
from pioche.buckets.types import (
    AddFile,
    BucketId,
    CopyFile,
    DeleteFile,
    Entry,
    Failure,
    Folder,
    Operation,
    Source,
    StoredFile,
)
from pioche.errors import InvalidInput
from pioche.names import RepoKind
from pioche.protocols.hub import buckets as wire
from pioche.protocols.xet import hashes
from pioche.protocols.xet.cas import Token
from pioche.web.call import Call
from pioche.web.responses import iso, json_response, page_response
from pioche.web.routing import Route


def tree(call: Call) -> Response:
    limit = call.query_int("limit", PAGE, 1, PAGE)
    found = call.hub.buckets.files.tree(
        call.actor,
        bucket_of(call),
        call.params.get("path", ""),
        call.query_flag("recursive"),
        call.query("cursor"),
        limit,
    )
    return page_response(call, [_entry(entry) for entry in found.entries], found.next_start)


def paths_info(call: Call) -> Response:
    asked = call.json(wire.PathsRequest)
    found = call.hub.buckets.files.paths(call.actor, bucket_of(call), asked.paths)
    return json_response([file_info(file) for file in found])


def batch(call: Call) -> Response:
    assert call.body_file is not None
    operations: list[Operation] = []
    failures: list[Failure] = []
    for line in wire.read_batch(call.body_file, MAX_OPERATIONS):
        try:
            operations.append(_operation(line))
        except InvalidInput as error:
            failures.append(Failure(line.path, error.message))
    total = len(operations) + len(failures)
    failures += call.hub.buckets.writing.apply(call.actor, bucket_of(call), operations)
    answer = wire.BatchAnswer(
        success=not failures,
        processed=total,
        succeeded=total - len(failures),
        failed=[wire.Failed(one.path, one.error) for one in failures],
    )
    return json_response(answer, 422 if total and len(failures) == total else 200)


def duplicate(call: Call) -> Response:
    """Files of this bucket into another one, by their hashes; `filename` is where each comes to be."""
    source = call.hub.buckets.find(call.actor, bucket_of(call)).bucket_id
    asked = call.json(wire.CopyRequest)
    if asked.target.type != "bucket":
        raise InvalidInput("Files of a bucket are copied to buckets. To put them into a repository, commit them there.")
    if len(asked.files) > MAX_OPERATIONS:
        raise InvalidInput(f"{MAX_OPERATIONS} files at once are the limit.")
    copies = [
        CopyFile(one.filename, Source(None, source.full), hashes.from_string(one.xet_hash)) for one in asked.files
    ]
    failures = call.hub.buckets.writing.apply(call.actor, BucketId.parse(asked.target.name), copies)
    return json_response({"failed": [wire.Failed(one.path, one.error) for one in failures]})


def xet_read_token(call: Call) -> Response:
    seconds = call.hub.settings.link_seconds
    return _token_response(call.hub.buckets.files.token(call.actor, bucket_of(call), "read", call.base_url, seconds))


def xet_write_token(call: Call) -> Response:
    seconds = call.hub.settings.link_seconds
    return _token_response(call.hub.buckets.files.token(call.actor, bucket_of(call), "write", call.base_url, seconds))


def file_info(file: StoredFile) -> wire.FileInfo:
    info = wire.FileInfo(file.path, file.size, hashes.to_string(file.name), iso(file.uploaded_at))
    if file.mtime is not None:
        info.mtime = iso(file.mtime)
    return info


def _entry(entry: Entry) -> wire.FileInfo | wire.FolderInfo:
    return wire.FolderInfo(entry.path) if isinstance(entry, Folder) else file_info(entry)


def _operation(line: wire.Line) -> Operation:
    match line:
        case wire.AddFile():
            return AddFile(line.path, hashes.from_string(line.xet_hash), wire.mtime_of(line.mtime))
        case wire.CopyFile():
            return _copy(line)
        case wire.DeleteFile():
            return DeleteFile(line.path)


def _copy(line: wire.CopyFile) -> CopyFile:
    source, mtime = _source(line.source_repo_type, line.source_repo_id), wire.mtime_of(line.mtime)
    if line.xet_hash is not None:
        return CopyFile(line.path, source, hashes.from_string(line.xet_hash), mtime=mtime)
    if not line.source_path:
        raise InvalidInput("Say what to copy: 'xetHash', or 'sourcePath'.")
    return CopyFile(line.path, source, None, line.source_path, line.source_revision or "main", mtime)


def _source(kind: str, full: str) -> Source:
    if kind == "bucket":
        return Source(None, full)
    try:
        return Source(RepoKind(kind), full)
    except ValueError as error:
        raise InvalidInput(f"There is nothing to copy of the type '{kind[:50]}' on this hub.") from error


def _token_response(token: Token) -> Response:
    """Two parsers read this: hf-xet the body, the Python layer the headers (huggingface_hub 2.4)."""
    return json_response(token, headers={**token.headers(), "cache-control": "no-store"})


routes = [
    Route("GET", "/api/buckets/{ns}/{name}/tree", tree, hot=True),
    Route("GET", "/api/buckets/{ns}/{name}/tree/{path*}", tree, hot=True),
    Route("POST", "/api/buckets/{ns}/{name}/paths-info", paths_info),
    Route("POST", "/api/buckets/{ns}/{name}/batch", batch, body="spool"),
    Route("POST", "/api/buckets/{ns}/{name}/lfs-files/duplicate", duplicate),
    Route("GET", "/api/buckets/{ns}/{name}/xet-read-token", xet_read_token),
    Route("GET", "/api/buckets/{ns}/{name}/xet-write-token", xet_write_token),
]
