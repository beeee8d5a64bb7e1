"""`PaperComments`: what people say about a paper, and what others answer. Who may not see the paper sees none of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.errors import Conflict, Forbidden, InvalidInput, NotFound
from pioche.papers.service import Papers, require_person
from pioche.papers.tables import paper_comments
from pioche.papers.types import Comment, CommentPage
from pioche.ports.database import Database, Tx

MAX_TEXT = 64 * 1024
PAGE = 20
MAX_REPLIES = 200
"""Answers to one comment."""


class PaperComments:
    def __init__(self, database: Database, papers: Papers) -> None:
        self._database = database
        self._papers = papers

    def list(self, actor: Actor, key: str, page: int = 0) -> CommentPage:
        self._papers.find(actor, key)
        row = paper_comments.c
        with self._database.read() as tx:
            total = _count(tx, row.key == key)
            roots = (row.key == key, row.parent_id.is_(None))
            pages = max(1, -(-_count(tx, *roots) // PAGE))
            page = min(page, pages - 1)
            query = _select().where(*roots).order_by(row.id.desc()).offset(page * PAGE).limit(PAGE)
            found = [_comment(one) for one in tx.execute(query)]
            answers = _replies(tx, [one.id for one in found])
        return CommentPage([replace(one, replies=answers.get(one.id, ())) for one in found], total, page, pages)

    def add(self, actor: Actor, key: str, text: str, parent: int | None = None) -> Comment:
        """`parent` is the comment that is answered."""
        user_id = require_person(actor)
        self._papers.find(actor, key)
        if not text.strip() or len(text) > MAX_TEXT:
            raise InvalidInput(f"A comment has 1 to {MAX_TEXT} characters.")
        with self._database.write() as tx:
            root = None if parent is None else _root(tx, key, parent)
            values = {"key": key, "parent_id": root, "author_id": user_id, "text": text, "created_at": tx.now}
            made = tx.execute(insert(paper_comments).values(values).returning(paper_comments.c.id))
            return Comment(made.scalar_one(), actor.name, text, tx.now, author_id=user_id, parent=root)

    def hide(self, actor: Actor, key: str, number: int) -> None:
        """Its author, and admins of the hub. Nobody reads it again; its answers stay."""
        user_id = require_person(actor)
        self._papers.find(actor, key)
        with self._database.write() as tx:
            found = _require(tx, key, number)
            if found.author_id != user_id and not actor.is_admin:
                raise Forbidden("Only its author and the admins of this hub can hide a comment.")
            tx.execute(update(paper_comments).where(paper_comments.c.id == number).values(hidden=True, text=""))


def _root(tx: Tx, key: str, parent: int) -> int:
    found = _require(tx, key, parent)
    root = found.id if found.parent is None else found.parent
    if _count(tx, paper_comments.c.parent_id == root) >= MAX_REPLIES:
        raise Conflict(f"A comment has {MAX_REPLIES} answers at most. Begin a new one.")
    return root


def _require(tx: Tx, key: str, number: int) -> Comment:
    row = tx.execute(_select().where(paper_comments.c.id == number, paper_comments.c.key == key)).first()
    if row is None:
        raise NotFound("There is no such comment here.")
    return _comment(row)


def _replies(tx: Tx, roots: Sequence[int]) -> dict[int, list[Comment]]:
    query = _select().where(paper_comments.c.parent_id.in_(roots)).order_by(paper_comments.c.id)
    found: dict[int, list[Comment]] = {}
    for row in tx.execute(query):
        found.setdefault(row.parent_id, []).append(_comment(row))
    return found


def _count(tx: Tx, *which: Any) -> int:
    return int(tx.execute(select(func.count()).select_from(paper_comments).where(*which)).scalar_one())


def _select() -> Select[Any]:
    return select(paper_comments, accounts.c.name.label("author")).outerjoin(
        accounts, accounts.c.id == paper_comments.c.author_id
    )


def _comment(row: Row[Any]) -> Comment:
    text = "" if row.hidden else row.text
    return Comment(row.id, row.author, text, row.created_at, row.hidden, row.author_id, row.parent_id)
