"""The SQL of papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Row, Select, func, insert, or_, select, update

from pioche.accounts.tables import accounts
from pioche.accounts.types import Actor
from pioche.papers.tables import papers
from pioche.papers.types import Paper, PaperFilter, Told
from pioche.ports.database import Tx
from pioche.repos.lists import visible_to
from pioche.repos.tables import repos

RECENT = 500
"""The latest repositories that are looked at for papers that nobody told of."""


def _select() -> Select[Any]:
    return select(papers, accounts.c.name.label("submitter")).outerjoin(
        accounts, accounts.c.id == papers.c.submitter_id
    )


def find(tx: Tx, key: str) -> Paper | None:
    row = tx.execute(_select().where(papers.c.key == key)).first()
    return None if row is None else _paper(row)


def find_many(tx: Tx, keys: Sequence[str]) -> dict[str, Paper]:
    return {row.key: _paper(row) for row in tx.execute(_select().where(papers.c.key.in_(keys)))}


def told(tx: Tx, wanted: PaperFilter, offset: int, limit: int) -> list[Paper]:
    """Of those that somebody told of, the newest first."""
    query = _select()
    for word in wanted.text.lower().split()[:10]:
        summary = func.lower(papers.c.summary)
        fits = [column.contains(word, autoescape=True) for column in (papers.c.title_lower, papers.c.key, summary)]
        query = query.where(or_(*fits))
    if wanted.since is not None:
        query = query.where(papers.c.submitted_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(papers.c.submitted_at < wanted.until)
    if wanted.submitter:
        query = query.where(accounts.c.name_lower == wanted.submitter.lower())
    query = query.order_by(papers.c.submitted_at.desc(), papers.c.id.desc()).offset(offset).limit(limit)
    return [_paper(row) for row in tx.execute(query)]


def add(tx: Tx, new: Told, submitter_id: int) -> None:
    tx.execute(insert(papers).values(submitter_id=submitter_id, submitted_at=tx.now, **_values(new)))


def change(tx: Tx, new: Told) -> None:
    """What is empty stays as it is."""
    values = {name: value for name, value in _values(new).items() if value not in ("", "[]", None) or name == "key"}
    tx.execute(update(papers).where(papers.c.key == new.key).values(values))


def submitter_of(tx: Tx, key: str) -> int | None:
    found = tx.execute(select(papers.c.submitter_id).where(papers.c.key == key)).scalar()
    return None if found is None else int(found)


# -- what refers to them --


def recent_keys(tx: Tx, actor: Actor) -> list[str]:
    """Numbers in the latest repositories that the actor may see, the most referred to first."""
    query = (
        select(repos.c.tags)
        .where(repos.c.tags.contains('"arxiv:', autoescape=True), visible_to(actor))
        .order_by(repos.c.updated_at.desc())
        .limit(RECENT)
    )
    counts: dict[str, int] = {}
    for row in tx.execute(query):
        for tag in json.decode(row.tags, type=list[str]):
            if tag.startswith("arxiv:"):
                counts[tag[6:]] = counts.get(tag[6:], 0) + 1
    return sorted(counts, key=lambda key: -counts[key])


def _values(new: Told) -> dict[str, Any]:
    return {
        "key": new.key,
        "title": new.title,
        "title_lower": new.title.lower(),
        "summary": new.summary,
        "authors": json.encode(list(new.authors)).decode(),
        "published_at": new.published_at,
        "project_page": new.project_page,
        "github_repo": new.github_repo,
    }


def _paper(row: Row[Any]) -> Paper:
    return Paper(
        row.key,
        row.title,
        row.summary,
        json.decode(row.authors, type=list[str]),
        row.published_at,
        row.project_page,
        row.github_repo,
        row.submitter or "",
        row.submitted_at,
    )
