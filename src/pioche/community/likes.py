"""Who likes what: giving and taking back, and both lists, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update

from pioche.accounts.access import Action
from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.community.tables import likes
from pioche.errors import NotFound
from pioche.names import RepoId
from pioche.ports.database import Database, Tx
from pioche.repos import store, trending
from pioche.repos.lists import visible_to
from pioche.repos.service.find import require_repo
from pioche.repos.store import select_repos, to_repo
from pioche.repos.tables import repos
from pioche.repos.types import Repo


@dataclass(frozen=True, slots=True)
class Like:
    repo: Repo
    created_at: int


@dataclass(frozen=True, slots=True)
class Liker:
    name: str
    fullname: str


@dataclass(frozen=True, slots=True)
class LikePage:
    """`cursor` continues after the last one; None if there are no more. `total` counts all pages."""

    likes: tuple[Like, ...]
    cursor: int | None
    total: int


class Likes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def give(self, actor: Actor, repo_id: RepoId) -> None:
        """Once for each person; again changes nothing."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
            if not _has(tx, actor, repo.id):
                tx.execute(insert(likes).values(user_id=actor.user_id, repo_id=repo.id, created_at=tx.now))
                _count(tx, repo.id, 1)
                store.set_trending(tx, repo.id, trending.add(repo.trending, trending.LIKED, tx.now))

    def take_back(self, actor: Actor, repo_id: RepoId) -> None:
        """Without a like, nothing changes."""
        with self._database.write() as tx:
            repo = require_repo(tx, actor, repo_id, Action.DISCUSS)
            if (since := _since(tx, actor, repo.id)) is not None:
                score = trending.remove(repo.trending, trending.LIKED, since, repo.created_at)
                store.set_trending(tx, repo.id, score)
                tx.execute(delete(likes).where(likes.c.user_id == actor.user_id, likes.c.repo_id == repo.id))
                _count(tx, repo.id, -1)

    def has(self, actor: Actor, repo: Repo) -> bool:
        """Does the actor like it?"""
        if actor.is_anonymous:
            return False
        with self._database.read() as tx:
            return _has(tx, actor, repo.id)

    def likers(self, actor: Actor, repo_id: RepoId, cursor: int, limit: int) -> tuple[list[Liker], int | None]:
        """Those after `cursor` (0: from the first), and the cursor that continues."""
        with self._database.read() as tx:
            repo = require_repo(tx, actor, repo_id, Action.READ)
            query = select(likes.c.id.label("like_id"), accounts.c.name, accounts.c.fullname).join(
                accounts, accounts.c.id == likes.c.user_id
            )
            rows, after = _page(tx, query.where(likes.c.repo_id == repo.id), cursor, limit)
        return [Liker(row.name, row.fullname) for row in rows], after

    def of(self, actor: Actor, name: str, cursor: int, limit: int) -> LikePage:
        """What a person likes, of what the actor may see."""
        with self._database.read() as tx:
            who = select(accounts.c.id).where(accounts.c.name_lower == name.lower(), accounts.c.kind == "user")
            user_id = tx.execute(who).scalar()
            if user_id is None:
                raise NotFound(f"There is no user '{name[:100]}'.")
            theirs = (likes.c.user_id == user_id, visible_to(actor))
            counted = select(func.count()).select_from(likes.join(repos, repos.c.id == likes.c.repo_id))
            total: int = tx.execute(counted.where(*theirs)).scalar_one()
            query = (
                select_repos()
                .join(likes, likes.c.repo_id == repos.c.id)
                .add_columns(likes.c.id.label("like_id"), likes.c.created_at.label("liked_at"))
            )
            rows, after = _page(tx, query.where(*theirs), cursor, limit)
        return LikePage(tuple(Like(to_repo(row), row.liked_at) for row in rows), after, total)


def _has(tx: Tx, actor: Actor, repo_id: int) -> bool:
    return _since(tx, actor, repo_id) is not None


def _since(tx: Tx, actor: Actor, repo_id: int) -> int | None:
    query = select(likes.c.created_at).where(likes.c.user_id == actor.user_id, likes.c.repo_id == repo_id)
    found = tx.execute(query).scalar()
    return None if found is None else int(found)


def _count(tx: Tx, repo_id: int, change: int) -> None:
    tx.execute(update(repos).where(repos.c.id == repo_id).values(likes=repos.c.likes + change))


def _page(tx: Tx, query: Select[Any], cursor: int, limit: int) -> tuple[Sequence[Row[Any]], int | None]:
    """Newest first. The column `like_id` is the cursor."""
    if cursor:
        query = query.where(likes.c.id < cursor)
    rows = tx.execute(query.order_by(likes.c.id.desc()).limit(limit + 1)).all()
    return rows[:limit], rows[limit - 1].like_id if len(rows) > limit else None
