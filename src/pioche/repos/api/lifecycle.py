"""Making, deleting, moving, duplicating repositories, and their settings, by API."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET
from starlette.responses import Response

from pioche.accounts.access import Action
from pioche.accounts.api.groups import GroupChoice, group_number, known_group
from pioche.buckets.types import Bucket, BucketId
from pioche.errors import InvalidInput, NotSupported, RepoExists, RepoNotFound, RepoRenamed, Unauthenticated
from pioche.names import RepoId, RepoKind
from pioche.protocols.hub import repos as wire
from pioche.repos.service.repos import MAX_PAGE
from pioche.repos.types import Gated, NewRepo, Repo
from pioche.web.call import Call
from pioche.web.repo_call import for_each_kind, repo_of
from pioche.web.responses import external_id, iso, json_response, page_response
from pioche.web.routing import Route


def create(call: Call) -> Response:
    new = call.json(wire.CreateRepo)
    kind = _kind(new.type)
    repo_id = _repo_id(call, kind, new.name, new.organization)
    private = _is_private(new.visibility, new.private) or False
    _refuse_compute(new)
    wanted = NewRepo(repo_id, private, _sdk(kind, new.sdk), group_number(new.resource_group_id))
    return _made(call, lambda: call.hub.repos.create(call.actor, wanted))


def duplicate(call: Call) -> Response:
    new = call.json(wire.Duplicate)
    source = call.hub.repos.find(call.actor, repo_of(call))
    repo_id = _repo_id(call, source.repo_id.kind, new.repository, None)
    private = _is_private(new.visibility, new.private)
    _refuse_compute(new)
    private = source.private if private is None else private
    wanted = NewRepo(repo_id, private, source.sdk, group_number(new.resource_group_id))
    return _made(call, lambda: call.hub.repos.duplicate(call.actor, source.repo_id, wanted))


def delete(call: Call) -> Response:
    doomed = call.json(wire.RepoName)
    repo_id = _repo_id(call, _kind(doomed.type), doomed.name, doomed.organization)
    _by_present_name(lambda: call.hub.repos.delete(call.actor, repo_id))
    return json_response({})


def move(call: Call) -> Response:
    wanted = call.json(wire.MoveRepo)
    if wanted.type == "bucket":
        return _move_bucket(call, wanted)
    kind = _kind(wanted.type)
    old, new = RepoId.parse(kind, wanted.from_repo), RepoId.parse(kind, wanted.to_repo)
    _by_present_name(lambda: call.hub.repos.move(call.actor, old, new))
    return json_response({"url": f"{call.base_url}/{new.path}"})


def change_settings(call: Call) -> Response:
    wanted = call.json(wire.Settings)
    private = _is_private(wanted.visibility, wanted.private)
    gated = _gated(wanted)
    if private is None and gated is None and wanted.discussions_disabled is None:
        raise InvalidInput("Say what to change: 'visibility', 'gated' or 'discussionsDisabled'.")
    if wanted.discussions_disabled is not None:
        call.hub.repos.set_discussions(call.actor, repo_of(call), wanted.discussions_disabled)
    repo = call.hub.repos.change_settings(call.actor, repo_of(call), private, gated)
    answer = {"private": repo.private, "gated": repo.gated or False, "discussionsDisabled": repo.discussions_disabled}
    return json_response(answer)


def show_group(call: Call) -> Response:
    return json_response(known_group(call, call.hub.repos.find(call.actor, repo_of(call)).group_id))


def set_group(call: Call) -> Response:
    """What is in a group is seen by the group alone, so it may end here for the one who put it there."""
    group_id = group_number(call.json(GroupChoice).resource_group_id)
    call.hub.repos.grouping.put(call.actor, repo_of(call), group_id)
    return json_response(known_group(call, group_id))


def jwt(call: Call) -> Response:
    """A token for this repository alone, for an hour: for a page or a program that should read nothing else."""
    repo = call.hub.repos.find(call.actor, repo_of(call))
    token = call.hub.accounts.repo_token(call.actor, repo.resource)
    return json_response({"token": token}, headers={"cache-control": "no-store"})


def auth_check(call: Call) -> Response:
    call.hub.infos.check_readable(call.actor, repo_of(call))
    return json_response({})


def auth_check_write(call: Call) -> Response:
    call.hub.repos.find(call.actor, repo_of(call), Action.WRITE)
    return json_response({})


def own_repos(call: Call) -> Response:
    """Of an organisation, or one's own."""
    limit = call.query_int("limit", 100, 1, 1000)
    owner = call.params.get("org") or call.actor.name
    page = call.hub.repos.of_owner(call.actor, owner, limit, call.query("cursor"))
    items = [_own_repo(repo) for repo in page.repos]
    if page.cursor is None:
        items += [_own_bucket(bucket) for bucket in call.hub.buckets.list(call.actor, owner, "", MAX_PAGE).buckets]
    return page_response(call, items, page.cursor)


def _move_bucket(call: Call, wanted: wire.MoveRepo) -> Response:
    old, new = BucketId.parse(wanted.from_repo), BucketId.parse(wanted.to_repo)
    _by_present_name(lambda: call.hub.buckets.move(call.actor, old, new))
    return json_response({"url": f"{call.base_url}/{new.path}"})


# -- from words to values --


def _kind(text: str | None) -> RepoKind:
    if text == "bucket":
        raise InvalidInput("Buckets are made and deleted at /api/buckets/{owner}/{name}.")
    try:
        return RepoKind(text or "model")
    except ValueError as error:
        raise InvalidInput(
            f"There is no repository type '{text}'. There are: model, dataset, space, kernel."
        ) from error


def _repo_id(call: Call, kind: RepoKind, name: str, organization: str | None) -> RepoId:
    """The owner may stand before the name, or apart, or be the actor if nothing is said."""
    if "/" in name:
        return RepoId.parse(kind, name)
    owner = organization or call.actor.name
    if not owner:
        raise Unauthenticated("Log in, or send a token, to do this.")
    return RepoId.parse(kind, f"{owner}/{name}")


def _is_private(visibility: str | None, private: bool | None) -> bool | None:
    """None if nothing was said."""
    match visibility:
        case None:
            return private
        case "public":
            return False
        case "private":
            return True
        case "protected":
            raise NotSupported("This hub runs no spaces, so none can be 'protected'. There are: public, private.")
        case _:
            raise InvalidInput(f"There is no visibility '{visibility[:50]}'. There are: public, private.")


def _gated(wanted: wire.Settings) -> Gated | None:
    match wanted.gated:
        case "auto" | "manual":
            return wanted.gated
        case False:
            return ""
        case x if x is UNSET or x is None:
            return None
        case _:
            raise InvalidInput("'gated' is 'auto', 'manual' or false.")


def _sdk(kind: RepoKind, sdk: str | None) -> str | None:
    if kind is not RepoKind.SPACE:
        return None
    return sdk or ""  # so that making one without is refused


def _refuse_compute(new: wire.CreateRepo | wire.Duplicate) -> None:
    """Better no space than one that silently lacks its secrets."""
    asked = [name for name in ("secrets", "variables", "volumes") if getattr(new, name)]
    if new.hardware not in (None, "cpu-basic"):
        asked.append("hardware")
    if isinstance(new, wire.CreateRepo) and new.template:
        asked.append("template")
    if asked:
        raise NotSupported(f"This hub does not run spaces, so it cannot take: {', '.join(asked)}. Nothing was made.")


# -- from values to answers --


def _made(call: Call, make: Callable[[], Repo]) -> Response:
    """With `exist_ok` clients read the address from the refusal."""
    try:
        repo = make()
    except RepoExists as error:
        raise RepoExists(error.message, url=f"{call.base_url}/{error.details['path']}") from error
    url = f"{call.base_url}/{repo.repo_id.path}"
    return json_response(wire.Created(url, repo.repo_id.full, external_id(repo.id)))


def _by_present_name(act: Callable[[], object]) -> None:
    """A body cannot be redirected, and an old name must not delete what has it no more."""
    try:
        act()
    except RepoRenamed as error:
        raise RepoNotFound(error.message) from error
    except RepoExists as error:
        raise RepoExists(error.message) from error


def _own_repo(repo: Repo) -> wire.OwnRepo:
    return wire.OwnRepo(
        id=repo.repo_id.full,
        type=repo.repo_id.kind.value,
        updated_at=iso(repo.updated_at),
        visibility="private" if repo.private else "public",
        storage=repo.storage,
    )


def _own_bucket(bucket: Bucket) -> wire.OwnRepo:
    return wire.OwnRepo(
        id=bucket.bucket_id.full,
        type="bucket",
        updated_at=iso(bucket.updated_at),
        visibility="private" if bucket.private else "public",
        storage=bucket.size,
    )


routes = [
    Route("POST", "/api/repos/create", create),
    Route("DELETE", "/api/repos/delete", delete),
    Route("POST", "/api/repos/move", move),
    *for_each_kind("PUT", "/api/{repo}/settings", change_settings),
    *for_each_kind("POST", "/api/{repo}/duplicate", duplicate),
    *for_each_kind("GET", "/api/{repo}/resource-group", show_group),
    *for_each_kind("POST", "/api/{repo}/resource-group", set_group),
    *for_each_kind("GET", "/api/{repo}/jwt", jwt),
    *for_each_kind("GET", "/api/{repo}/auth-check", auth_check),
    *for_each_kind("GET", "/api/{repo}/auth-check/write", auth_check_write),
    Route("GET", "/api/settings/repositories", own_repos),
    Route("GET", "/api/organizations/{org}/settings/repositories", own_repos),
]
