"""The SQL of who is told: the owner, those who take part, the mentioned, the watchers; of them those who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import json
from sqlalchemy import false, or_, select, true

from pioche.accounts.tables import accounts, group_members, members, users
from pioche.accounts.types import OrgRole
from pioche.community.references import names_in
from pioche.community.tables import comment_versions, discussion_events, discussions
from pioche.notifications.tables import notification_settings, watches
from pioche.notifications.types import REASONS, Reason, Thing, Wishes
from pioche.ports.database import Tx
from pioche.repos.tables import repos

BATCH = 500


@dataclass(frozen=True, slots=True)
class Subject:
    """The discussion and its repository, as far as it matters who is told."""

    repo_id: int
    owner_id: int
    private: bool
    group_id: int | None
    discussion_id: int
    author_id: int | None


def subject(tx: Tx, thing: Thing) -> Subject | None:
    """None if it is gone by now."""
    row = tx.execute(
        select(repos.c.id, repos.c.owner_id, repos.c.private, repos.c.group_id, discussions.c.author_id)
        .join(discussions, discussions.c.repo_id == repos.c.id)
        .where(discussions.c.id == thing.discussion_id)
    ).first()
    if row is None:
        return None
    return Subject(row.id, row.owner_id, row.private, row.group_id, thing.discussion_id, row.author_id)


def text_of(tx: Tx, thing: Thing) -> tuple[int | None, str]:
    """The comment that it is about, or for what was opened the first one, if it is not hidden."""
    row = discussion_events.c
    which = row.id == thing.comment_id if thing.comment_id else row.discussion_id == thing.discussion_id
    if thing.what not in ("opened", "commented", "edited"):
        return None, ""
    query = select(row.id, row.text).where(which, row.kind == "comment", row.hidden == false())
    found = tx.execute(query.order_by(row.id).limit(1)).first()
    return (None, "") if found is None else (found.id, found.text)


def recipients(tx: Tx, thing: Thing, about: Subject, text: str) -> dict[int, Reason]:
    """User id -> why. Never who did it, nor who may not see it, nor who muted it."""
    found: dict[int, set[Reason]] = {}
    if thing.what == "edited":
        return _newly_mentioned(tx, thing, about, text)
    for reason, people in (
        ("mention", _mentioned(tx, text)),
        ("author", [about.author_id] if about.author_id else []),
        ("participating", _participants(tx, about)),
        ("owner", [about.owner_id]),
        ("watching", _watchers(tx, about, "watch")),
    ):
        for person in people:
            found.setdefault(person, set()).add(reason)  # type: ignore[arg-type]
    found.pop(thing.actor_id or 0, None)
    allowed = _allowed(tx, about, found)
    return {person: next(r for r in REASONS if r in found[person]) for person in found if person in allowed}


def _newly_mentioned(tx: Tx, thing: Thing, about: Subject, text: str) -> dict[int, Reason]:
    """Whom an edit calls that no earlier version of the comment called."""
    versions = select(comment_versions.c.text).where(comment_versions.c.event_id == thing.comment_id)
    called = {person for one in tx.execute(versions) for person in _mentioned(tx, one.text)}
    found = [person for person in _mentioned(tx, text) if person not in called and person != thing.actor_id]
    return dict.fromkeys(_allowed(tx, about, found), "mention")


def _allowed(tx: Tx, about: Subject, people: Iterable[int]) -> set[int]:
    muted = _muted(tx, about)
    return _who_may_see(tx, about, [person for person in people if person not in muted])


def wishes(tx: Tx, user_ids: Iterable[int]) -> dict[int, Wishes]:
    """Of those who have changed them."""
    row, found = notification_settings.c, {}
    for batch in _batches(user_ids):
        for one in tx.execute(select(notification_settings).where(row.user_id.in_(batch))):
            found[one.user_id] = Wishes(frozenset(json.decode(one.web)), frozenset(json.decode(one.mail)))
    return found


def _mentioned(tx: Tx, text: str) -> list[int]:
    names = names_in(text)
    query = select(accounts.c.id).where(accounts.c.name_lower.in_(names), accounts.c.kind == "user")
    return [row.id for row in tx.execute(query)] if names else []


def _participants(tx: Tx, about: Subject) -> list[int]:
    row = discussion_events.c
    which = (row.discussion_id == about.discussion_id, row.author_id.is_not(None))
    return [one.author_id for one in tx.execute(select(row.author_id).where(*which).distinct())]


def _watchers(tx: Tx, about: Subject, level: str) -> list[int]:
    row = watches.c
    at = or_(row.discussion_id == about.discussion_id, row.repo_id == about.repo_id, row.account_id == about.owner_id)
    return [one.user_id for one in tx.execute(select(row.user_id).where(at, row.level == level).distinct())]


def _muted(tx: Tx, about: Subject) -> set[int]:
    """For whom the narrowest that they said is to mute."""
    row = watches.c
    said: dict[int, str] = {}
    for column, number in (
        (row.account_id, about.owner_id),
        (row.repo_id, about.repo_id),
        (row.discussion_id, about.discussion_id),
    ):
        said |= {one.user_id: one.level for one in tx.execute(select(row.user_id, row.level).where(column == number))}
    return {person for person, level in said.items() if level == "mute"}


def _who_may_see(tx: Tx, about: Subject, people: list[int]) -> set[int]:
    """As `access.allows(person, Action.READ, repository)` for people without a token; a test compares them."""
    inside = select(members.c.user_id).where(members.c.org_id == about.owner_id)
    if about.group_id is not None:
        grouped = select(group_members.c.user_id).where(group_members.c.group_id == about.group_id)
        inside = inside.where(or_(members.c.role >= int(OrgRole.ADMIN), members.c.user_id.in_(grouped)))
    insider = or_(users.c.id == about.owner_id, users.c.id.in_(inside), users.c.is_admin == true())
    seen = insider if about.private else true()
    found: set[int] = set()
    for batch in _batches(people):
        people_only = users.c.id.in_(select(accounts.c.id).where(accounts.c.kind == "user"))  # nobody reads a program's
        query = select(users.c.id).where(users.c.id.in_(batch), users.c.disabled == false(), seen, people_only)
        found.update(row.id for row in tx.execute(query))
    return found


def _batches(items: Iterable[int]) -> Iterable[list[int]]:
    whole = list(items)
    return [whole[at : at + BATCH] for at in range(0, len(whole), BATCH)]
