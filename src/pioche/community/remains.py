"""What is left of a pull request whose ref was deleted: the text of its changes, and which commits they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import insert, select

from pioche.community.ends import ends_of
from pioche.community.tables import pull_request_remains
from pioche.community.types import Discussion, DiscussionEvent
from pioche.names import CommitOid
from pioche.ports.database import Tx
from pioche.ports.gitstore import GitRepo

MAX_COMMITS = 100
MAX_PATCH = 1024 * 1024
"""Bytes of the diff that are kept."""


class Commit(msgspec.Struct):
    oid: str
    title: str
    author: str
    date: int


@dataclass(frozen=True, slots=True)
class Remains:
    head: str
    commits: Sequence[Commit]
    patch: str


def read(git: GitRepo, discussion: Discussion, head: CommitOid) -> Remains:
    """What it shows now."""
    ends = ends_of(git, discussion)
    if ends is None:
        return Remains(head, (), "")
    infos = reversed(git.history(ends.new, limit=MAX_COMMITS, without=ends.old))
    commits = [Commit(info.oid, info.title, info.author_name, info.date_ms) for info in infos]
    patch = git.patch(ends.old, ends.new, limit=MAX_PATCH)
    return Remains(head, commits, patch.decode(errors="replace").replace("\0", "\ufffd"))


def keep(tx: Tx, discussion_id: int, left: Remains) -> None:
    commits = msgspec.json.encode(left.commits).decode()
    values = {"discussion_id": discussion_id, "head": left.head, "commits": commits, "patch": left.patch}
    tx.execute(insert(pull_request_remains).values(values))


def find(tx: Tx, discussion_id: int) -> Remains | None:
    row = tx.execute(select(pull_request_remains).where(pull_request_remains.c.discussion_id == discussion_id)).first()
    if row is None:
        return None
    return Remains(row.head, msgspec.json.decode(row.commits, type=list[Commit]), row.patch)


def commit_events(left: Remains) -> list[DiscussionEvent]:
    return [DiscussionEvent(0, "commit", one.author, one.title, one.date, one.oid) for one in left.commits]
