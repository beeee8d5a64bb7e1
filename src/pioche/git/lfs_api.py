"""Git LFS for a repository: which files to send or fetch, and where; locks."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from pioche.accounts.access import Action, allows
from pioche.errors import Conflict, HubError, InvalidInput, NotFound, QuotaExceeded, TooLarge
from pioche.lfs.types import Lock, UploadSlot
from pioche.names import is_sha256
from pioche.protocols import lfs as wire
from pioche.repos.service.find import require_content
from pioche.repos.types import Repo
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import iso
from pioche.web.routing import Route

LOCKS_PER_PAGE = 100


def batch(call: Call) -> Response:
    request = call.json(wire.BatchRequest)
    if request.hash_algo != "sha256":
        raise Conflict("This hub names large files by SHA-256 only.")
    if len(request.objects) > wire.MAX_BATCH:
        raise TooLarge(f"Ask for at most {wire.MAX_BATCH} files at a time.")
    return _answer(_uploads(call, request) if request.operation == "upload" else _downloads(call, request))


# -- batch --


def _uploads(call: Call, request: wire.BatchRequest) -> wire.BatchAnswer:
    # Whoever may open a pull request may send its files; the commit is checked again.
    for_pull_request = request.ref is None or request.ref.name.startswith("refs/pr/")
    repo = _repo(call, Action.DISCUSS if for_pull_request else Action.WRITE)
    missing = _missing(call, repo, request)
    wanted = [spec for spec in request.objects if spec.oid in missing]
    uploads = call.hub.lfs.uploads
    # One transfer is for the whole answer.
    in_parts = "multipart" in request.transfers and any(uploads.wants_parts(spec.size) for spec in wanted)
    objects = []
    for spec in request.objects:
        fault = uploads.fault(spec.oid, spec.size)
        if fault is not None:
            objects.append(wire.ObjectAnswer(spec.oid, spec.size, error=_error(fault)))
        elif spec.oid not in missing:
            objects.append(wire.ObjectAnswer(spec.oid, spec.size))
        else:
            slot = UploadSlot(repo.id, spec.oid, spec.size)
            actions = _parts_actions(call, slot) if in_parts else _whole_actions(call, slot)
            objects.append(wire.ObjectAnswer(spec.oid, spec.size, True, actions))
    return wire.BatchAnswer(objects, "multipart" if in_parts else "basic")


def _whole_actions(call: Call, slot: UploadSlot) -> dict[Any, wire.Action]:
    links, base = call.hub.lfs.links, call.base_url
    seconds = links.seconds_for(slot.size)
    return {
        "upload": wire.Action(base + links.upload("upload", slot), seconds),
        "verify": wire.Action(base + links.upload("verify", slot), seconds),
    }


def _parts_actions(call: Call, slot: UploadSlot) -> dict[Any, wire.Action]:
    links, base = call.hub.lfs.links, call.base_url
    seconds = links.seconds_for(slot.size)
    whole, parts = call.hub.lfs.uploads.start_parts(slot)
    header = {str(part.part): base + links.upload("part", part) for part in parts}
    header["chunk_size"] = str(call.hub.settings.lfs_part_size)
    return {
        "upload": wire.Action(base + links.upload("complete", whole), seconds, header),
        "verify": wire.Action(base + links.upload("verify", slot), seconds),
    }


def _downloads(call: Call, request: wire.BatchRequest) -> wire.BatchAnswer:
    repo = _repo(call, Action.READ)
    missing = _missing(call, repo, request)
    links = call.hub.lfs.links
    objects = []
    for spec in request.objects:
        if spec.oid in missing or not is_sha256(spec.oid):
            error = wire.ObjectError(404, "This repository has no such large file.")
            objects.append(wire.ObjectAnswer(spec.oid, spec.size, error=error))
            continue
        action = wire.Action(call.base_url + links.download(spec.oid), links.download_seconds)
        objects.append(wire.ObjectAnswer(spec.oid, spec.size, True, {"download": action}))
    return wire.BatchAnswer(objects)


def _missing(call: Call, repo: Repo, request: wire.BatchRequest) -> set[str]:
    with call.hub.database.read() as tx:
        return call.hub.lfs.missing(tx, repo.id, {spec.oid for spec in request.objects if is_sha256(spec.oid)})


def _error(fault: HubError) -> wire.ObjectError:
    if isinstance(fault, QuotaExceeded):
        return wire.ObjectError(507, fault.message)
    return wire.ObjectError(413 if isinstance(fault, TooLarge) else 422, fault.message)


# -- locks --


def create_lock(call: Call) -> Response:
    repo = _repo(call, Action.WRITE)
    lock, is_new = call.hub.lfs.locks.create(call.actor, repo.id, call.json(wire.LockRequest).path)
    if is_new:
        return _answer(wire.LockAnswer(_info(lock)), 201)
    return _answer(wire.LockAnswer(_info(lock), f"'{lock.path}' is locked by {lock.owner_name}."), 409)


def list_locks(call: Call) -> Response:
    repo = _repo(call, Action.READ)
    locks = call.hub.lfs.locks
    path, lock_id = call.query("path"), call.query("id")
    limit = call.query_int("limit", LOCKS_PER_PAGE, 1, LOCKS_PER_PAGE)
    with call.hub.database.read() as tx:
        if path or lock_id:
            one = locks.find(tx, repo.id, path, _lock_id(lock_id)) if lock_id else locks.find(tx, repo.id, path)
            return _answer(wire.LocksAnswer(locks=[_info(one)] if one else []))
        found = locks.list(tx, repo.id, _cursor(call.query("cursor")), limit)
    return _answer(wire.LocksAnswer(locks=[_info(lock) for lock in found], next_cursor=_next(found, limit)))


def verify_locks(call: Call) -> Response:
    """Whose locks stand in the way of a push."""
    repo = _repo(call, Action.WRITE)
    asked = call.json(wire.LocksQuery)
    limit = min(LOCKS_PER_PAGE, max(1, asked.limit or LOCKS_PER_PAGE))
    with call.hub.database.read() as tx:
        found = call.hub.lfs.locks.list(tx, repo.id, _cursor(asked.cursor), limit)
    answer = wire.VerifyAnswer(
        ours=[_info(lock) for lock in found if lock.owner_id == call.actor.user_id],
        theirs=[_info(lock) for lock in found if lock.owner_id != call.actor.user_id],
        next_cursor=_next(found, limit),
    )
    return _answer(answer)


def unlock(call: Call) -> Response:
    repo = _repo(call, Action.WRITE)
    force = call.json(wire.UnlockRequest).force and allows(call.actor, Action.ADMIN, repo.resource)
    lock = call.hub.lfs.locks.remove(call.actor, repo.id, _lock_id(call.arg("id")), force)
    return _answer(wire.LockAnswer(_info(lock)))


def _info(lock: Lock) -> wire.LockInfo:
    return wire.LockInfo(str(lock.id), lock.path, iso(lock.locked_at), wire.Owner(lock.owner_name))


def _lock_id(text: str) -> int:
    if not _is_number(text):
        raise NotFound(f"There is no lock '{text[:50]}'.")
    return int(text)


def _cursor(text: str) -> int:
    if text and not _is_number(text):
        raise InvalidInput("This cursor was not issued by this hub.")
    return int(text or 0)


def _next(found: list[Lock], limit: int) -> str:
    return str(found[-1].id) if len(found) == limit else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _repo(call: Call, action: Action) -> Repo:
    with call.hub.database.read() as tx:
        return require_content(tx, call.actor, repo_of(call), action)


def _answer(value: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=wire.MEDIA_TYPE)


routes: list[Route] = [
    route
    for repo in ("{repo.git}", "{repo}")
    for method, pattern, handler in (
        ("POST", "objects/batch", batch),
        ("POST", "locks", create_lock),
        ("GET", "locks", list_locks),
        ("POST", "locks/verify", verify_locks),
        ("POST", "locks/{id}/unlock", unlock),
    )
    for route in for_each_kind(method, f"/{repo}/info/lfs/{pattern}", handler, dialect="lfs")
]
