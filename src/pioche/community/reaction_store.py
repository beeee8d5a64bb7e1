"""The SQL of reactions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, insert, select

from pioche.accounts.tables import accounts
from pioche.community.tables import reactions
from pioche.community.types import EMOJIS, Reaction
from pioche.ports.database import Tx

NAMED = 100
"""People who are named for one reaction to one comment; all are counted."""
TOP = 3


def add(tx: Tx, discussion_id: int, event_id: int, user_id: int, emoji: str) -> None:
    """Again changes nothing."""
    if tx.execute(select(reactions.c.id).where(*_which(event_id, user_id, emoji))).first() is None:
        values = {"discussion_id": discussion_id, "event_id": event_id, "user_id": user_id, "emoji": emoji}
        tx.execute(insert(reactions).values(**values, created_at=tx.now))


def remove(tx: Tx, event_id: int, user_id: int, emoji: str) -> None:
    tx.execute(delete(reactions).where(*_which(event_id, user_id, emoji)))


def remove_all(tx: Tx, event_id: int) -> None:
    tx.execute(delete(reactions).where(reactions.c.event_id == event_id))


def of_events(tx: Tx, discussion_id: int, first: int, last: int, reader: int | None) -> dict[int, list[Reaction]]:
    """Of the comments with these ids and between them, in the order of `EMOJIS`. `reader` finds their own."""
    row = reactions.c
    group = {"partition_by": (row.event_id, row.emoji)}
    ranked = (
        select(
            *(row.event_id, row.emoji, row.user_id),
            func.row_number().over(**group, order_by=row.id).label("rank"),  # type: ignore[arg-type]
            func.count().over(**group).label("total"),  # type: ignore[arg-type]
        )
        .where(row.discussion_id == discussion_id, row.event_id.between(first, last))
        .subquery()
    )
    shown = (ranked.c.rank <= NAMED) if reader is None else (ranked.c.rank <= NAMED) | (ranked.c.user_id == reader)
    query = (
        select(ranked, accounts.c.name)
        .join(accounts, accounts.c.id == ranked.c.user_id)
        .where(shown)
        .order_by(ranked.c.event_id, ranked.c.rank)
    )
    found: dict[int, dict[str, Reaction]] = {}
    for one in tx.execute(query):
        of_comment = found.setdefault(one.event_id, {})
        before = of_comment.get(one.emoji, Reaction(one.emoji, (), one.total))
        mine = before.mine or one.user_id == reader
        of_comment[one.emoji] = Reaction(one.emoji, (*before.users, one.name), one.total, mine)
    return {event: sorted(of_comment.values(), key=_place) for event, of_comment in found.items()}


def top(tx: Tx, discussion_ids: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    """Of each discussion the emojis that were given most often, with how often."""
    row = reactions.c
    query = (
        select(row.discussion_id, row.emoji, func.count().label("total"))
        .where(row.discussion_id.in_(discussion_ids))
        .group_by(row.discussion_id, row.emoji)
        .order_by(func.count().desc(), func.min(row.id))
    )
    found: dict[int, list[tuple[str, int]]] = {}
    for one in tx.execute(query):
        found.setdefault(one.discussion_id, []).append((one.emoji, one.total))
    return {number: emojis[:TOP] for number, emojis in found.items()}


def users(tx: Tx, discussion_ids: Sequence[int]) -> dict[int, int]:
    """How many people reacted to something in each."""
    row = reactions.c
    query = (
        select(row.discussion_id, func.count(row.user_id.distinct()).label("total"))
        .where(row.discussion_id.in_(discussion_ids))
        .group_by(row.discussion_id)
    )
    return {one.discussion_id: one.total for one in tx.execute(query)}


def _which(event_id: int, user_id: int, emoji: str) -> tuple[ColumnElement[bool], ...]:
    return reactions.c.event_id == event_id, reactions.c.user_id == user_id, reactions.c.emoji == emoji


def _place(reaction: Reaction) -> int:
    return EMOJIS.index(reaction.emoji)
