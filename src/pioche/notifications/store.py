"""The SQL of the inbox: rows made, found for their reader, counted, changed. Visibility is in the queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, insert, or_, select, true, update

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.community.tables import discussions
from pioche.names import RepoId, RepoKind
from pioche.notifications.tables import notifications
from pioche.notifications.types import Chosen, Notice, NoticeFilter, Reason, Thing
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.tables import repos

BATCH = 500
SHOWN_COUNT = 100
"""Beyond this the bell says that there are many."""

_owners = accounts.alias("owners")
_joined = (
    notifications.outerjoin(repos, repos.c.id == notifications.c.repo_id)
    .outerjoin(_owners, _owners.c.id == repos.c.owner_id)
    .outerjoin(discussions, discussions.c.id == notifications.c.discussion_id)
    .outerjoin(accounts, accounts.c.id == notifications.c.actor_id)
)


def tell(tx: Tx, thing: Thing, people: Mapping[int, Reason], comment_id: int | None) -> None:
    """A new row for each, or the one that is there comes to the top again."""
    values: dict[str, Any] = {"what": thing.what, "actor_id": thing.actor_id, "comment_id": comment_id}
    values |= {"unread": True, "done": False, "updated_at": tx.now}
    row = notifications.c
    known: set[int] = set()
    names = list(people)
    for at in range(0, len(names), BATCH):
        which = (row.discussion_id == thing.discussion_id, row.user_id.in_(names[at : at + BATCH]))
        known.update(one.user_id for one in tx.execute(select(row.user_id).where(*which)))
    for reason in set(people.values()):
        mine = [person for person in known if people[person] == reason]
        for at in range(0, len(mine), BATCH):
            which = (row.discussion_id == thing.discussion_id, row.user_id.in_(mine[at : at + BATCH]))
            tx.execute(update(notifications).where(*which).values(**values, reason=reason))
    values |= {"repo_id": thing.repo_id, "discussion_id": thing.discussion_id}
    new = [{**values, "user_id": person, "reason": people[person]} for person in names if person not in known]
    for at in range(0, len(new), BATCH):
        tx.execute(insert(notifications), new[at : at + BATCH])


def tell_follow(tx: Tx, user_id: int, follower_id: int) -> None:
    """Once for each follower, also if they come and go."""
    row = notifications.c
    if tx.execute(select(row.id).where(row.user_id == user_id, row.follower_id == follower_id)).first() is None:
        values = {"user_id": user_id, "follower_id": follower_id, "actor_id": follower_id, "updated_at": tx.now}
        tx.execute(insert(notifications).values(**values, reason="follow", what="followed", unread=True, done=False))


def tell_access(tx: Tx, user_ids: Iterable[int], repo_id: int, values: Mapping[str, Any]) -> None:
    """Of requests to be let in: one row for each person, repository and reason, which comes to the top again."""
    row = notifications.c
    new = {**values, "comment_id": None, "unread": True, "done": False, "updated_at": tx.now}
    for person in user_ids:
        which = (row.user_id == person, row.repo_id == repo_id, row.discussion_id.is_(None))
        told = tx.execute(update(notifications).where(*which, row.reason == values["reason"]).values(**new))
        if not told.rowcount:
            tx.execute(insert(notifications).values(**new, user_id=person, repo_id=repo_id))


def page(tx: Tx, actor: Actor, wanted: NoticeFilter, offset: int, limit: int) -> list[Notice]:
    """Newest first."""
    row = notifications.c
    query = _select().where(*_matching(actor, wanted)).order_by(row.updated_at.desc(), row.id.desc())
    return [_notice(one) for one in tx.execute(query.offset(offset).limit(limit))]


def find(tx: Tx, actor: Actor, number: int) -> Notice | None:
    row = tx.execute(_select().where(_mine(actor), notifications.c.id == number)).first()
    return None if row is None else _notice(row)


def count(tx: Tx, actor: Actor, wanted: NoticeFilter) -> int:
    query = select(func.count()).select_from(_joined).where(*_matching(actor, wanted))
    return int(tx.execute(query).scalar_one())


def unread(tx: Tx, actor: Actor) -> int:
    """At most `SHOWN_COUNT`."""
    first = select(notifications.c.id).select_from(_joined).where(*_matching(actor, NoticeFilter(read="unread")))
    return int(tx.execute(select(func.count()).select_from(first.limit(SHOWN_COUNT).subquery())).scalar_one())


def change(tx: Tx, actor: Actor, chosen: Chosen, values: Mapping[str, Any]) -> None:
    """Of what is the actor's own."""
    row = notifications.c
    which: list[ColumnElement[bool]] = [row.user_id == actor.user_id]
    if chosen.all_of is None:
        which.append(or_(row.id.in_(chosen.ids), row.discussion_id.in_(chosen.discussions)))
    else:
        which.append(row.id.in_(select(row.id).select_from(_joined).where(*_matching(actor, chosen.all_of))))
    tx.execute(update(notifications).where(*which).values(**values))


def discussions_of(tx: Tx, actor: Actor, ids: Sequence[int]) -> list[int]:
    """What these of the actor's own are about."""
    row = notifications.c
    query = select(row.discussion_id).where(row.user_id == actor.user_id, row.id.in_(ids))
    return [one.discussion_id for one in tx.execute(query) if one.discussion_id is not None]


def repos_of(tx: Tx, actor: Actor) -> list[tuple[RepoId, int]]:
    """The repositories in the inbox, with how many notifications each has, most first."""
    columns = (repos.c.kind, _owners.c.name.label("namespace"), repos.c.name)
    query = (
        select(*columns, func.count().label("total"))
        .select_from(_joined)
        .where(*_matching(actor, NoticeFilter()), notifications.c.repo_id.is_not(None))
        .group_by(*columns)
        .order_by(func.count().desc(), repos.c.name)
        .limit(30)
    )
    return [(RepoId(RepoKind(one.kind), one.namespace, one.name), one.total) for one in tx.execute(query)]


def _mine(actor: Actor) -> ColumnElement[bool]:
    """The actor's own, of what they may still see."""
    row = notifications.c
    return and_(row.user_id == actor.user_id, or_(row.repo_id.is_(None), visible_to(actor)))


def _matching(actor: Actor, wanted: NoticeFilter) -> list[ColumnElement[bool]]:
    row = notifications.c
    found = [_mine(actor), row.done == (true() if wanted.done else false())]
    if wanted.read == "unread":
        found.append(row.unread == true())
    if wanted.repo is not None:
        found += [
            repos.c.kind == wanted.repo.kind.value,
            _owners.c.name_lower == wanted.repo.namespace.lower(),
            repos.c.name_lower == wanted.repo.name.lower(),
        ]
    elif wanted.kind:
        found.append(repos.c.kind == wanted.kind)
    if wanted.mention == "mentions":
        found.append(row.reason == "mention")
    if wanted.mention == "participating":
        found.append(row.reason.in_(("mention", "author", "participating")))
    if wanted.until is not None:
        found.append(row.updated_at <= wanted.until)
    return found


def _select() -> Select[Any]:
    item = discussions.c
    return select(
        notifications,
        repos.c.kind.label("repo_kind"),
        repos.c.name.label("repo_name"),
        _owners.c.name.label("namespace"),
        *(item.num, item.title, item.status, item.is_pull_request),
        accounts.c.name.label("actor"),
    ).select_from(_joined)


def _notice(row: Row[Any]) -> Notice:
    notice = (row.id, row.reason, row.what, row.actor, row.unread, row.done, row.updated_at, row.comment_id)
    if row.repo_id is None:
        return Notice(*notice)
    repo_id = RepoId(RepoKind(row.repo_kind), row.namespace, row.repo_name)
    if row.discussion_id is None:
        return Notice(*notice, repo_id)
    about = (row.discussion_id, row.num, row.title, row.status, row.is_pull_request)
    return Notice(*notice, repo_id, *about)
