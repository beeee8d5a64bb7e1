"""What is indexed, out of the tables and the card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, func, select

from pioche.accounts.tables import accounts
from pioche.errors import HubError
from pioche.names import CommitOid, RepoKind
from pioche.ports.database import Tx
from pioche.ports.gitstore import GitRepo, GitStore
from pioche.protocols.card import split_front_matter, texts
from pioche.repos import ranks
from pioche.repos.lists import pieces
from pioche.repos.tables import repos
from pioche.search.store import Indexed
from pioche.search.terms import MAX_TEXT, Document

READ_BYTES = 64 * 1024


class _Card(msgspec.Struct):
    models: Any = None
    datasets: Any = None
    title: Any = None
    pretty_name: Any = None
    short_description: Any = None


def rows(tx: Tx, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """Repositories as the tables have them now."""
    query = select(repos, accounts.c.name.label("namespace")).join(accounts, accounts.c.id == repos.c.owner_id)
    return {row.id: row for some in pieces(numbers) for row in tx.execute(query.where(repos.c.id.in_(some)))}


def numbers(tx: Tx, first: int, end: int) -> list[int]:
    """Ids of repositories in a range."""
    query = select(repos.c.id).where(repos.c.id >= first, repos.c.id < end).order_by(repos.c.id)
    return [row.id for row in tx.execute(query)]


def last(tx: Tx) -> int:
    """The highest id of a repository; -1 without any."""
    found = tx.execute(select(func.max(repos.c.id))).scalar()
    return -1 if found is None else int(found)


def of_row(row: Row[Any], text: str) -> Indexed:
    """`text` is what the card says."""
    card = msgspec.json.decode(row.card, type=_Card)
    document = Document(
        kind=row.kind,
        owner_id=row.owner_id,
        created_by=row.created_by,
        namespace=row.namespace,
        name=row.name,
        private=bool(row.private),
        gated=bool(row.gated),
        tags=msgspec.json.decode(row.tags, type=tuple[str, ...]),
        pipeline_tag=row.pipeline_tag,
        library=row.library,
        parameters=row.parameter_count,
        uses=(*texts(card.models), *texts(card.datasets)),
        title="\n".join((*texts(card.title), *texts(card.pretty_name), *texts(card.short_description))),
        text=text,
        group_id=row.group_id,
    )
    return Indexed(document, steps_of(row))


def steps_of(row: Row[Any]) -> tuple[int, ...]:
    return ranks.steps(
        {
            "trendingScore": row.trending,
            "lastModified": row.updated_at,
            "createdAt": row.created_at,
            "likes": row.likes,
            "downloads": row.downloads,
        }
    )


def text_of(gitstore: GitStore, row: Row[Any]) -> str:
    """Of the card, and of a Space's program; empty where there is none. Reads git, so outside of transactions."""
    if row.head is None:
        return ""
    head = CommitOid(row.head)
    try:
        git = gitstore.open(row.id)
        said = [split_front_matter(_read(git, head, "README.md"))[1]]
        if row.kind == RepoKind.SPACE.value and not row.gated:
            said.append(_read(git, head, "app.py"))
    except HubError:
        return ""  # deleted meanwhile, or damaged, which is not for search to say
    return "\n".join(plain(text) for text in said if text)[:MAX_TEXT]


def _read(git: GitRepo, head: CommitOid, path: str) -> str:
    try:
        node = git.entry(head, path)
    except HubError:
        return ""
    if node.kind != "file" or node.pointer is not None:
        return ""
    return git.read(node.oid, READ_BYTES).decode(errors="replace")


def plain(text: str) -> str:
    """Without what would make a snippet hard to read: empty lines, signs of Markdown at the beginning of lines."""
    return "\n".join(_lines(text))


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\0", "").splitlines():
        if cleaned := line.strip().lstrip("#>*-|`=~+ ").strip():
            yield cleaned
