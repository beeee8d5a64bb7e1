"""Writing by API: the mode of each upload, the commit, and the check of a card before it is committed."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.names import RepoId, check_path
from pioche.ports.gitstore import DeleteFile, DeleteFolder, PutFile
from pioche.protocols.hub import commit as wire
from pioche.repos.service.contents import card_faults
from pioche.repos.types import CommitHeader, CommitOperation, CopyFile, FileSample, PutLargeFile
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import json_response
from pioche.web.routing import Route

MAX_PREUPLOAD = 1_000


def preupload(call: Call) -> Response:
    asked = call.json(wire.PreuploadRequest)
    if len(asked.files) > MAX_PREUPLOAD:
        raise InvalidInput(f"Ask about {MAX_PREUPLOAD} files at a time, not {len(asked.files)}.")
    files = [FileSample(check_path(file.path), file.size, file.sample_bytes()) for file in asked.files]
    chosen = call.hub.commits.upload_modes(call.actor, repo_of(call), call.arg("rev"), files, asked.git_ignore)
    modes = [
        wire.UploadMode(item.path, "lfs" if item.is_large else "regular", item.is_ignored, item.oid) for item in chosen
    ]
    return json_response(wire.PreuploadAnswer(modes))


def commit(call: Call) -> Response:
    assert call.body_file is not None
    header, operations = _read_commit(call)
    repo_id, revision = repo_of(call), call.arg("rev")
    if not call.query_flag("create_pr"):
        oid = call.hub.commits.commit(call.actor, repo_id, revision, header, operations)
        return json_response(_answer(call, repo_id, oid))
    proposal = call.hub.commits.propose(call.actor, repo_id, revision, header, operations)
    number = call.hub.community.open_with(call.actor, proposal, revision, header)
    answer = _answer(call, repo_id, proposal.commit)
    answer.pull_request_url = f"{call.base_url}/{repo_id.path}/discussions/{number}"
    return json_response(answer)


class _Card(msgspec.Struct, rename="camel"):
    content: str = ""
    repo_type: str | None = None


def validate_yaml(call: Call) -> Response:
    """The client parses the body before it looks at the status."""
    errors, warnings = card_faults(call.json(_Card).content)
    answer = {
        "errors": [{"message": text} for text in errors],
        "warnings": [{"message": text} for text in warnings],
    }
    return json_response(answer, 400 if errors else 200)


def _read_commit(call: Call) -> tuple[CommitHeader, Iterator[CommitOperation]]:
    assert call.body_file is not None
    header, lines = wire.read_commit(call.body_file, call.hub.settings.regular_file_limit)
    given = CommitHeader(header.summary, header.description or "", header.parent_commit)
    return given, map(_operation, lines)


def _operation(line: wire.CommitLine) -> CommitOperation:
    match line:
        case wire.Content():
            return PutFile(line.path, line.content)
        case wire.LfsFile():
            return PutLargeFile(line.path, line.oid, line.size)
        case wire.CopyFile():
            return CopyFile(line.path, line.src_path, line.src_revision)
        case wire.DeletedFile():
            return DeleteFile(line.path)
        case wire.DeletedFolder():
            return DeleteFolder(line.path)


def _answer(call: Call, repo_id: RepoId, oid: str) -> wire.CommitAnswer:
    """On the host that the client asked: it refuses others."""
    url = f"{call.base_url}/{repo_id.path}/commit/{oid}"
    return wire.CommitAnswer(url, oid, success=True, hook_output="")


routes = [
    *for_each_kind("POST", "/api/{repo}/preupload/{rev}", preupload),
    *for_each_kind("POST", "/api/{repo}/commit/{rev}", commit, body="spool", limit="commit_body_limit"),
    Route("POST", "/api/validate-yaml", validate_yaml),
]
