"""Notifications by API: the inbox, marking, settings, watching."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from starlette.responses import Response

from pioche.errors import InvalidInput
from pioche.names import RepoId, RepoKind
from pioche.notifications.types import Chosen, Notice, NoticeFilter, Wishes
from pioche.web.call import Call
from pioche.web.responses import avatar_url, external_id, iso, json_response
from pioche.web.routing import Route

PER_PAGE = 25
MANY = 500
PAGES = 10_000
_HIGHEST = 2**62
KINDS = tuple(kind.value for kind in RepoKind)

# What the field calls the groups; with `web_` in front for the page, without for mail.
SETTINGS = {
    "discussions_mentions": "mention",
    "discussions_participating": "participating",
    "discussions_watched": "watching",
}


class _Ids(msgspec.Struct, rename="camel"):
    discussion_ids: list[str] = []
    ids: list[str] = []
    read: bool = True
    apply_to_all: bool = False


class _Settings(msgspec.Struct):
    notifications: dict[str, bool]


class _Place(msgspec.Struct):
    id: str
    type: str


class _Watch(msgspec.Struct):
    add: list[_Place] = []
    delete: list[_Place] = []
    mute: list[_Place] = []


def show(call: Call) -> Response:
    wanted, page = filter_of(call), call.query_int("p", 0, 0, PAGES)
    found = call.hub.notifications.inbox.page(call.actor, wanted, page, PER_PAGE)
    body = {
        "count": {"all": found.all, "unread": found.unread, "view": found.view},
        "start": page * PER_PAGE,
        "notifications": [_notice(call, notice) for notice in found.notices],
    }
    return json_response(body)


def delete(call: Call) -> Response:
    """They leave the inbox until something new happens."""
    call.hub.notifications.inbox.finish(call.actor, _chosen(call, call.json(_Ids)))
    return json_response({"success": True})


def mark_as_read(call: Call) -> Response:
    asked = call.json(_Ids)
    call.hub.notifications.inbox.mark(call.actor, _chosen(call, asked), asked.read)
    return json_response({"success": True})


def change_settings(call: Call) -> Response:
    asked = call.json(_Settings).notifications
    watching = call.hub.notifications.watching
    before = watching.wishes(call.actor)
    web, mail = set(before.web), set(before.mail)
    for key, on in asked.items():
        groups = web if key.startswith("web_") else mail
        group = "follow" if key == "web_user_follows" else SETTINGS.get(key.removeprefix("web_"))
        if group is None:
            raise InvalidInput(f"There is no setting '{key[:100]}'. There are: {', '.join(_settings(before))}.")
        (groups.add if on else groups.discard)(group)
    watching.set_wishes(call.actor, web, mail)
    return json_response({"notifications": _settings(watching.wishes(call.actor))})


def change_watch(call: Call) -> Response:
    asked = call.json(_Watch)
    if len(asked.add) + len(asked.delete) + len(asked.mute) > MANY:
        raise InvalidInput(f"{MANY} changes at once are the limit.")
    for level, places in (("default", asked.delete), ("watch", asked.add), ("mute", asked.mute)):
        for place in places:
            _set_level(call, place, level)
    watched = call.hub.notifications.watching.list(call.actor)
    body = [{"name": one.name, "level": one.level, "path": one.path} for one in watched]
    return json_response({"success": True, "watched": body})


def filter_of(call: Call) -> NoticeFilter:
    read, mention, kind = call.query("readStatus", "all"), call.query("mention", "all"), call.query("repoType")
    if read not in ("all", "unread"):
        raise InvalidInput("'readStatus' is one of: all, unread.")
    if mention not in ("all", "participating", "mentions"):
        raise InvalidInput("'mention' is one of: all, participating, mentions.")
    if kind and kind not in KINDS:
        raise InvalidInput(f"'repoType' is one of: {', '.join(KINDS)}.")
    name = call.query("repoName")
    repo = RepoId.parse(RepoKind(kind or "model"), name) if name else None
    return NoticeFilter(
        read=read,  # type: ignore[arg-type]
        repo=repo,
        kind=kind,
        mention=mention,  # type: ignore[arg-type]
        until=_moment(call.query("lastUpdated")),
    )


def _moment(text: str) -> int | None:
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInput("'lastUpdated' is a date such as 2026-01-31T12:00:00Z.") from error


def _chosen(call: Call, asked: _Ids) -> Chosen:
    if asked.apply_to_all or call.query_flag("applyToAll"):
        return Chosen(all_of=filter_of(call))
    if len(asked.ids) + len(asked.discussion_ids) > MANY:
        raise InvalidInput(f"{MANY} notifications at once are the limit; or all, with applyToAll.")
    return Chosen(_numbers(asked.ids), _numbers(asked.discussion_ids))


def _numbers(texts: Sequence[str]) -> list[int]:
    try:
        found = [int(text, 16) for text in texts]
    except ValueError as error:
        raise InvalidInput("Ids are texts of hex digits, as the list gives them.") from error
    if any(not 0 <= number < _HIGHEST for number in found):
        raise InvalidInput("There is no such id.")
    return found


def _set_level(call: Call, place: _Place, level: str) -> None:
    watching = call.hub.notifications.watching
    if place.type in ("user", "org"):
        watching.set_account(call.actor, place.id, level)
    elif place.type in KINDS:
        watching.set_repo(call.actor, RepoId.parse(RepoKind(place.type), place.id), level)
    else:
        raise InvalidInput(f"'type' is one of: user, org, {', '.join(KINDS)}.")


def _settings(wishes: Wishes) -> dict[str, bool]:
    mail = {key: group in wishes.mail for key, group in SETTINGS.items()}
    web = {f"web_{key}": group in wishes.web for key, group in SETTINGS.items()}
    return {**mail, **web, "web_user_follows": "follow" in wishes.web}


def _notice(call: Call, notice: Notice) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": external_id(notice.id),
        "type": "repo" if notice.repo else "user_follow",
        "updatedAt": iso(notice.updated_at),
        "read": not notice.unread,
        "reason": notice.reason,
        "event": notice.what,
    }
    if notice.actor is not None:
        body["author"] = {"name": notice.actor, "avatarUrl": avatar_url(call, notice.actor)}
    if notice.repo is not None:
        body["repo"] = {"name": notice.repo.full, "type": notice.repo.kind.value}
    if notice.discussion_id is not None:
        body["discussion"] = {
            "id": external_id(notice.discussion_id),
            "num": notice.num,
            "title": notice.title,
            "status": notice.status,
            "isPullRequest": notice.is_pull_request,
            "participating": notice.reason in ("mention", "author", "participating"),
            "url": f"{call.base_url}{notice.path}",
        }
    return body


routes = [
    Route("GET", "/api/notifications", show),
    Route("DELETE", "/api/notifications", delete),
    Route("POST", "/api/notifications/mark-as-read", mark_as_read),
    Route("PATCH", "/api/settings/notifications", change_settings),
    Route("PATCH", "/api/settings/watch", change_watch),
]
