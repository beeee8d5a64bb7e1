"""The SQL of discussions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, delete, false, func, insert, select, true, update

from pioche.accounts.tables import accounts
from pioche.community import reaction_store
from pioche.community.tables import comment_versions, discussion_events, discussions, reactions
from pioche.community.types import (
    CommentVersion,
    Discussion,
    DiscussionEvent,
    DiscussionFilter,
    Ends,
    EventKind,
    NewDiscussion,
    Opening,
    Reaction,
    Status,
)
from pioche.errors import RefMoved
from pioche.names import CommitOid
from pioche.ports.database import Tx
from pioche.repos.service.commits import PullRequestFacts
from pioche.repos.tables import repos


def next_number(tx: Tx, repo_id: int) -> int:
    """That of what was deleted is not given again."""
    return int(tx.execute(select(repos.c.last_discussion).where(repos.c.id == repo_id)).scalar_one()) + 1


def add(tx: Tx, repo_id: int, num: int, author_id: int | None, new: NewDiscussion, opening: Opening) -> int:
    """The id of the row. Raises `RefMoved` if the number is not the next one any more."""
    row = repos.c
    free = (row.id == repo_id, row.last_discussion == num - 1)
    if tx.execute(update(repos).where(*free).values(last_discussion=num)).rowcount != 1:
        raise RefMoved(f"Somebody took the number {num} first. Try again.")
    values = {
        "repo_id": repo_id,
        "num": num,
        "title": new.title,
        "author_id": author_id,
        "is_pull_request": new.is_pull_request,
        "status": opening.status,
        "base": opening.base,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    number: int = tx.execute(insert(discussions).values(values).returning(discussions.c.id)).scalar_one()
    return number


def find(tx: Tx, repo_id: int, num: int) -> Discussion | None:
    row = tx.execute(_select().where(discussions.c.repo_id == repo_id, discussions.c.num == num)).first()
    return None if row is None else _discussion(row)


def page(tx: Tx, repo_id: int, wanted: DiscussionFilter, size: int) -> tuple[list[Discussion], int]:
    """(pinned ones, then as it is sorted; how many there are on all pages)."""
    query = _select().where(discussions.c.repo_id == repo_id)
    if wanted.kind:
        query = query.where(discussions.c.is_pull_request == (wanted.kind == "pull_request"))
    if wanted.status:
        statuses = ("open", "draft") if wanted.status == "open" else ("closed", "merged")
        query = query.where(discussions.c.status.in_(statuses))
    if wanted.author:
        query = query.where(accounts.c.name_lower == wanted.author.lower())
    if wanted.search:
        query = query.where(discussions.c.title.icontains(wanted.search, autoescape=True))
    count: int = tx.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    order = (discussions.c.pinned.desc(), *_sorted(wanted), discussions.c.num.desc())
    rows = tx.execute(query.order_by(*order).limit(size).offset(wanted.page * size))
    return _with_reactions(tx, [_discussion(row) for row in rows]), count


def _sorted(wanted: DiscussionFilter) -> Sequence[ColumnElement[Any]]:
    """What trends is what was spoken in last."""
    match wanted.sort:
        case "recently-created":
            return ()
        case "trending":
            return (discussions.c.updated_at.desc(),)
        case "reactions":
            of_it = reactions.c.discussion_id == discussions.c.id
            return (select(func.count()).where(of_it).correlate(discussions).scalar_subquery().desc(),)


def _with_reactions(tx: Tx, found: list[Discussion]) -> list[Discussion]:
    ids = [one.id for one in found]
    top, users = reaction_store.top(tx, ids), reaction_store.users(tx, ids)
    return [replace(one, top_reactions=top.get(one.id, ()), reaction_users=users.get(one.id, 0)) for one in found]


def delete_discussion(tx: Tx, discussion_id: int) -> None:
    """With all that hangs on it."""
    tx.execute(delete(discussions).where(discussions.c.id == discussion_id))


def set_status(tx: Tx, discussion_id: int, status: Status) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(status=status))


def set_merged(tx: Tx, discussion_id: int, merge_commit: CommitOid, ends: Ends) -> None:
    values = {"status": "merged", "merge_commit": merge_commit, "merged_head": ends.new, "merged_base": ends.old}
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(values))


def set_title(tx: Tx, discussion_id: int, title: str) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(title=title))


def set_pinned(tx: Tx, discussion_id: int, pinned: bool) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(pinned=pinned))


def set_locked(tx: Tx, discussion_id: int, locked: bool) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(locked=locked))


def set_ref_deleted(tx: Tx, discussion_id: int) -> None:
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(ref_deleted=True))


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
    grown = {"comments": discussions.c.comments + 1} if kind == "comment" else {}
    tx.execute(update(discussions).where(discussions.c.id == discussion_id).values(updated_at=tx.now, **grown))
    return number


def refer(tx: Tx, repo_id: int, num: int, numbers: Sequence[int], author_id: int | None) -> None:
    """Discussion `num` speaks of these others of its repository: each shows that, once."""
    row, event = discussions.c, discussion_events.c
    about = select(row.id).where(row.repo_id == repo_id, row.num.in_(numbers), row.num != num)
    told = select(event.discussion_id).where(
        event.discussion_id.in_(about), event.kind == "reference", event.text == str(num)
    )
    common = {"kind": "reference", "author_id": author_id, "text": str(num), "created_at": tx.now}
    new = [{**common, "discussion_id": one.id} for one in tx.execute(about.where(row.id.not_in(told)))]
    if new:
        tx.execute(insert(discussion_events), new)


def events(
    tx: Tx, discussion_id: int, page: tuple[int, int] | None = None, reader: int | None = None
) -> list[DiscussionEvent]:
    """Oldest first; `page` is how many to leave out and how many to read. `reader` finds their own reactions."""
    query = _select_events().where(discussion_events.c.discussion_id == discussion_id).order_by(discussion_events.c.id)
    if page is not None:
        query = query.offset(page[0]).limit(page[1])
    rows = tx.execute(query).all()
    if not rows:
        return []
    first, last = rows[0].id, rows[-1].id
    here = (discussion_events.c.discussion_id == discussion_id) & discussion_events.c.id.between(first, last)
    history = _versions(tx, here)
    reacted = reaction_store.of_events(tx, discussion_id, first, last, reader)
    return [_event(row, history.get(row.id, ()), reacted.get(row.id, ())) for row in rows]


def count_events(tx: Tx, discussion_id: int, before: int | None = None) -> int:
    """All of them, or those older than this one."""
    row = discussion_events.c
    query = select(func.count()).where(row.discussion_id == discussion_id)
    return int(tx.execute(query if before is None else query.where(row.id < before)).scalar_one())


def find_comment(tx: Tx, discussion_id: int, event_id: int) -> DiscussionEvent | None:
    query = _select_events().where(
        discussion_events.c.id == event_id,
        discussion_events.c.discussion_id == discussion_id,
        discussion_events.c.kind == "comment",
    )
    row = tx.execute(query).first()
    if row is None:
        return None
    reacted = reaction_store.of_events(tx, discussion_id, event_id, event_id, None)
    return _event(row, _versions(tx, discussion_events.c.id == event_id).get(event_id, ()), reacted.get(event_id, ()))


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
    reaction_store.remove_all(tx, event_id)
    tx.execute(update(discussion_events).where(discussion_events.c.id == event_id).values(hidden=True))


def pull_request_facts(tx: Tx, repo_id: int, num: int) -> PullRequestFacts | None:
    """None if there is no such pull request, or its ref is gone."""
    row = discussions.c
    query = select(row.author_id, row.status, row.locked).where(
        row.repo_id == repo_id, row.num == num, row.is_pull_request == true(), row.ref_deleted == false()
    )
    found = tx.execute(query).first()
    if found is None:
        return None
    return PullRequestFacts(found.author_id, found.status in ("closed", "merged"), bool(found.locked))


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


def _event(row: Row[Any], history: Sequence[CommentVersion], reacted: Sequence[Reaction]) -> DiscussionEvent:
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
        reactions=reacted,
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
        merged=Ends(row.merged_base, row.merged_head) if row.merged_head else None,
        created_at=row.created_at,
        pinned=row.pinned,
        locked=row.locked,
        comments=row.comments,
        ref_deleted=row.ref_deleted,
    )
