"""The SQL of discussions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.community.tables import comment_versions, discussion_events, discussions
from pioche.community.types import (
    CommentVersion,
    Discussion,
    DiscussionEvent,
    DiscussionFilter,
    EventKind,
    NewDiscussion,
    Opening,
    Status,
)
from pioche.ports.database import Tx


def next_number(tx: Tx, repo_id: int) -> int:
    highest = tx.execute(select(func.max(discussions.c.num)).where(discussions.c.repo_id == repo_id)).scalar()
    return (highest or 0) + 1


def add(tx: Tx, repo_id: int, num: int, author_id: int | None, new: NewDiscussion, opening: Opening) -> int:
    """The id of the row. A number that is taken breaks a unique constraint."""
    values = {
        "repo_id": repo_id,
        "num": num,
        "title": new.title,
        "author_id": author_id,
        "is_pull_request": new.is_pull_request,
        "status": opening.status,
        "base": opening.base,
        "created_at": tx.now,
    }
    number: int = tx.execute(insert(discussions).values(values).returning(discussions.c.id)).scalar_one()
    return number


def find(tx: Tx, repo_id: int, num: int) -> Discussion | None:
    row = tx.execute(_select().where(discussions.c.repo_id == repo_id, discussions.c.num == num)).first()
    return None if row is None else _discussion(row)


def page(tx: Tx, repo_id: int, wanted: DiscussionFilter, size: int) -> tuple[list[Discussion], int]:
    """(pinned ones, then newest first; how many there are on all pages)."""
    query = _select().where(discussions.c.repo_id == repo_id)
    if wanted.kind:
        query = query.where(discussions.c.is_pull_request == (wanted.kind == "pull_request"))
    if wanted.status:
        statuses = ("open", "draft") if wanted.status == "open" else ("closed", "merged")
        query = query.where(discussions.c.status.in_(statuses))
    if wanted.author:
        query = query.where(accounts.c.name_lower == wanted.author.lower())
    count: int = tx.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    rows = tx.execute(
        query.order_by(discussions.c.pinned.desc(), discussions.c.num.desc()).limit(size).offset(wanted.page * size)
    )
    return [_discussion(row) for row in rows], count


def set_status(tx: Tx, discussion_id: int, status: Status, merge_commit: str | None = None) -> None:
    values = {"status": status, "merge_commit": merge_commit}
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(values))


def set_title(tx: Tx, discussion_id: int, title: str) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(title=title))


def set_pinned(tx: Tx, discussion_id: int, pinned: bool) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(pinned=pinned))


def add_event(tx: Tx, discussion_id: int, kind: EventKind, author_id: int | None, text: str, was: str = "") -> int:
    values = {
        "discussion_id": discussion_id,
        "kind": kind,
        "author_id": author_id,
        "text": text,
        "was": was,
        "created_at": tx.now,
    }
    number: int = tx.execute(insert(discussion_events).values(values).returning(discussion_events.c.id)).scalar_one()
    return number


def events(tx: Tx, discussion_id: int) -> list[DiscussionEvent]:
    """Oldest first."""
    history = _versions(tx, discussion_events.c.discussion_id == discussion_id)
    query = _select_events().where(discussion_events.c.discussion_id == discussion_id).order_by(discussion_events.c.id)
    return [_event(row, history.get(row.id, ())) for row in tx.execute(query)]


def find_comment(tx: Tx, discussion_id: int, event_id: int) -> DiscussionEvent | None:
    query = _select_events().where(
        discussion_events.c.id == event_id,
        discussion_events.c.discussion_id == discussion_id,
        discussion_events.c.kind == "comment",
    )
    row = tx.execute(query).first()
    return None if row is None else _event(row, _versions(tx, discussion_events.c.id == event_id).get(event_id, ()))


def edit_comment(tx: Tx, event_id: int, editor_id: int | None, text: str) -> None:
    """What it said so far goes to its history."""
    event = discussion_events.c
    # An edited comment is by whom edited it last, even once that account is gone.
    writer = case((event.edited_at.is_(None), event.author_id), else_=event.editor_id)
    old = select(event.id, writer, event.text, func.coalesce(event.edited_at, event.created_at)).where(
        event.id == event_id
    )
    tx.execute(insert(comment_versions).from_select(["event_id", "author_id", "text", "written_at"], old))
    values = {"text": text, "edited_at": tx.now, "editor_id": editor_id}
    tx.execute(update(discussion_events).where(event.id == event_id).values(values))


def hide_comment(tx: Tx, event_id: int) -> None:
    tx.execute(update(discussion_events).where(discussion_events.c.id == event_id).values(hidden=True))


def pull_request_author(tx: Tx, repo_id: int, num: int) -> int | None:
    """The account that opened it; None if there is no such pull request, or that account is gone."""
    query = select(discussions.c.author_id).where(
        discussions.c.repo_id == repo_id, discussions.c.num == num, discussions.c.is_pull_request
    )
    author: int | None = tx.execute(query).scalar()
    return author


def _versions(tx: Tx, which: ColumnElement[bool]) -> dict[int, list[CommentVersion]]:
    """By the comment that they are of, oldest first."""
    query = (
        select(comment_versions, accounts.c.name.label("author"))
        .join(discussion_events, discussion_events.c.id == comment_versions.c.event_id)
        .outerjoin(accounts, accounts.c.id == comment_versions.c.author_id)
        .where(which)
        .order_by(comment_versions.c.id)
    )
    found: dict[int, list[CommentVersion]] = {}
    for row in tx.execute(query):
        found.setdefault(row.event_id, []).append(CommentVersion(row.author, row.text, row.written_at))
    return found


def _select_events() -> Select[Any]:
    editors = accounts.alias("editors")
    return (
        select(discussion_events, accounts.c.name.label("author"), editors.c.name.label("editor"))
        .outerjoin(accounts, accounts.c.id == discussion_events.c.author_id)
        .outerjoin(editors, editors.c.id == discussion_events.c.editor_id)
    )


def _event(row: Row[Any], history: Sequence[CommentVersion]) -> DiscussionEvent:
    return DiscussionEvent(
        id=row.id,
        kind=row.kind,
        author=row.author,
        text="" if row.hidden else row.text,
        created_at=row.created_at,
        author_id=row.author_id,
        was=row.was,
        hidden=row.hidden,
        edited_at=row.edited_at,
        editor=row.editor,
        history=() if row.hidden else history,
    )


def _select() -> Select[Any]:
    return select(discussions, accounts.c.name.label("author")).outerjoin(
        accounts, accounts.c.id == discussions.c.author_id
    )


def _discussion(row: Row[Any]) -> Discussion:
    return Discussion(
        id=row.id,
        num=row.num,
        title=row.title,
        author_id=row.author_id,
        author=row.author,
        is_pull_request=row.is_pull_request,
        status=row.status,
        base=row.base,
        merge_commit=row.merge_commit,
        created_at=row.created_at,
        pinned=row.pinned,
    )
