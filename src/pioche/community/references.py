"""What a comment speaks of: `@name` is an account, `#12` a discussion of the same repository."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import select

from pioche.accounts.tables import accounts
from pioche.community.tables import discussions
from pioche.ports.database import Tx
from pioche.repos.types import Repo

MOST = 50
"""Names, and numbers, that one text may speak of; others stay plain text."""
BATCH = 500
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_NAME = re.compile(r"(?<![\w/@.-])@([A-Za-z0-9][\w.-]{0,95})", re.ASCII)
_NUMBER = re.compile(r"(?<![\w/&#])#([1-9][0-9]{0,8})(?!\w)", re.ASCII)


def names_in(text: str) -> list[str]:
    """In lower case, in order, each once. What is in code calls nobody."""
    found = (name.rstrip(".-_").lower() for name in _NAME.findall(_CODE.sub(" ", text)))
    return list(dict.fromkeys(found))[:MOST]


def numbers_in(text: str) -> list[int]:
    return list(dict.fromkeys(int(number) for number in _NUMBER.findall(_CODE.sub(" ", text))))[:MOST]


def resolve(tx: Tx, repo: Repo, texts: Iterable[str]) -> dict[str, str]:
    """`@alice` and `#12` of those that exist -> where they are."""
    names: dict[str, None] = {}
    numbers: dict[int, None] = {}
    for text in texts:
        names |= dict.fromkeys(names_in(text))
        numbers |= dict.fromkeys(numbers_in(text))
    found = {f"@{name.lower()}": f"/{name}" for name in _accounts(tx, list(names))}
    where = f"/{repo.repo_id.path}/discussions"
    return found | {f"#{number}": f"{where}/{number}" for number in _discussions(tx, repo.id, list(numbers))}


def _accounts(tx: Tx, names: list[str]) -> Iterable[str]:
    for at in range(0, len(names), BATCH):
        query = select(accounts.c.name).where(accounts.c.name_lower.in_(names[at : at + BATCH]))
        yield from (row.name for row in tx.execute(query))


def _discussions(tx: Tx, repo_id: int, numbers: list[int]) -> Iterable[int]:
    row = discussions.c
    for at in range(0, len(numbers), BATCH):
        query = select(row.num).where(row.repo_id == repo_id, row.num.in_(numbers[at : at + BATCH]))
        yield from (one.num for one in tx.execute(query))
